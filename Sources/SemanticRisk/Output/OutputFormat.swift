// Whether an answer has the form that was asked for: JSON, JSON of a schema, calls of the tools that were offered.

/// What the request wanted of the answer's form.
package struct OutputExpectation: Sendable {
  package enum Form: Sendable, Equatable {
    case text
    case json
    case schema(JSONText)
  }

  package var form: Form
  /// The schemas of arguments by the names of the tools that were offered.
  package var tools: [String: JSONText]

  package init(form: Form = .text, tools: [String: JSONText] = [:]) {
    self.form = form
    self.tools = tools
  }

  package var isAnything: Bool { form == .text && tools.isEmpty }
}

/// One call that the answer makes.
package struct OutputToolCall: Sendable, Equatable {
  package var name: String
  /// JSON text, as on the wire.
  package var arguments: String

  package init(name: String, arguments: String) {
    self.name = name
    self.arguments = arguments
  }
}

package enum OutputFormat {
  package enum Finding: Sendable, Equatable {
    case wellFormed
    /// What is wrong and where: a byte of the text, or a pointer into the value.
    case malformed(String)
    /// JSON, but in a fence of Markdown or among words.
    case wrapped
    /// There is nothing to judge by.
    case unjudged
  }

  package static func score(_ finding: Finding) -> Double? {
    switch finding {
    case .wellFormed: 0
    case .malformed: 1
    case .wrapped: 0.7
    case .unjudged: nil
    }
  }

  package static func judge(answer: [UInt8], calls: [OutputToolCall] = [], expectation: OutputExpectation) -> Finding {
    for call in calls {
      guard !expectation.tools.isEmpty else { break }
      guard let schema = expectation.tools[call.name] else { return .malformed("there is no tool \(call.name)") }
      switch judge(Array((call.arguments.isEmpty ? "{}" : call.arguments).utf8), schema: schema) {
      case .malformed(let reason): return .malformed("arguments of \(call.name): \(reason)")
      default: break
      }
    }
    switch expectation.form {
    case .text: return calls.isEmpty || expectation.tools.isEmpty ? .unjudged : .wellFormed
    // An answer that only calls tools has no text to judge.
    case .json: return answer.isEmpty && !calls.isEmpty ? .wellFormed : judge(answer, schema: nil)
    case .schema(let schema): return answer.isEmpty && !calls.isEmpty ? .wellFormed : judge(answer, schema: schema)
    }
  }

  private static func judge(_ bytes: [UInt8], schema: JSONText?) -> Finding {
    let value: JSONText
    do { value = try JSONText.read(bytes) } catch {
      if let inner = wrapped(bytes), (try? JSONText.read(inner)) != nil { return .wrapped }
      return .malformed("\(error.reason) (byte \(error.place))")
    }
    guard let schema else { return .wellFormed }
    switch JSONSchema(schema).verdict(on: value) {
    case .valid: return .wellFormed
    case .invalid(let violation): return .malformed("\(violation.place): \(violation.reason)")
    case .unsupported: return .unjudged
    }
  }

  /// What stands between the first opening and the last closing brace or bracket.
  private static func wrapped(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    guard let start = bytes.firstIndex(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") }) else { return nil }
    let closing = bytes[start] == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]")
    guard let end = bytes.lastIndex(of: closing), end > start else { return nil }
    return bytes[start...end]
  }
}
