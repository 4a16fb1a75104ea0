// How the simulated model decides to call a tool, and with which arguments.

/// A function that the caller offers to the model.
struct OfferedTool: Sendable {
  var name: String
  /// The JSON schema of its arguments.
  var schema: JSONValue

  /// What the declaration costs as part of the prompt.
  var tokens: Int { SimulatedModel.tokenCount(of: name + schema.sortedText) }
}

enum ToolChoice: Sendable {
  /// The model calls a tool when the question names one or asks for a tool.
  case automatic
  case never
  case required
  case named(String)
}

/// A call that the model makes.
struct ToolCall: Sendable {
  var name: String
  var arguments: JSONValue

  var tokens: Int { SimulatedModel.tokenCount(of: name + arguments.text) }

  /// The arguments as a stream delivers them: pieces of a few characters that are no JSON by themselves.
  var argumentPieces: [String] {
    var rest = arguments.text[...]
    var pieces: [String] = []
    while !rest.isEmpty {
      pieces.append(String(rest.prefix(9)))
      rest = rest.dropFirst(9)
    }
    return pieces
  }
}

enum ToolUse {
  static func call(for request: ModelRequest) -> ToolCall? {
    // A document that happens to name a tool asks for nothing.
    let prompt = PromptReading(request.question)
    return tool(for: request, asked: prompt.question).map {
      ToolCall(name: $0.name, arguments: example(of: $0.schema, name: "", prompt: prompt, depth: 0))
    }
  }

  private static func tool(for request: ModelRequest, asked: String) -> OfferedTool? {
    let question = asked.lowercased()
    let mentioned = request.tools.first { question.contains($0.name.lowercased()) }
    switch request.toolChoice {
    case .never: return nil
    case .named(let name): return request.tools.first { $0.name == name }
    case .required: return mentioned ?? request.tools.first
    case .automatic:
      // The result of a tool is answered in words, or an agent would never end.
      guard request.toolResult == nil else { return nil }
      if let mentioned { return mentioned }
      if question.contains("use the tool") || question.contains("call a tool") { return request.tools.first }
      return arithmetic(in: question) == nil
        ? nil : request.tools.first { $0.schema["properties"]?["expression"] != nil }
    }
  }

  /// Google's REST clients send the types of a schema as the numbers of their enumeration.
  private static let numberedTypes = [1: "string", 2: "number", 3: "integer", 4: "boolean", 5: "array", 6: "object"]

  /// A value that the schema allows: every required property, texts taken from the question.
  private static func example(of schema: JSONValue, name: String, prompt: PromptReading, depth: Int) -> JSONValue {
    if let first = schema["enum"]?.array?.first { return first }
    let type =
      schema["type"]?.string ?? schema["type"]?.array?.first?.string ?? schema["type"]?.integer.flatMap { numberedTypes[$0] }
      ?? (schema["properties"] == nil ? "string" : "object")
    switch type.lowercased() {
    case "object":
      guard depth < 4, let properties = schema["properties"]?.members else { return [:] }
      let required = schema["required"]?.array?.compactMap(\.string) ?? properties.map(\.key).sorted()
      return .object(
        required.compactMap { name in
          schema["properties"]?[name].map { (name, example(of: $0, name: name, prompt: prompt, depth: depth + 1)) }
        })
    case "array":
      guard depth < 4, let items = schema["items"] else { return [] }
      return [example(of: items, name: name, prompt: prompt, depth: depth + 1)]
    case "integer": return 3
    case "number": return 1.5
    case "boolean": return true
    default: return .string(text(named: name, prompt: prompt))
    }
  }

  /// What a model would write there: the calculation for an expression, the name of the first document for a document.
  private static func text(named name: String, prompt: PromptReading) -> String {
    switch name {
    case "expression": arithmetic(in: prompt.question) ?? subject(of: prompt.question)
    case "document": prompt.documents.first.flatMap { documentName(in: $0.text) } ?? subject(of: prompt.question)
    default: subject(of: prompt.question)
    }
  }

  /// `returns.md` of the title line `Returns (returns.md)`.
  private static func documentName(in text: String) -> String? {
    guard let title = text.split(separator: "\n").first, title.hasSuffix(")"), let open = title.lastIndex(of: "(") else {
      return nil
    }
    return String(title[title.index(after: open)...].dropLast())
  }

  /// The longest calculation in a text, with spaces around an operator: `3 * (4.90 + 2)`. A date or a range is none.
  static func arithmetic(in text: String) -> String? {
    let runs = text.split { !"0123456789.+-*/() ".contains($0) }.map { String($0.trimmedOfSpace) }
    let calculations = runs.filter { run in
      ["+", "-", "*", "/"].contains { run.contains(" \($0) ") } && run.first.map { $0.isNumber || $0 == "(" } == true
    }
    guard var longest = calculations.max(by: { $0.count < $1.count }) else { return nil }
    while let last = longest.last, !last.isNumber, last != ")" { longest.removeLast() }
    return longest
  }

  /// The last word of the question that is a name, or its longest word.
  private static func subject(of question: String) -> String {
    let words = question.split { !$0.isLetter && !$0.isNumber }
    let name = words.dropFirst().last { $0.first?.isUppercase == true }
    return String(name ?? words.max { $0.count < $1.count } ?? "nothing")
  }
}
