// Takes tools away from a model: the edits an override asks for, in each protocol's words.

extension RequestRewriting {
  /// The edits after which the model is not offered the tools `names`. Where it has no others, the list stays and calls are
  /// forbidden, since a conversation in which one was called is refused without its definition. None where none is offered.
  package static func removeTools(
    named names: Set<String>, from body: UnsafeRawBufferPointer, facts: RequestFacts, bodyFormat: BodyFormat
  ) -> [BodyEdit] {
    switch bodyFormat {
    case .openAIChat, .openAIResponses:
      return remove(names, body, facts, list: "tools", choice: "tool_choice", auto: #""auto""#, none: #""none""#)
        + remove(names, body, facts, list: "functions", choice: "function_call", auto: #""auto""#, none: #""none""#)
    case .anthropicMessages, .anthropicTokenCount:
      return remove(
        names, body, facts, list: "tools", choice: "tool_choice", auto: #"{"type":"auto"}"#, none: #"{"type":"none"}"#)
    case .googleGenerate, .googleTokenCount: return removeGoogle(names, body, facts)
    case .openAIEmbeddings, .googleEmbed, .vertexPredict: return []
    }
  }

  private static func remove(
    _ names: Set<String>, _ body: UnsafeRawBufferPointer, _ facts: RequestFacts, list: StaticString, choice: StaticString,
    auto: String,
    none: String
  ) -> [BodyEdit] {
    var tools = ToolList()
    var chosen: Range<Int>?
    var reader = JSONReader(body)
    reader.forEachMember { key, reader in
      if key == list, reader.isArray {
        reader.forEachElement { tools.read(&$0, looksFor: names) }
      } else if key == choice {
        chosen = reader.range()
      }
    }
    guard !reader.isMalformed, tools.hasMatch else { return [] }
    guard let removals = tools.removals else {
      return [chosen.map { BodyEdit(range: $0, replacement: none) } ?? insertion(into: facts.body, "\"\(choice)\":\(none)")]
    }
    // A choice that names the tool would be refused.
    let choiceEdit = chosen.flatMap { mentions(names, in: body, $0) ? BodyEdit(range: $0, replacement: auto) : nil }
    return removals + (choiceEdit.map { [$0] } ?? [])
  }

  /// Google's tools are groups of declarations; a tool of Google's own is a group named after itself.
  private static func removeGoogle(_ names: Set<String>, _ body: UnsafeRawBufferPointer, _ facts: RequestFacts) -> [BodyEdit] {
    var groups = ToolList()
    var edits: [BodyEdit] = []
    var configuration: Range<Int>?
    var list: Range<Int>?
    var isDeclared = false
    var reader = JSONReader(body)
    reader.forEachMember { key, reader in
      if key == "tools", reader.isArray {
        let start = reader.position
        reader.forEachElement { element in
          let start = element.position
          var declarations = ToolList()
          var isNamedSo = false
          var members = 0
          element.forEachMember { key, reader in
            members += 1
            if key == "functionDeclarations" || key == "function_declarations" {
              reader.forEachElement { declarations.read(&$0, looksFor: names) }
            } else {
              isNamedSo = isNamedSo || names.contains(key.text)
            }
          }
          isDeclared = isDeclared || declarations.hasMatch
          if let removals = declarations.removals, declarations.hasMatch { edits += removals }
          let isEmptied = declarations.hasMatch && declarations.removals == nil
          groups.add(start..<element.position, matches: members == 1 && (isEmptied || isNamedSo))
        }
        list = start..<reader.position
      } else if key == "toolConfig" || key == "tool_config" {
        configuration = reader.range()
      }
    }
    guard !reader.isMalformed, groups.hasMatch || !edits.isEmpty else { return [] }
    func configure(_ mode: String) -> BodyEdit {
      let value = #"{"functionCallingConfig":{"mode":"\#(mode)"}}"#
      return configuration.map { BodyEdit(range: $0, replacement: value) }
        ?? insertion(into: facts.body, #""toolConfig":\#(value)"#)
    }
    if groups.hasMatch, groups.removals == nil {
      // The mode forbids calls of functions only; a tool of Google's own goes with the list.
      return isDeclared ? [configure("NONE")] : list.map { [BodyEdit(range: $0, replacement: "[]")] } ?? []
    }
    edits += groups.removals ?? []
    if let range = configuration, mentions(names, in: body, range) { edits.append(configure("AUTO")) }
    return edits
  }

  private static func mentions(_ names: Set<String>, in body: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    names.contains { name in
      let wanted = Array(JSONText.quoted(name).utf8)
      guard range.count >= wanted.count else { return false }
      return (range.lowerBound...range.upperBound - wanted.count).contains { body[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }
  }
}

/// The elements of a list of tools, and which of them go.
private struct ToolList {
  private var elements: [(range: Range<Int>, matches: Bool)] = []

  var hasMatch: Bool { elements.contains(where: \.matches) }

  mutating func add(_ range: Range<Int>, matches: Bool) { elements.append((range, matches)) }

  /// Reads one tool: by its `name`, that of its `function` or `custom` tool, or its type where the vendor's own tools have no name.
  mutating func read(_ reader: inout JSONReader, looksFor wanted: Set<String>) {
    let start = reader.position
    var name: String?
    var type: String?
    reader.forEachMember { key, reader in
      if key == "name" {
        name = reader.string()
      } else if key == "type" {
        type = reader.string()
      } else if key == "function" || key == "custom" {
        reader.forEachMember { key, reader in if key == "name" { name = reader.string() } }
      }
    }
    add(start..<reader.position, matches: (name ?? type).map(wanted.contains) ?? false)
  }

  /// `nil` when nothing would be left. Each run of removed elements goes with one comma, that after it or else that before it.
  var removals: [BodyEdit]? {
    guard elements.contains(where: { !$0.matches }) else { return nil }
    var edits: [BodyEdit] = []
    var index = 0
    while index < elements.count {
      guard elements[index].matches else {
        index += 1
        continue
      }
      let first = index
      while index < elements.count, elements[index].matches { index += 1 }
      let range =
        index < elements.count
        ? elements[first].range.lowerBound..<elements[index].range.lowerBound
        : elements[first - 1].range.upperBound..<elements[index - 1].range.upperBound
      edits.append(BodyEdit(range: range, replacement: ""))
    }
    return edits
  }
}
