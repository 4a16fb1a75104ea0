// Builds a generateContent body (Gemini API and Vertex AI) from a chat request. Source: ai.google.dev/api/generate-content.

struct RequestToGoogle {
  let request: ChatRequest
  let model: String
  let isVertex: Bool

  private var version: ModelVersion? { ModelVersion(model, family: "gemini") }

  func body() throws(TranslationError) -> JSONTree {
    var members: [JSONTree.Member] = []
    members.append(.init("contents", .array(try contents())))
    let system = request.messages.compactMap { if case .system(let text) = $0 { text } else { nil } }
    if !system.isEmpty {
      members.append(.init("systemInstruction", ["parts": .array(system.map { ["text": .string($0)] })]))
    }
    if !request.tools.isEmpty {
      var declarations: [JSONTree] = []
      for tool in request.tools { declarations.append(try declaration(tool)) }
      members.append(.init("tools", [["functionDeclarations": .array(declarations)]]))
      if !request.allowsParallelToolCalls {
        throw TranslationError("parallel_tool_calls", "Google cannot be held to one function call in a turn")
      }
    }
    if let choice = request.toolChoice, !request.tools.isEmpty {
      members.append(.init("toolConfig", ["functionCallingConfig": Self.mode(choice)]))
    }
    let configuration = try generationConfiguration()
    if !configuration.isEmpty { members.append(.init("generationConfig", .object(configuration))) }
    let labels = isVertex ? Self.labels(request.metadata) : []
    if !labels.isEmpty { members.append(.init("labels", .object(labels))) }
    return .object(members)
  }

  // MARK: Contents

  private func contents() throws(TranslationError) -> [JSONTree] {
    var contents: [(role: String, isResponse: Bool, parts: [JSONTree])] = []
    var calls: [ChatRequest.ToolCall] = []
    var responses: [(position: Int, part: JSONTree)] = []
    // Google matches responses of one turn to its calls by name and order, and wants a turn that holds nothing else.
    func flush() {
      guard !responses.isEmpty else { return }
      contents.append(("user", true, responses.sorted { $0.position < $1.position }.map(\.part)))
      responses = []
    }
    func append(_ role: String, _ parts: [JSONTree]) {
      flush()
      if let last = contents.last, last.role == role, !last.isResponse {
        contents[contents.count - 1].parts += parts
      } else {
        contents.append((role, false, parts))
      }
    }
    for message in request.messages {
      switch message {
      case .system: continue
      case .user(let parts):
        var translated: [JSONTree] = []
        for part in parts { translated.append(try self.part(part)) }
        append("user", translated)
      case .assistant(let text, let turn):
        if !responses.isEmpty || contents.last?.role == "user" { calls = [] }
        append("model", text.map { ["text": .string($0)] } + functionCalls(turn))
        calls += turn
      case .tool(let id, let content, let path):
        guard let position = calls.firstIndex(where: { $0.id == id }) else {
          throw TranslationError("\(path).tool_call_id", "\"\(id)\" is no call of the assistant message before it")
        }
        responses.append((position, try functionResponse(calls[position].name, content)))
      }
    }
    flush()
    return contents.map { ["role": .string($0.role), "parts": .array($0.parts)] }
  }

  private func part(_ part: ChatRequest.Part) throws(TranslationError) -> JSONTree {
    switch part.content {
    case .text(let text): return ["text": .string(text)]
    case .inline(let mediaType, let base64, _, _):
      return ["inlineData": ["mimeType": .string(mediaType), "data": .string(base64)]]
    case .audio(let format, let base64):
      return ["inlineData": ["mimeType": .string("audio/\(format)"), "data": .string(base64)]]
    case .imageURL(let url):
      guard let mediaType = Self.imageType(url) else {
        throw TranslationError(
          "\(part.path).image_url.url", "Google must be told the image's type, and the address does not end in one it knows")
      }
      return ["fileData": ["mimeType": .string(mediaType), "fileUri": .string(url)]]
    }
  }

  private static func imageType(_ url: String) -> String? {
    let path = url.prefix { $0 != "?" && $0 != "#" }.lowercased()
    let types = [
      ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".heic": "image/heic",
      ".heif": "image/heif", ".gif": "image/gif",
    ]
    return types.first { path.hasSuffix($0.key) }?.value
  }

  private func functionCalls(_ calls: [ChatRequest.ToolCall]) -> [JSONTree] {
    // Gemini 3 refuses a turn of calls whose first call lacks its signature. A conversation that another vendor led has
    // none; this is the value Google documents for it (ai.google.dev/gemini-api/docs/thought-signatures).
    let isDemanded = version.map { $0 >= ModelVersion(3, 0) } ?? false
    return calls.enumerated().map { index, call in
      var members: [JSONTree.Member] = [
        .init("functionCall", ["name": .string(call.name), "args": call.arguments])
      ]
      if let signature = call.thoughtSignature ?? (isDemanded && index == 0 ? "skip_thought_signature_validator" : nil) {
        members.append(.init("thoughtSignature", .string(signature)))
      }
      return .object(members)
    }
  }

  /// Google wants an object, and reads one without `output` and `error` as the output itself.
  private func functionResponse(_ name: String, _ content: [ChatRequest.Part]) throws(TranslationError) -> JSONTree {
    var text = ""
    for part in content {
      guard case .text(let piece) = part.content else {
        throw TranslationError(part.path, "only text can be translated in a tool's result for Google")
      }
      text += piece
    }
    var response: JSONTree = ["output": .string(text)]
    if text.utf8.first == UInt8(ascii: "{"), let object = JSONTree(parsing: text), object.survivesDoubles { response = object }
    return ["functionResponse": ["name": .string(name), "response": response]]
  }

  // MARK: Tools and configuration

  private func declaration(_ tool: ChatRequest.Tool) throws(TranslationError) -> JSONTree {
    guard let first = tool.name.unicodeScalars.first, first == "_" || first.properties.isAlphabetic else {
      throw TranslationError("\(tool.path).function.name", "Google wants a letter or an underscore first")
    }
    var members: [JSONTree.Member] = [.init("name", .string(tool.name))]
    if let description = tool.description { members.append(.init("description", .string(description))) }
    if let parameters = GoogleSchema.parameters(tool.parameters) { members.append(.init("parametersJsonSchema", parameters)) }
    return .object(members)
  }

  private static func mode(_ choice: ChatRequest.ToolChoice) -> JSONTree {
    switch choice {
    case .auto: ["mode": "AUTO"]
    case .none: ["mode": "NONE"]
    case .required: ["mode": "ANY"]
    case .named(let name): ["mode": "ANY", "allowedFunctionNames": [.string(name)]]
    }
  }

  private func generationConfiguration() throws(TranslationError) -> [JSONTree.Member] {
    var members: [JSONTree.Member] = []
    func add(_ name: String, _ value: JSONTree?) {
      if let value { members.append(.init(name, value)) }
    }
    add("temperature", request.temperature?.source)
    add("topP", request.topP?.source)
    add("topK", request.topK?.source)
    if request.stop.count > 5 { throw TranslationError("stop", "Google takes at most 5 stop sequences") }
    if !request.stop.isEmpty { add("stopSequences", .array(request.stop.map(JSONTree.string))) }
    add("maxOutputTokens", request.maximumTokens.map(JSONTree.integer))
    if let count = request.answerCount, count > 1 {
      guard count <= 8 else { throw TranslationError("n", "Google gives at most 8 answers") }
      add("candidateCount", .integer(count))
    }
    // Google's is 32 bits wide.
    add("seed", request.seed.flatMap(Int32.init(exactly:)).map(JSONTree.integer))
    if let penalty = request.presencePenalty, penalty.value != 0 { add("presencePenalty", penalty.source) }
    if let penalty = request.frequencyPenalty, penalty.value != 0 { add("frequencyPenalty", penalty.source) }
    if request.responseFormat != .text {
      if !request.tools.isEmpty, let version, version < ModelVersion(3, 0) {
        throw TranslationError("response_format", "Gemini before 3 gives JSON answers or function calls, not both")
      }
      add("responseMimeType", "application/json")
      if case .schema(let schema?) = request.responseFormat { add("responseJsonSchema", GoogleSchema.fit(schema)) }
    }
    add("thinkingConfig", request.reasoningEffort.flatMap(thinking))
    return members
  }

  /// As Google's own OpenAI endpoint maps it (ai.google.dev/gemini-api/docs/openai); models before 2.5 do not think, and a
  /// name without a version is not guessed at.
  private func thinking(_ effort: ReasoningEffort) -> JSONTree? {
    guard let version, version >= ModelVersion(2, 5) else { return nil }
    let isPro = model.contains("pro")
    if version < ModelVersion(3, 0) {
      let budget =
        switch effort {
        // Pro cannot stop thinking; this is its least.
        case .none: isPro ? 128 : 0
        case .minimal, .low: 1024
        case .medium: 8192
        case .high, .xhigh: 24576
        }
      return ["thinkingBudget": .integer(budget)]
    }
    let level =
      switch effort {
      case .none, .minimal: isPro ? "LOW" : "MINIMAL"
      case .low: "LOW"
      // Gemini 3.0 Pro has two levels.
      case .medium: isPro && version == ModelVersion(3, 0) ? "HIGH" : "MEDIUM"
      case .high, .xhigh: "HIGH"
      }
    return ["thinkingLevel": .string(level)]
  }

  /// Vertex AI attributes cost by labels: lower case letters, digits, `-` and `_`, 63 characters, 64 labels. Metadata that
  /// does not fit is left out rather than changed into something nobody looks for.
  private static func labels(_ metadata: [(name: String, value: String)]) -> [JSONTree.Member] {
    func fits(_ text: String) -> Bool {
      text.utf8.count <= 63
        && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
    }
    let fitting = metadata.filter { name, value in
      fits(name) && fits(value) && name.utf8.first.map { (97...122).contains($0) } == true
    }
    return fitting.prefix(64).map { .init($0.name, .string($0.value)) }
  }
}
