// The text of an exchange: raw between whoever recorded it and the redaction stage of Ingest, redacted beyond it where capture says so.

/// One message that went in.
public struct ContentMessage: Hashable, Sendable, Codable {
  /// `system`, `user`, `assistant` or `tool`.
  public var role: String
  public var text: String

  public init(role: String, text: String) {
    self.role = role
    self.text = text
  }
}

/// One document that a retrieval step found.
public struct ContentDocument: Hashable, Sendable, Codable {
  public var id: String?
  public var name: String?
  public var text: String
  /// Similarity, 0 to 1.
  public var score: Double?

  public init(id: String? = nil, name: String? = nil, text: String, score: Double? = nil) {
    self.id = id
    self.name = name
    self.text = text
    self.score = score
  }
}

/// What went in and what came out.
public struct SpanContent: Hashable, Sendable {
  /// The request as it crossed the wire, cut at the capture limit. The redaction stage turns it into `input` and empties it: no sink
  /// ever sees one.
  public var requestBody: [UInt8]
  /// The messages of a chat in their order; the one input of a tool or a task.
  public var input: [ContentMessage] = []
  /// The answer's text, or the output of a tool or a task; cut at the capture limit.
  public var responseText: String
  /// What a retrieval step found.
  public var documents: [ContentDocument] = []

  public init(requestBody: [UInt8], responseText: String) {
    self.requestBody = requestBody
    self.responseText = responseText
  }

  public init(input: [ContentMessage], output: String, documents: [ContentDocument] = []) {
    self.init(requestBody: [], responseText: output)
    self.input = input
    self.documents = documents
  }
}
