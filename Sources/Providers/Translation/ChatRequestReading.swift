// Reads a chat.completions body into a `ChatRequest`: every member is understood, known to be a hint, or refused by name.

extension ChatRequest {
  init(_ body: JSONTree) throws(TranslationError) {
    guard let members = body.members else { throw TranslationError("", "the body is not a JSON object") }
    for member in members where member.value != .null {
      try read(member.name, member.value)
    }
    // The newer name wins, as with OpenAI.
    if let limit = body.present("max_completion_tokens") {
      maximumTokens = try Self.integer(limit, "max_completion_tokens", in: 1...Int.max)
    }
    guard messages.contains(where: { if case .system = $0 { false } else { true } }) else {
      throw TranslationError("messages", "there is no message besides system messages")
    }
  }

  private mutating func read(_ name: String, _ value: JSONTree) throws(TranslationError) {
    switch name {
    // The gateway itself decides these two, and the target names its model.
    case "model", "stream", "stream_options", "max_completion_tokens": break
    // Hints: about storage, caching, attribution, billing, style and speed. They change no promise about the answer.
    case "user", "store", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options",
      "service_tier", "verbosity", "prediction":
      break
    case "messages":
      guard let elements = value.elements else { throw TranslationError(name, "is not an array") }
      for (index, element) in elements.enumerated() {
        if let message = try Message(element, path: "messages[\(index)]") { messages.append(message) }
      }
    case "tools":
      guard let elements = value.elements else { throw TranslationError(name, "is not an array") }
      for (index, element) in elements.enumerated() { tools.append(try Tool(element, path: "tools[\(index)]")) }
    case "tool_choice": toolChoice = try Self.toolChoice(value)
    case "parallel_tool_calls": allowsParallelToolCalls = try Self.boolean(value, name)
    case "temperature": temperature = try Self.number(value, name, in: 0...2)
    case "top_p": topP = try Self.number(value, name, in: 0...1)
    // Not OpenAI's, but many servers' and clients' extension, and both vendors have it.
    case "top_k": topK = try Self.number(value, name, in: 0...1_000_000)
    case "stop": stop = try Self.stop(value)
    case "max_tokens": maximumTokens = try Self.integer(value, name, in: 1...Int.max)
    case "n": answerCount = try Self.integer(value, name, in: 1...128)
    // A seed is best effort with OpenAI too; one that does not fit is dropped by the target.
    case "seed": seed = value.integer
    case "presence_penalty": presencePenalty = try Self.number(value, name, in: -2...2)
    case "frequency_penalty": frequencyPenalty = try Self.number(value, name, in: -2...2)
    case "response_format": responseFormat = try Self.responseFormat(value)
    case "reasoning_effort": reasoningEffort = value.text.flatMap(ReasoningEffort.init(rawValue:))
    case "metadata": metadata = (value.members ?? []).compactMap { member in member.value.text.map { (member.name, $0) } }
    case "modalities":
      guard value.elements?.allSatisfy({ $0 == "text" }) == true else {
        throw TranslationError(name, "only text answers can be translated")
      }
    // The client reads these in the answer, so that leaving them out would break it.
    case "logprobs":
      if try Self.boolean(value, name) { throw TranslationError(name, "log probabilities cannot be translated") }
    case "top_logprobs":
      if value.integer != 0 { throw TranslationError(name, "log probabilities cannot be translated") }
    case "logit_bias":
      if value.members?.isEmpty != true { throw TranslationError(name, "token numbers mean nothing to another vendor's model") }
    case "functions", "function_call":
      throw TranslationError(name, "the deprecated function members are not translated; use tools and tool_choice")
    default: throw TranslationError(name, "is not known to have a counterpart with another vendor")
    }
  }

  private static func toolChoice(_ value: JSONTree) throws(TranslationError) -> ToolChoice {
    switch value.text {
    case "auto": return .auto
    case "none": return .none
    case "required": return .required
    case let other?: throw TranslationError("tool_choice", "\"\(other)\" is not one of auto, none, required")
    case nil: break
    }
    guard value["type"] == "function", let name = value["function"]?["name"]?.text else {
      throw TranslationError("tool_choice", "only a mode or a named function can be translated")
    }
    return .named(name)
  }

  private static func stop(_ value: JSONTree) throws(TranslationError) -> [String] {
    if let text = value.text { return [text] }
    guard let elements = value.elements else { throw TranslationError("stop", "is neither a string nor an array") }
    var result: [String] = []
    for (index, element) in elements.enumerated() {
      guard let text = element.text else { throw TranslationError("stop[\(index)]", "is not a string") }
      result.append(text)
    }
    return result
  }

  private static func responseFormat(_ value: JSONTree) throws(TranslationError) -> ResponseFormat {
    switch value["type"]?.text {
    case "text": return .text
    case "json_object": return .object
    case "json_schema":
      guard let definition = value["json_schema"], definition.members != nil else {
        throw TranslationError("response_format.json_schema", "is missing")
      }
      return .schema(definition.present("schema"))
    default: throw TranslationError("response_format.type", "only text, json_object and json_schema can be translated")
    }
  }

  static func boolean(_ value: JSONTree, _ path: String) throws(TranslationError) -> Bool {
    guard let boolean = value.boolean else { throw TranslationError(path, "is neither true nor false") }
    return boolean
  }

  static func number(
    _ value: JSONTree, _ path: String, in range: ClosedRange<Double>
  ) throws(TranslationError) -> Number {
    guard let double = value.double, range.contains(double) else {
      throw TranslationError(path, "is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return Number(value: double, source: value)
  }

  static func integer(_ value: JSONTree, _ path: String, in range: ClosedRange<Int>) throws(TranslationError) -> Int {
    guard let integer = value.integer, range.contains(integer) else {
      let bound = range.upperBound == .max ? "" : " and at most \(range.upperBound)"
      throw TranslationError(path, "is not a whole number of at least \(range.lowerBound)\(bound)")
    }
    return integer
  }
}
