// Gives spans what a commander would give them: a cost.
import LLMInstrumentation
import LLMTelemetry
import Pricing

/// For roads on which nobody else does. A commander has prices of its own, which must not be overruled.
struct PricedExporter: SpanExporter {
  let prices: PriceBook
  let next: any SpanExporter

  func export(_ spans: [LLMSpan]) {
    var spans = spans
    for index in spans.indices {
      guard spans[index].kind == .llm || spans[index].kind == .embedding, case .unknown = spans[index].cost else { continue }
      spans[index].cost = prices.cost(of: spans[index])
    }
    next.export(spans)
  }

  func shutdown() async { await next.shutdown() }
}
