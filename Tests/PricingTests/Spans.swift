// Spans and prices the tests of this folder share.

import LLMTelemetry
@testable import Pricing

let noon = Timestamp(unixSeconds: 1_764_000_000)

func span(_ model: String?, _ usage: TokenUsage, kind: SpanKind = .llm, tier: ServiceTier? = nil) -> LLMSpan {
  var span = LLMSpan(traceID: .random(), spanID: .random(), kind: kind, name: "chat", start: noon, duration: .seconds(1))
  span.dimensions.model = model
  span.usage = usage
  span.serviceTier = tier
  return span
}

/// A book of one or more models made up for a test.
func book(_ prices: [String: ModelPrice]) -> PriceBook {
  PriceBook(version: "t", source: "t", entries: prices.map { PriceEntry($0.key, $0.value) })
}
