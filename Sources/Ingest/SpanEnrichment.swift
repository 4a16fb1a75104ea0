// What happens to a span before any sink sees it: scored, priced, and rid of what must not travel.

import LLMTelemetry
import Pricing
import SemanticRisk

/// Pure: the same span and configuration give the same result.
package struct SpanEnrichment: Sendable {
  package var prices: PriceBook
  /// The text a model was given to answer from, out of a request body.
  package var evidence: @Sendable ([UInt8]) -> String
  /// Whether redacted content goes on to the sinks; when false it ends here.
  package var capturesContent: Bool

  package init(prices: PriceBook = .builtIn, evidence: @escaping @Sendable ([UInt8]) -> String, capturesContent: Bool = false) {
    self.prices = prices
    self.evidence = evidence
    self.capturesContent = capturesContent
  }

  /// Changes `span` in place, since a copy of one costs as much as pricing it. With `scores` false, which is for times when
  /// there is no time for it, returns true when the answer would have been scored.
  @discardableResult
  package func enrich(_ span: inout LLMSpan, scores: Bool = true) -> Bool {
    if case .failed(let errorClass, let message) = span.outcome {
      span.outcome = .failed(errorClass, message: Redactor.redact(message))
    }
    if case .unknown = span.cost { span.cost = prices.cost(of: span) }
    guard let content = span.content else { return false }
    var isLeftUnscored = false
    if span.kind == .llm, span.outcome == .ok, span.risk.ungrounded == nil {
      // The raw text is read here and nowhere later: numbers and names are what an answer is compared by.
      if scores {
        span.risk.ungrounded = GroundingScorer.score(evidence: evidence(content.requestBody), answer: content.responseText)
      } else {
        isLeftUnscored = true
      }
    }
    span.content = capturesContent ? redacted(content) : nil
    return isLeftUnscored
  }

  private func redacted(_ content: SpanContent) -> SpanContent {
    SpanContent(
      requestBody: Array(Redactor.redact(String(decoding: content.requestBody, as: UTF8.self)).utf8),
      responseText: Redactor.redact(content.responseText))
  }
}
