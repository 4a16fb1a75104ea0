// Tools that the model may call while it answers.

/// A tool: what the model is told of it, and what it does.
package protocol AnswerTool: Sendable {
  var declaration: ToolDeclaration { get }
  /// Never throws: what is wrong with a call is an answer to the model, which may try again.
  func call(_ arguments: JSON, question: String) async -> JSON
}

extension AnswerTool {
  static func failure(_ message: String) -> JSON { ["error": .string(message)] }
}

/// The tools by the names that the configuration uses.
package enum ToolName: String, CaseIterable, Sendable {
  case calculate
  case readDocument = "read_document"
}
