// Bounds how long an answer may get, whatever the request says: the edits an override asks for, in each protocol's words.

extension RequestRewriting {
  /// The edits after which no answer to this request may have more than `tokens` tokens; none where it already says so, and
  /// where the format has no answer of tokens.
  package static func capOutputTokens(
    _ body: UnsafeRawBufferPointer, facts: RequestFacts, bodyFormat: BodyFormat, tokens: Int
  ) -> [BodyEdit] {
    switch bodyFormat {
    case .openAIChat:
      return capMembers(["max_completion_tokens", "max_tokens"], body, facts, tokens)
    case .openAIResponses: return capMembers(["max_output_tokens"], body, facts, tokens)
    case .anthropicMessages: return capMembers(["max_tokens"], body, facts, tokens) + capThinking(body, tokens)
    case .googleGenerate: return capGoogle(body, facts, tokens)
    case .openAIEmbeddings, .anthropicTokenCount, .googleTokenCount, .googleEmbed, .vertexPredict: return []
    }
  }

  /// Lowers each of the members that is there; puts the first one in where none says a number.
  private static func capMembers(
    _ names: [StaticString], _ body: UnsafeRawBufferPointer, _ facts: RequestFacts, _ tokens: Int
  ) -> [BodyEdit] {
    var edits: [BodyEdit] = []
    var isStated = false
    var silent: Range<Int>?
    var reader = JSONReader(body)
    reader.forEachMember { key, reader in
      guard names.contains(where: { key == $0 }) else { return }
      let start = reader.position
      let stated = reader.count()
      guard !reader.isMalformed else { return }
      guard let stated else {
        silent = start..<reader.position
        return
      }
      isStated = true
      if stated > tokens { edits.append(BodyEdit(range: start..<reader.position, replacement: String(tokens))) }
    }
    if isStated { return edits }
    // A null, or what is no number, must not stay beside the limit: of two members most parsers believe the last.
    return [
      silent.map { BodyEdit(range: $0, replacement: String(tokens)) } ?? insertion(into: facts.body, "\"\(names[0])\":\(tokens)")
    ]
  }

  /// Anthropic refuses a request whose thinking may take all of `max_tokens`, and thinking below 1,024 tokens.
  private static func capThinking(_ body: UnsafeRawBufferPointer, _ tokens: Int) -> [BodyEdit] {
    var edits: [BodyEdit] = []
    var reader = JSONReader(body)
    reader.forEachMember { key, reader in
      guard key == "thinking", reader.isObject else { return }
      let start = reader.position
      var budget: Int?
      var budgetRange: Range<Int>?
      reader.forEachMember { key, reader in
        guard key == "budget_tokens" else { return }
        let start = reader.position
        budget = reader.count()
        budgetRange = start..<reader.position
      }
      guard let budget, let budgetRange, budget >= tokens, !reader.isMalformed else { return }
      if tokens / 2 >= 1_024 {
        edits.append(BodyEdit(range: budgetRange, replacement: String(tokens / 2)))
      } else {
        edits.append(BodyEdit(range: start..<reader.position, replacement: #"{"type":"disabled"}"#))
      }
    }
    return edits
  }

  private static func capGoogle(_ body: UnsafeRawBufferPointer, _ facts: RequestFacts, _ tokens: Int) -> [BodyEdit] {
    var edit: BodyEdit?
    var isStated = false
    var reader = JSONReader(body)
    reader.forEachMember { key, reader in
      guard key == "generationConfig" || key == "generation_config" else { return }
      let start = reader.position
      guard reader.isObject else {
        if let range = reader.range() { edit = BodyEdit(range: range, replacement: #"{"maxOutputTokens":\#(tokens)}"#) }
        return
      }
      let container = RequestFacts.Container(start: start, isEmpty: reader.isEmptyContainer)
      edit = insertion(into: container, #""maxOutputTokens":\#(tokens)"#)
      reader.forEachMember { key, reader in
        guard key == "maxOutputTokens" || key == "max_output_tokens" else { return }
        let start = reader.position
        let stated = reader.count()
        if let stated, stated <= tokens {
          isStated = true
        } else {
          edit = BodyEdit(range: start..<reader.position, replacement: String(tokens))
        }
      }
    }
    if isStated { return [] }
    return [edit ?? insertion(into: facts.body, #""generationConfig":{"maxOutputTokens":\#(tokens)}"#)]
  }
}
