// Gives the scorers of semantic risk what an exchange holds: which text is an order, which is a question, which is evidence.

import LLMTelemetry
import SemanticRisk

enum ExchangeScoring {
  /// What ingest calls for each exchange with its raw content; the scores are all that is kept of it.
  static func scores(_ scoring: RiskScoring) -> @Sendable (borrowing LLMSpan, SpanContent) -> RiskScores {
    { span, content in
      let isAnswered = span.outcome == .ok
      var exchange = RiskExchange(
        system: text(content.input, where: { $0.role == "system" }),
        question: content.input.last { $0.role == "user" }?.text ?? "",
        // What neither the application nor its user wrote: an order in it is an injection, and one of theirs is not. Documents that an
        // application puts among the user's words cannot be told from them.
        context: text(content.input, where: { $0.role == "tool" }),
        answer: isAnswered ? content.responseText : "")
      exchange.expectation = expectation(content.requestBody)
      // Instructions hold documents too, in many applications: evidence is everything that went in.
      let evidence = EvidenceIndex(Array(text(content.input, where: { _ in true }).utf8))
      return scoring.score(exchange, evidence: evidence).scores
    }
  }

  private static func text(_ messages: [ContentMessage], where isWanted: (ContentMessage) -> Bool) -> String {
    messages.filter(isWanted).map(\.text).joined(separator: "\n\n")
  }

  /// Whether the request asked for JSON, by the words the vendors have for it; a schema is not read, since a body may be cut.
  static func expectation(_ body: [UInt8]) -> OutputExpectation {
    guard !body.isEmpty else { return OutputExpectation() }
    return OutputExpectation(form: asksForJSON(body) ? .json : .text)
  }

  private static let words = [#"json_object""#, #"json_schema""#, #"application/json""#].map { Array($0.utf8) }

  /// Words are looked for behind quotation marks, which are few.
  private static func asksForJSON(_ body: [UInt8]) -> Bool {
    body.withUnsafeBufferPointer { body in
      var index = 0
      while index < body.count {
        if body[index] == UInt8(ascii: "\""), words.contains(where: { body[(index + 1)...].starts(with: $0) }) { return true }
        index += 1
      }
      return false
    }
  }
}
