// What happens to a span before any sink sees it: scored, priced, and rid of what must not travel.

import LLMTelemetry
import Pricing
import Redaction
import SemanticRisk

/// The same span and configuration give the same result.
package struct SpanEnrichment: Sendable {
  /// Looks at one exchange as it was: `content` has the raw body, the messages read from it and the raw answer. What it returns
  /// beside scores must hold nothing of these texts; there is nothing beside scores.
  package typealias Scorers = @Sendable (_ span: borrowing LLMSpan, _ content: SpanContent) -> RiskScores

  /// The book of the moment; asked for spans that came without a cost.
  package var prices: @Sendable () -> PriceBook
  /// The messages in a request body of any format.
  package var messages: @Sendable ([UInt8]) -> [ContentMessage]
  package var scorers: Scorers
  package var redaction: SpanRedaction
  /// The virtual key of this product's own judge; `nil` without one. By it alone its calls are told from traffic.
  package var judgeKey: String?

  package init(
    prices: @autoclosure @escaping @Sendable () -> PriceBook = .builtIn,
    messages: @escaping @Sendable ([UInt8]) -> [ContentMessage],
    scorers: @escaping Scorers = SpanEnrichment.grounding, redaction: SpanRedaction = SpanRedaction(),
    judgeKey: String? = nil
  ) {
    self.prices = prices
    self.messages = messages
    self.scorers = scorers
    self.redaction = redaction
    self.judgeKey = judgeKey
  }

  /// The scorer that needs nothing but the exchange: how much of a good answer its own request supports.
  package static let grounding: Scorers = { span, content in
    guard span.outcome == .ok else { return RiskScores() }
    let evidence = content.input.map(\.text).joined(separator: "\n\n")
    return RiskScores(ungrounded: GroundingScorer.score(evidence: evidence, answer: content.responseText))
  }

  /// Changes `span` in place, since a copy of one costs as much as pricing it. With `scores` false, which is for times when
  /// there is no time for it, returns true when the exchange would have been scored.
  @discardableResult
  package func enrich(_ span: inout LLMSpan, scores: Bool = true, memory: inout CleanValues) -> Bool {
    // By the names that came, which redaction may change.
    if case .unknown = span.cost { span.cost = prices().cost(of: span) }
    if let judgeKey, span.virtualKey == judgeKey {
      span.isOfJudge = true
      // It repeats the texts of another exchange, which are kept there as that one's route has it, and nowhere else.
      span.content = nil
    }
    let capturing = span.content == nil ? ContentCapture.off : redaction.policy.capture(route: span.dimensions.route)
    var isLeftUnscored = false
    if var content = span.content {
      span.content = nil
      // An application may have scored its exchange itself.
      let isToBeScored = span.kind == .llm && span.risk.isEmpty
      isLeftUnscored = isToBeScored && !scores
      if content.input.isEmpty, !content.requestBody.isEmpty, isToBeScored && scores || capturing != .off {
        content.input = messages(content.requestBody)
      }
      // Raw text is read here and nowhere later: numbers and names are what an answer is compared by.
      if isToBeScored, scores { span.risk = scorers(span, content) }
      span.content = redaction.captured(content, as: capturing)
    }
    redaction.redactFacts(&span, &memory)
    return isLeftUnscored
  }
}
