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
    tool(for: request).map { ToolCall(name: $0.name, arguments: example(of: $0.schema, question: request.question, depth: 0)) }
  }

  private static func tool(for request: ModelRequest) -> OfferedTool? {
    let question = request.question.lowercased()
    let mentioned = request.tools.first { question.contains($0.name.lowercased()) }
    switch request.toolChoice {
    case .never: return nil
    case .named(let name): return request.tools.first { $0.name == name }
    case .required: return mentioned ?? request.tools.first
    case .automatic:
      // The result of a tool is answered in words, or an agent would never end.
      guard request.toolResult == nil else { return nil }
      return mentioned ?? (question.contains("use the tool") || question.contains("call a tool") ? request.tools.first : nil)
    }
  }

  /// Google's REST clients send the types of a schema as the numbers of their enumeration.
  private static let numberedTypes = [1: "string", 2: "number", 3: "integer", 4: "boolean", 5: "array", 6: "object"]

  /// A value that the schema allows: every required property, texts taken from the question.
  private static func example(of schema: JSONValue, question: String, depth: Int) -> JSONValue {
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
          schema["properties"]?[name].map { (name, example(of: $0, question: question, depth: depth + 1)) }
        })
    case "array":
      guard depth < 4, let items = schema["items"] else { return [] }
      return [example(of: items, question: question, depth: depth + 1)]
    case "integer": return 3
    case "number": return 1.5
    case "boolean": return true
    default: return .string(subject(of: question))
    }
  }

  /// The last word of the question that is a name, or its longest word.
  private static func subject(of question: String) -> String {
    let words = question.split { !$0.isLetter && !$0.isNumber }
    let name = words.dropFirst().last { $0.first?.isUppercase == true }
    return String(name ?? words.max { $0.count < $1.count } ?? "nothing")
  }
}
