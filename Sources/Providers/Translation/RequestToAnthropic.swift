// Builds a Messages body (Anthropic, and Anthropic on Vertex AI) from a chat request. Source: docs.anthropic.com/en/api/messages.

struct RequestToAnthropic {
  let request: ChatRequest
  let model: String
  let isVertex: Bool

  /// Anthropic demands a limit and OpenAI does not: what a client gets that did not say.
  static let defaultMaximumTokens = 4096

  private var version: ModelVersion? { ModelVersion(model, family: "claude") }
  private var maximumTokens: Int { request.maximumTokens ?? Self.defaultMaximumTokens }

  func body(streams: Bool) throws(TranslationError) -> JSONTree {
    try refuse()
    var members: [JSONTree.Member] = []
    func add(_ name: String, _ value: JSONTree?) {
      if let value { members.append(.init(name, value)) }
    }
    if isVertex { add("anthropic_version", "vertex-2023-10-16") } else { add("model", .string(model)) }
    add("max_tokens", .integer(maximumTokens))
    let system = request.messages.compactMap { if case .system(let text) = $0 { text } else { nil } }
    // The one place there is: instructions from the middle of a conversation move to its front.
    if !system.isEmpty { add("system", .array(system.map { ["type": "text", "text": .string($0)] })) }
    add("messages", .array(try messages()))
    if !request.tools.isEmpty { add("tools", .array(request.tools.map(Self.tool))) }
    add("tool_choice", toolChoice())
    if !request.stop.isEmpty { add("stop_sequences", .array(request.stop.map(JSONTree.string))) }
    members += sampling()
    members += thinking()
    if streams { add("stream", true) }
    return .object(members)
  }

  private func refuse() throws(TranslationError) {
    if let count = request.answerCount, count > 1 { throw TranslationError("n", "Anthropic gives one answer") }
    if request.responseFormat != .text {
      throw TranslationError("response_format", "Anthropic's Messages has no counterpart that holds on every model")
    }
    if let penalty = request.presencePenalty, penalty.value != 0 {
      throw TranslationError("presence_penalty", "Anthropic has none")
    }
    if let penalty = request.frequencyPenalty, penalty.value != 0 {
      throw TranslationError("frequency_penalty", "Anthropic has none")
    }
    for (index, text) in request.stop.enumerated() where text.allSatisfy(\.isWhitespace) {
      throw TranslationError("stop[\(index)]", "Anthropic refuses a stop sequence of white space")
    }
  }

  // MARK: Messages

  private func messages() throws(TranslationError) -> [JSONTree] {
    // Turns must alternate, and all results of a turn's calls belong into the next one: neighbours of one role are merged.
    var messages: [(role: String, blocks: [JSONTree])] = []
    func append(_ role: String, _ blocks: [JSONTree]) {
      if messages.last?.role == role {
        messages[messages.count - 1].blocks += blocks
      } else {
        messages.append((role, blocks))
      }
    }
    var callIDs: [String] = []
    for message in request.messages {
      switch message {
      case .system: continue
      case .user(let parts): append("user", try blocks(parts))
      case .assistant(let text, let calls):
        guard !messages.isEmpty else {
          throw TranslationError("messages", "Anthropic wants the user to speak first")
        }
        if messages.last?.role == "user" { callIDs = [] }
        callIDs += calls.map(\.id)
        let uses = calls.map { call -> JSONTree in
          [
            "type": "tool_use", "id": .string(Self.identifier(call.id)), "name": .string(call.name),
            "input": call.arguments,
          ]
        }
        append("assistant", text.map { ["type": "text", "text": .string($0)] } + uses)
      case .tool(let id, let content, let path):
        guard callIDs.contains(id) else {
          throw TranslationError("\(path).tool_call_id", "\"\(id)\" is no call of the assistant message before it")
        }
        var result: [JSONTree.Member] = [
          .init("type", "tool_result"), .init("tool_use_id", .string(Self.identifier(id))),
        ]
        let blocks = try blocks(content)
        if !blocks.isEmpty { result.append(.init("content", .array(blocks))) }
        append("user", [.object(result)])
      }
    }
    return messages.map { ["role": .string($0.role), "content": .array($0.blocks)] }
  }

  private func blocks(_ parts: [ChatRequest.Part]) throws(TranslationError) -> [JSONTree] {
    var blocks: [JSONTree] = []
    for part in parts { blocks.append(try block(part)) }
    return blocks
  }

  private func block(_ part: ChatRequest.Part) throws(TranslationError) -> JSONTree {
    switch part.content {
    case .text(let text): return ["type": "text", "text": .string(text)]
    case .audio: throw TranslationError("\(part.path).input_audio", "Anthropic does not hear")
    case .imageURL(let url):
      guard url.hasPrefix("https://") else {
        throw TranslationError("\(part.path).image_url.url", "Anthropic fetches images from https addresses only")
      }
      return ["type": "image", "source": ["type": "url", "url": .string(url)]]
    case .inline(let mediaType, let base64, let isImage, let fileName):
      let source: JSONTree = ["type": "base64", "media_type": .string(mediaType), "data": .string(base64)]
      if ["image/jpeg", "image/png", "image/gif", "image/webp"].contains(mediaType) {
        return ["type": "image", "source": source]
      }
      guard mediaType == "application/pdf", !isImage else {
        throw TranslationError(part.path, "Anthropic takes JPEG, PNG, GIF and WebP images and PDF files, not \(mediaType)")
      }
      var document: [JSONTree.Member] = [.init("type", "document"), .init("source", source)]
      if let fileName { document.append(.init("title", .string(fileName))) }
      return .object(document)
    }
  }

  /// Anthropic's identifiers are `[A-Za-z0-9_-]+`; OpenAI's are, other vendors' may not be.
  private static func identifier(_ id: String) -> String {
    let isPlain = { (byte: UInt8) in
      (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 95
    }
    if !id.isEmpty, id.utf8.allSatisfy(isPlain) { return id }
    return "call_" + id.utf8.map { isPlain($0) ? String(Unicode.Scalar($0)) : "_" + String($0, radix: 16) }.joined()
  }

  // MARK: Tools and settings

  private static func tool(_ tool: ChatRequest.Tool) -> JSONTree {
    var members: [JSONTree.Member] = [.init("name", .string(tool.name))]
    if let description = tool.description { members.append(.init("description", .string(description))) }
    // The schema is demanded, and so is its type.
    var schema = tool.parameters?.members ?? [.init("type", "object"), .init("properties", [:])]
    if !schema.contains(where: { $0.name == "type" }) { schema.insert(.init("type", "object"), at: 0) }
    members.append(.init("input_schema", .object(schema)))
    return .object(members)
  }

  private func toolChoice() -> JSONTree? {
    guard !request.tools.isEmpty else { return nil }
    var members: [JSONTree.Member]
    switch request.toolChoice {
    case nil where request.allowsParallelToolCalls: return nil
    case nil, .auto: members = [.init("type", "auto")]
    case .required: members = [.init("type", "any")]
    case .named(let name): members = [.init("type", "tool"), .init("name", .string(name))]
    case .some(.none): return ["type": "none"]
    }
    if !request.allowsParallelToolCalls { members.append(.init("disable_parallel_tool_use", true)) }
    return .object(members)
  }

  /// Temperatures run from 0 to 1 here and from 0 to 2 with OpenAI; the same number is sent, at most 1, because both
  /// vendors call 1 the plain distribution. From 4.1 on a model takes temperature or `top_p`, from 4.7 on neither: what it
  /// refuses is left out, temperature staying before `top_p`, and a `top_p` of 1, which cuts nothing, first of all.
  private func sampling() -> [JSONTree.Member] {
    if let version, version >= ModelVersion(4, 7) { return [] }
    var members: [JSONTree.Member] = []
    if let temperature = request.temperature {
      members.append(.init("temperature", temperature.value > 1 ? .integer(1) : temperature.source))
    }
    if let topP = request.topP, topP.value < 1 {
      let takesBoth = version.map { $0 < ModelVersion(4, 1) } ?? false
      if members.isEmpty || takesBoth { members.append(.init("top_p", topP.source)) }
    }
    if let topK = request.topK { members.append(.init("top_k", topK.source)) }
    return members
  }

  /// Effort is a hint, and gives way to whatever excludes thinking: a forced tool, a temperature, and, for models that
  /// think by budget, earlier calls, whose thinking blocks OpenAI's form cannot carry back. Models from 4.6 on adapt by
  /// effort (platform.claude.com/docs: adaptive thinking), 3.7 to 4.5 have a budget, others do not think.
  private func thinking() -> [JSONTree.Member] {
    guard let effort = request.reasoningEffort, let version, version >= ModelVersion(3, 7) else { return [] }
    let isForced =
      switch request.toolChoice {
      case .required, .named: true
      case nil, .auto, .some(.none): false
      }
    guard effort != .none, effort != .minimal, !isForced else { return [] }
    if version >= ModelVersion(4, 6) {
      if version < ModelVersion(4, 7), request.temperature != nil || request.topP != nil { return [] }
      let level = effort == .xhigh && version < ModelVersion(4, 7) ? "high" : effort.rawValue
      return [.init("thinking", ["type": "adaptive"]), .init("output_config", ["effort": .string(level)])]
    }
    let hasCalls = request.messages.contains { if case .assistant(_, let calls) = $0 { !calls.isEmpty } else { false } }
    guard request.temperature == nil, request.topP == nil, request.topK == nil, !hasCalls else { return [] }
    let wanted =
      switch effort {
      case .none, .minimal, .low: 1024
      case .medium: 4096
      case .high, .xhigh: 16384
      }
    // Thinking counts towards the limit, as with OpenAI: half of it stays for the answer. 1,024 is the least budget.
    let budget = min(wanted, maximumTokens / 2)
    guard budget >= 1024 else { return [] }
    return [.init("thinking", ["type": "enabled", "budget_tokens": .integer(budget)])]
  }
}
