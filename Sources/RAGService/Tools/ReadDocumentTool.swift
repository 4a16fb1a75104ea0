// Lets the model read on: the passages around one that was found.

package struct ReadDocumentTool: AnswerTool {
  private static let characterLimit = 6000
  let store: DocumentStore
  let screen: PassageScreen

  package init(store: DocumentStore, screen: PassageScreen) {
    self.store = store
    self.screen = screen
  }

  package let declaration = ToolDeclaration(
    name: ToolName.readDocument.rawValue,
    description:
      "Returns the whole text of a document, when a numbered passage is only a part of what is needed. Give the document's name as it stands in brackets behind the passage's title.",
    parameters: [
      "type": "object",
      "properties": ["document": ["type": "string", "description": "The document's name, for example returns.md"]],
      "required": ["document"],
    ])

  package func call(_ arguments: JSON, question: String) async -> JSON {
    guard let id = arguments["document"]?.string, !id.isEmpty else { return Self.failure("`document` must be a document's name") }
    guard let passages = try? await store.passages(of: id), !passages.isEmpty else {
      return Self.failure("there is no document \(id.prefix(200)); use a name that stands behind a passage's title")
    }
    var text = ""
    for passage in screen.admitted(passages, question: question) where text.count < Self.characterLimit {
      text += (passage?.text ?? "[left out: it gives orders to the reader]") + "\n\n"
    }
    return ["document": .string(id), "text": .string(String(text.prefix(Self.characterLimit)).trimmingSpace)]
  }
}
