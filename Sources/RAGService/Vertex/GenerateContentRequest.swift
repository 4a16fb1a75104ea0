// The body of a generateContent request to Vertex AI, as far as this service needs it.
import Foundation

struct GenerateContentRequest: Encodable {
  var contents: [Content]
  var systemInstruction: Content?
  var generationConfig = GenerationConfig()
  var labels: [String: String]

  struct Content: Encodable {
    var role: String
    var parts: [Part]

    init(role: String, text: String) {
      self.role = role
      parts = [Part(text: text)]
    }
  }

  struct Part: Encodable {
    var text: String
  }

  struct GenerationConfig: Encodable {
    var temperature = 0.2
    var maxOutputTokens = 1024
  }

  init(question: String, evidence: [RetrievedPassage], system: String?, labels: [String: String]) {
    contents = [Content(role: "user", text: Self.userMessage(question: question, evidence: evidence))]
    systemInstruction = system.map { Content(role: "user", text: $0) }
    self.labels = labels.mapValues(Self.labelValue)
  }

  var json: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self))
    }
  }

  /// Numbered documents, then the question: the model cites the numbers, and scorers see the evidence.
  static func userMessage(question: String, evidence: [RetrievedPassage]) -> String {
    let documents = evidence.enumerated().map { "[\($0 + 1)] \($1.passage.title)\n\($1.passage.text)" }
    return (["Documents:"] + documents + ["Question: \(question)"]).joined(separator: "\n\n")
  }

  /// Google Cloud label values: lowercase letters, digits, `_` and `-`, at most 63 characters.
  private static func labelValue(_ text: String) -> String {
    String(text.lowercased().prefix(63).map { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == "-" ? $0 : "_" })
  }
}
