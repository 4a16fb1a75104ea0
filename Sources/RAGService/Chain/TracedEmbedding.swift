// Calls an embedder inside a span of its own, and accounts for what it cost.
import LLMInstrumentation
import LLMTelemetry
import Pricing

/// Who a call is made for: dimensions of its span, headers for a gateway, labels for a bill.
package struct CallOrigin: Sendable {
  package var tenant: String
  package var feature: String?
  package var session: String?

  package init(tenant: String, feature: String? = nil, session: String? = nil) {
    self.tenant = tenant
    self.feature = feature
    self.session = session
  }

  func describe(_ span: ActiveSpan) {
    span.record(tenant: tenant, feature: feature)
    if let session { span.record(session: session) }
  }

  func headers(for span: ActiveSpan) -> [(name: String, value: String)] {
    var headers = span.headers
    headers.append((name: "x-commander-tenant", value: tenant))
    if let feature { headers.append((name: "x-commander-feature", value: feature)) }
    if let session { headers.append((name: "x-commander-session", value: session)) }
    return headers
  }

  var labels: [String: String] {
    var labels = ["tenant": tenant]
    labels["feature"] = feature
    return labels
  }
}

package struct TracedEmbedding: Sendable {
  let embedder: any Embedder
  let tracer: LLMTracer
  let prices: PriceBook

  package init(embedder: any Embedder, tracer: LLMTracer, prices: PriceBook) {
    self.embedder = embedder
    self.tracer = tracer
    self.prices = prices
  }

  /// Vectors for texts, in as many calls as the embedder needs.
  func embed(_ texts: [EmbeddingText], purpose: EmbeddingPurpose, origin: CallOrigin) async throws -> (
    vectors: [[Float]], cost: CostSum
  ) {
    var vectors: [[Float]] = []
    var cost = CostSum()
    for start in stride(from: 0, to: texts.count, by: embedder.batchLimit) {
      let batch = Array(texts[start..<min(start + embedder.batchLimit, texts.count)])
      let (reply, spent) = try await call(batch, purpose: purpose, origin: origin)
      vectors += reply.vectors
      cost.add(spent)
    }
    return (vectors, cost)
  }

  private func call(_ texts: [EmbeddingText], purpose: EmbeddingPurpose, origin: CallOrigin) async throws -> (
    EmbeddingReply, Cost
  ) {
    try await tracer.embedding(model: embedder.model, provider: embedder.provider) { span in
      origin.describe(span)
      span.record(input: texts.map { ContentMessage(role: "user", text: $0.text) })
      do {
        let reply = try await embedder.embed(texts, purpose: purpose, headers: origin.headers(for: span))
        guard reply.vectors.count == texts.count else {
          throw ModelCallError(errorClass: .providerError, spanMessage: "there are not as many vectors as texts")
        }
        span.record(usage: reply.usage)
        span.update { $0.accountsForExchange = reply.gateway.spanID == nil }
        // The built-in embedder calls nobody, and nobody bills for it.
        if embedder.provider == "built-in" {
          span.update {
            $0.attempts = 0
            $0.accountsForExchange = false
          }
          return (reply, .exact(Nanodollars(0), priceVersion: prices.version))
        }
        var record = LLMSpan(
          traceID: span.context.traceID, spanID: span.context.spanID, kind: .embedding, name: "", start: .now(), duration: .zero)
        record.dimensions.model = embedder.model
        record.usage = reply.usage
        return (reply, prices.cost(of: record))
      } catch let error as ModelCallError {
        span.update {
          $0.httpStatus = error.httpStatus
          $0.accountsForExchange = error.gateway.spanID == nil
        }
        throw error
      }
    }
  }
}

/// Costs of several calls, only as exact as the least exact of them.
package struct CostSum: Sendable, Hashable {
  package private(set) var amount = Nanodollars(0)
  package private(set) var exactness = "exact"
  private static let order = ["exact", "estimated", "partial", "unknown"]

  package init() {}

  package mutating func add(_ cost: Cost) {
    if let more = cost.amount { amount = amount + more }
    worsen(to: cost.exactness)
  }

  package mutating func add(_ other: CostSum) {
    amount = amount + other.amount
    worsen(to: other.exactness)
  }

  private mutating func worsen(to other: String) {
    let rank = { (word: String) in Self.order.firstIndex(of: word) ?? Self.order.count }
    if rank(other) > rank(exactness) { exactness = other }
  }
}
