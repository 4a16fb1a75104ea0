// Every scorer over one exchange: what the product calls once for each answer.

import LLMTelemetry

/// The texts of one exchange. What is not there is empty.
package struct RiskExchange: Sendable {
  package var system: [UInt8]
  /// What the user wrote last.
  package var question: [UInt8]
  /// What the model was given to answer from: retrieved documents, tool results.
  package var context: [UInt8]
  package var answer: [UInt8]
  package var calls: [OutputToolCall] = []
  package var expectation = OutputExpectation()
  /// A token that was planted in the system instruction and is in no honest answer.
  package var canary: String?

  package init(system: [UInt8] = [], question: [UInt8], context: [UInt8], answer: [UInt8]) {
    self.system = system
    self.question = question
    self.context = context
    self.answer = answer
  }

  package init(system: String = "", question: String, context: String, answer: String) {
    self.init(
      system: Array(system.utf8), question: Array(question.utf8), context: Array(context.utf8), answer: Array(answer.utf8))
  }
}

/// What the scorers say, with enough to explain it.
package struct RiskVerdict: Sendable {
  package var scores = RiskScores()
  package var groundedness: Groundedness?
  /// Why there is no groundedness score.
  package var gap: EvidenceGap?
  package var sensitive: [SensitiveFinding] = []
  /// Sentences of the context that look like orders.
  package var orders: [IndirectInjectionScorer.Finding] = []
  package var format: OutputFormat.Finding = .unjudged
  package var questionLanguage: LanguageGuess?
  package var answerLanguage: LanguageGuess?
}

package struct RiskScoring: Sendable {
  package static let shared = RiskScoring()

  package let models: RiskModels
  /// Toxicity-lite is bad on answers of models, so it is off by default.
  package let scoresToxicity: Bool
  private let groundedness: GroundednessScorer?
  private let indirect: IndirectInjectionScorer?

  package init(models: RiskModels = .shipped, scoresToxicity: Bool = false) {
    self.models = models
    self.scoresToxicity = scoresToxicity
    groundedness = models.groundedness.map { GroundednessScorer(model: $0) }
    indirect = models.indirectInjection.flatMap { IndirectInjectionScorer(model: $0) }
  }

  /// Bytes of each text that are read; what is longer is scored by its beginning.
  package static let limit = 64 * 1024

  /// Pass `evidence` when the context was indexed before, as in a conversation over the same documents.
  package func score(_ exchange: RiskExchange, evidence: EvidenceIndex? = nil) -> RiskVerdict {
    var exchange = exchange
    Self.cut(&exchange)
    var verdict = RiskVerdict()
    verdict.questionLanguage = exchange.question.withUnsafeBufferPointer { LanguageGuess.of($0) }
    verdict.answerLanguage = exchange.answer.withUnsafeBufferPointer { LanguageGuess.of($0) }
    verdict.scores[.languageMismatch] = Self.mismatch(verdict.questionLanguage, verdict.answerLanguage)
    let answer = WordReader.read(exchange.answer)
    let question = WordReader.read(exchange.question)
    verdict.scores[.refusal] = classify(.refusal, exchange.answer, read: answer)
    verdict.scores[.injection] = classify(
      .injection, exchange.question, read: exchange.question.count <= TextClassifierKind.injection.readLimit ? question : nil)
    if scoresToxicity { verdict.scores[.toxicity] = classify(.toxicity, exchange.answer) }
    let stems = StemIndex(WordReader.read(exchange.context))
    let grounded = groundedness(
      of: exchange, evidence: evidence ?? EvidenceIndex(exchange.context, stems: stems), language: verdict.answerLanguage,
      refusal: verdict.scores[.refusal], question: question, read: answer)
    verdict.groundedness = grounded.found
    verdict.gap = grounded.gap
    verdict.scores[.ungrounded] = grounded.score
    if !exchange.context.isEmpty,
      let found = indirect?.score(document: exchange.context, stems: stems, question: question)
    {
      verdict.scores[.indirectInjection] = found.score
      verdict.orders = found.sentences.filter { $0.score >= 0.5 }
    }
    if !exchange.answer.isEmpty {
      verdict.sensitive = SensitiveScanner.findings(in: exchange.answer)
      verdict.scores[.sensitiveData] = Self.severity(verdict.sensitive)
      var loop = RepetitionDetector()
      loop.add(exchange.answer)
      loop.finish()
      verdict.scores[.repetition] = loop.score
      if !exchange.system.isEmpty {
        verdict.scores[.promptLeak] = PromptLeak.score(
          system: exchange.system, answer: exchange.answer, canary: exchange.canary, read: answer)
      }
    }
    if !exchange.expectation.isAnything || !exchange.calls.isEmpty {
      verdict.format = OutputFormat.judge(answer: exchange.answer, calls: exchange.calls, expectation: exchange.expectation)
      verdict.scores[.malformed] = OutputFormat.score(verdict.format)
    }
    return verdict
  }

  /// The sentences behind the groundedness score, with evidence and features.
  package func reasons(_ verdict: RiskVerdict, sentences: Int = 3) -> [GroundednessReason] {
    verdict.groundedness.map { reasons($0, sentences: sentences) } ?? []
  }

  /// Groundedness alone. Answers that decline have no claims to support.
  package func groundedness(of exchange: RiskExchange) -> (score: Double?, found: Groundedness?, gap: EvidenceGap?) {
    var exchange = exchange
    Self.cut(&exchange)
    return groundedness(
      of: exchange, evidence: nil, language: exchange.answer.withUnsafeBufferPointer { LanguageGuess.of($0) },
      refusal: classify(.refusal, exchange.answer))
  }

  /// The same for ranking labelled answers: an answer that declines has a score too, since data sets label such answers.
  package func rankedGroundedness(of exchange: RiskExchange) -> (score: Double?, found: Groundedness?, gap: EvidenceGap?) {
    var exchange = exchange
    Self.cut(&exchange)
    return groundedness(
      of: exchange, evidence: nil, language: exchange.answer.withUnsafeBufferPointer { LanguageGuess.of($0) }, refusal: nil)
  }

  package func reasons(_ found: Groundedness, sentences: Int = 3) -> [GroundednessReason] {
    groundedness?.reasons(found, sentences: sentences) ?? []
  }

  private func groundedness(
    of exchange: RiskExchange, evidence: EvidenceIndex?, language: LanguageGuess?, refusal: Double?, question: ReadText? = nil,
    read: ReadText? = nil
  )
    -> (score: Double?, found: Groundedness?, gap: EvidenceGap?)
  {
    guard let groundedness else { return (nil, nil, nil) }
    if let language, language.language != "en", language.confidence > 0.25, exchange.answer.count > 60 {
      return (nil, nil, .language)
    }
    // A short answer that refuses claims nothing; a long one that begins with an apology does.
    if let refusal, refusal > 0.9, exchange.answer.count < 240 { return (nil, nil, .declined) }
    let index = evidence ?? EvidenceIndex(exchange.context)
    let question = question ?? WordReader.read(exchange.question)
    switch groundedness.score(evidence: index, question: question, answer: exchange.answer, read: read) {
    case .scored(let found): return (found.score, found, nil)
    case .tooThin(let gap): return (nil, nil, gap)
    }
  }

  /// 0 to 1; nil without a text or a model.
  package func classify(_ kind: TextClassifierKind, _ text: [UInt8]) -> Double? { classify(kind, text, read: nil) }

  private func classify(_ kind: TextClassifierKind, _ text: [UInt8], read words: ReadText?) -> Double? {
    let model =
      switch kind {
      case .injection: models.injection
      case .refusal: models.refusal
      case .toxicity: models.toxicity
      }
    guard let model, !text.isEmpty else { return nil }
    return text.withUnsafeBufferPointer { bytes in
      // Features are counted where the n-grams are: a page of text is told by its beginning and its end.
      let read = words ?? WordReader.read(UnsafeBufferPointer(rebasing: bytes.prefix(kind.readLimit)))
      return Logistic.probability(model.margin(bytes, features: kind.features(bytes, read: read)))
    }
  }

  /// Orders in a document, for callers that have documents and no exchange.
  package func orders(in document: [UInt8], question: [UInt8]) -> (score: Double, sentences: [IndirectInjectionScorer.Finding])? {
    indirect?.score(document: document, question: question)
  }

  package static func severity(_ findings: [SensitiveFinding]) -> Double {
    findings.reduce(0) { max($0, $1.confidence * $1.kind.severity) }
  }

  /// Nil when one of the two cannot be told.
  package static func mismatch(_ question: LanguageGuess?, _ answer: LanguageGuess?) -> Double? {
    guard let question, let answer else { return nil }
    guard question.language != answer.language else { return 0 }
    return min(question.confidence, answer.confidence)
  }

  private static func cut(_ exchange: inout RiskExchange) {
    func cut(_ text: inout [UInt8]) {
      guard text.count > limit else { return }
      var end = limit
      while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
      text.removeLast(text.count - end)
    }
    cut(&exchange.system)
    cut(&exchange.question)
    cut(&exchange.context)
    cut(&exchange.answer)
  }
}
