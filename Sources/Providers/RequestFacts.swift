// What the gateway must know of a request body before it can be routed.

import LLMTelemetry

/// Facts of one request body, found in one pass over its top level.
package struct RequestFacts: Equatable, Sendable {
  /// OpenAI only; Google's model is in the path.
  package var model: String?
  package var streams = false
  /// OpenAI: the caller asked for the usage chunk.
  package var includesUsage = false
  /// OpenAI `metadata`, Vertex `labels`: string members only.
  package var labels: [String: String] = [:]
  package var hasSystemInstruction = false
  /// Where an edit can go in; `nil` when the body has no such value.
  package var body = Container(start: 0, isEmpty: true)
  package var messages: Container?
  package var streamOptions: Container?
  /// `stream_options` or `systemInstruction` that is there and says nothing (null, another type): an edit must take its
  /// place, since of two members with one name most parsers believe the last.
  package var emptyStreamOptions: Range<Int>?
  package var emptySystemInstruction: Range<Int>?
  package var includeUsageValue: Range<Int>?
  package var modelValue: Range<Int>?

  /// An object or array in the body: members can be put in right after its first byte.
  package struct Container: Equatable, Sendable {
    package var start: Int
    package var isEmpty: Bool
  }

  /// Reads a request body. Throws when it is not a JSON object.
  package init(body: UnsafeRawBufferPointer, target: RequestTarget) throws(RequestBodyError) {
    let scanner = JSONScanner(body)
    guard let root = scanner.root, scanner.isObject(root) else { throw .notAnObject }
    var facts = RequestFacts(body: Container(start: root, isEmpty: true))
    let isOpenAI = target.wireProtocol == .openAI
    let wellFormed = scanner.forEachMember(of: root) { key, value in
      facts.body.isEmpty = false
      if isOpenAI {
        if JSONScanner.equal(key, "model") {
          facts.model = scanner.string(value)
          facts.modelValue = scanner.end(of: value).map { value..<$0 }
        } else if JSONScanner.equal(key, "stream") {
          facts.streams = scanner.boolean(value) ?? false
        } else if JSONScanner.equal(key, "stream_options") {
          guard scanner.isObject(value) else {
            facts.emptyStreamOptions = scanner.end(of: value).map { value..<$0 }
            return true
          }
          var isEmpty = true
          scanner.forEachMember(of: value) { _, _ in
            isEmpty = false
            return false
          }
          facts.streamOptions = Container(start: value, isEmpty: isEmpty)
          if let include = scanner.member("include_usage", of: value) {
            facts.includesUsage = scanner.boolean(include) ?? false
            facts.includeUsageValue = scanner.end(of: include).map { include..<$0 }
          }
        } else if JSONScanner.equal(key, "metadata") {
          facts.labels = Self.strings(of: value, scanner)
        } else if JSONScanner.equal(key, "messages") {
          guard scanner.isArray(value) else { return true }
          facts.messages = Container(start: value, isEmpty: scanner.firstElement(of: value) == nil)
          facts.hasSystemInstruction = Self.startsWithSystemMessage(value, scanner)
        }
      } else if JSONScanner.equal(key, "labels") {
        facts.labels = Self.strings(of: value, scanner)
      } else if JSONScanner.equal(key, "systemInstruction") || JSONScanner.equal(key, "system_instruction") {
        if scanner.isNull(value) {
          facts.emptySystemInstruction = scanner.end(of: value).map { value..<$0 }
        } else {
          facts.hasSystemInstruction = true
        }
      }
      return true
    }
    guard wellFormed else { throw .malformed }
    if !isOpenAI { facts.streams = target.method == .streamGenerateContent }
    self = facts
  }

  private init(body: Container) { self.body = body }

  private static func strings(of object: Int, _ scanner: JSONScanner) -> [String: String] {
    var result: [String: String] = [:]
    scanner.forEachMember(of: object) { key, value in
      // 64 is Vertex's limit on labels; OpenAI's on metadata is 16.
      if result.count < 64, let text = scanner.string(value) { result[JSONText.unescape(key)] = text }
      return true
    }
    return result
  }

  private static func startsWithSystemMessage(_ messages: Int, _ scanner: JSONScanner) -> Bool {
    let role = scanner.string(scanner.member("role", of: scanner.firstElement(of: messages)))
    return role == "system" || role == "developer"
  }
}

/// Why a request body cannot be used.
package enum RequestBodyError: Error, Equatable {
  case notAnObject, malformed

  package var message: String {
    switch self {
    case .notAnObject: "The request body is not a JSON object."
    case .malformed: "The request body is not well-formed JSON: it ends early or a separator is missing."
    }
  }
}
