// Scores one row of a file with one scorer and writes the line that graders read.

import LLMTelemetry

/// What `commander risk score --scorer` takes: the words of `RiskScorer`, and the shorter ones of data sets.
package enum RowScorer: String, CaseIterable, Sendable {
  case groundedness, refusal, injection, indirectInjection = "indirect_injection", promptLeak = "prompt_leak", sensitive,
    repetition
  case malformed, languageMismatch = "language_mismatch", toxicity

  package init?(name: String) {
    switch name {
    case "ungrounded": self = .groundedness
    case "sensitive_data", "pii": self = .sensitive
    case "indirect": self = .indirectInjection
    case "leak": self = .promptLeak
    case "loop", "loops": self = .repetition
    case "format", "json": self = .malformed
    case "language": self = .languageMismatch
    default:
      guard let known = RowScorer(rawValue: name) else { return nil }
      self = known
    }
  }
}

/// A score, or why there is none, and the places that earned it.
package struct RowResult: Sendable {
  package struct Span: Sendable {
    /// In bytes of the subject.
    package var range: Range<Int>
    package var score: Double
    package var kind: String?
  }

  package var score: Double?
  package var gap: String?
  package var spans: [Span] = []
  /// The text that the spans are places of.
  package var subject: [UInt8] = []
  /// Why: only when it was asked for.
  package var reasons: [GroundednessReason] = []
  package var context: [UInt8] = []
}

package struct RowScoring: Sendable {
  package let scorer: RowScorer
  package let scoring: RiskScoring
  /// Which kinds of sensitive data count; all when empty.
  package let kinds: Set<SensitiveKind>
  package let explains: Bool

  package init(scorer: RowScorer, scoring: RiskScoring = .shared, kinds: Set<SensitiveKind> = [], explains: Bool = false) {
    self.scorer = scorer
    self.scoring = scoring
    self.kinds = kinds
    self.explains = explains
  }

  package func result(_ row: LabelledRow) -> RowResult {
    let subject = Array(row.subject.utf8)
    switch scorer {
    case .groundedness: return groundedness(row)
    case .injection:
      let text = Array((row.text.isEmpty ? row.question.isEmpty ? row.response : row.question : row.text).utf8)
      return RowResult(score: scoring.classify(.injection, text), gap: text.isEmpty ? "no text" : nil, subject: text)
    case .refusal:
      return RowResult(score: scoring.classify(.refusal, subject), gap: subject.isEmpty ? "no text" : nil, subject: subject)
    case .toxicity:
      return RowResult(score: scoring.classify(.toxicity, subject), gap: subject.isEmpty ? "no text" : nil, subject: subject)
    case .indirectInjection: return indirect(row)
    case .sensitive:
      let findings = SensitiveScanner.findings(in: subject).filter { kinds.isEmpty || kinds.contains($0.kind) }
      return RowResult(
        score: RiskScoring.severity(findings),
        spans: findings.map { RowResult.Span(range: $0.range, score: $0.confidence, kind: $0.kind.rawValue) }, subject: subject)
    case .promptLeak:
      let system = row.system.isEmpty ? row.context : row.system
      let score = PromptLeak.score(system: Array(system.utf8), answer: subject)
      return RowResult(score: score, gap: score == nil ? "the system instruction is missing or too short" : nil, subject: subject)
    case .repetition:
      var detector = RepetitionDetector()
      detector.add(subject)
      detector.finish()
      return RowResult(score: detector.score, subject: subject)
    case .malformed:
      let expectation = OutputExpectation(form: row.schema.map { .schema($0) } ?? .json)
      let score = OutputFormat.score(OutputFormat.judge(answer: subject, expectation: expectation))
      return RowResult(score: score, gap: score == nil ? "the schema uses keywords that are not read" : nil, subject: subject)
    case .languageMismatch:
      let score = RiskScoring.mismatch(
        LanguageGuess.of(row.question), LanguageGuess.of(row.response.isEmpty ? row.text : row.response))
      return RowResult(score: score, gap: score == nil ? "too few letters to tell a language" : nil, subject: subject)
    }
  }

  private func groundedness(_ row: LabelledRow) -> RowResult {
    let answer = row.response.isEmpty ? row.text : row.response
    let exchange = RiskExchange(system: "", question: row.question, context: row.context, answer: answer)
    let found = scoring.rankedGroundedness(of: exchange)
    guard let groundedness = found.found else {
      return RowResult(gap: found.gap?.rawValue ?? "no model", subject: exchange.answer)
    }
    return RowResult(
      score: groundedness.score, spans: groundedness.sentences.map { RowResult.Span(range: $0.range, score: $0.score) },
      subject: exchange.answer, reasons: explains ? scoring.reasons(groundedness) : [], context: exchange.context)
  }

  private func indirect(_ row: LabelledRow) -> RowResult {
    let document = Array((row.context.isEmpty ? row.text : row.context).utf8)
    guard let found = scoring.orders(in: document, question: Array(row.question.utf8)) else {
      return RowResult(gap: "no document", subject: document)
    }
    return RowResult(
      score: found.score, spans: found.sentences.map { RowResult.Span(range: $0.range, score: $0.score) }, subject: document)
  }

  /// One line of JSON without its end: `{"id","score","spans":[[start,end,score],…]}`, places in Unicode scalars. Without a score
  /// there is `thin` with the reason in its place; `kinds` names the spans' kinds where they have one.
  package func line(for row: LabelledRow) -> String {
    let result = result(row)
    let places = ScalarPlaces.of(result.spans.flatMap { [$0.range.lowerBound, $0.range.upperBound] }, in: result.subject)
    var line = "{\"id\":\(row.idText)"
    if let score = result.score {
      line += ",\"score\":\(Self.number(score))"
    } else {
      line += ",\"thin\":\(JSONText.quoted(result.gap ?? "no score"))"
    }
    let spans = result.spans.enumerated().map { "[\(places[$0 * 2]),\(places[$0 * 2 + 1]),\(Self.number($1.score))]" }
    line += ",\"spans\":[\(spans.joined(separator: ","))]"
    let kinds = result.spans.compactMap(\.kind)
    if !kinds.isEmpty { line += ",\"kinds\":[\(kinds.map { JSONText.quoted($0) }.joined(separator: ","))]" }
    if !result.reasons.isEmpty { line += ",\"reasons\":[\(result.reasons.map { reason($0, result) }.joined(separator: ","))]" }
    return line + "}"
  }

  private func reason(_ reason: GroundednessReason, _ result: RowResult) -> String {
    let sentence = String(decoding: result.subject[reason.sentence], as: UTF8.self)
    let evidence = String(decoding: result.context[reason.evidence], as: UTF8.self)
    let features = reason.features.map { "[\(JSONText.quoted($0.label)),\(Self.number($0.weight))]" }.joined(separator: ",")
    return """
      {"sentence":\(JSONText.quoted(sentence)),"score":\(Self.number(reason.score)),\
      "evidence":\(JSONText.quoted(evidence)),"features":[\(features)]}
      """
  }

  /// Six decimals.
  private static func number(_ value: Double) -> String { "\((value * 1e6).rounded() / 1e6)" }
}
