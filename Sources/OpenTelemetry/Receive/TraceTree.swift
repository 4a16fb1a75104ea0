// Keeps traces connected without keeping everything: of the spans that are about no model, only those above one that is.

import LLMTelemetry

/// Chooses among the spans of one request after the other. A span ends before its parent and is sent before it, so parents that
/// did
/// not come with a request are remembered, as many as the limit says; the oldest are forgotten first.
struct TraceTree {
  private struct Key: Hashable {
    var trace: TraceID
    var span: SpanID
  }

  /// What lies below a span.
  private struct Below: OptionSet {
    var rawValue: UInt8
    static let genAI = Below(rawValue: 1)
    static let llm = Below(rawValue: 2)
    static let embedding = Below(rawValue: 4)
  }

  private let limit: Int
  private var awaited: [Key: Below] = [:]
  /// In the order of their coming; those before `oldest` are forgotten.
  private var order: [Key] = []
  private var oldest = 0

  init(limit: Int = 8192) { self.limit = max(1, limit) }

  var awaitedCount: Int { awaited.count }

  /// What is kept of a request's spans, in their order. Of two calls within each other, as a framework's span around a client
  /// library's, only the inner one accounts for the exchange.
  mutating func keep(_ read: [ReadSpan]) -> [LLMSpan] {
    var places: [Key: Int] = [:]
    for (place, span) in read.enumerated() { places[Key(trace: span.span.traceID, span: span.span.spanID)] = place }
    var below = [Below](repeating: [], count: read.count)
    for (key, place) in places {
      if let known = awaited.removeValue(forKey: key) { below[place].formUnion(known) }
    }
    for (place, span) in read.enumerated() {
      var passedOn = below[place]
      if span.isGenAI { passedOn.insert(.genAI) }
      if span.isGenAI, span.span.kind == .llm { passedOn.insert(.llm) }
      if span.isGenAI, span.span.kind == .embedding { passedOn.insert(.embedding) }
      if !passedOn.isEmpty { tell(parentOf: read[place].span, passedOn, read, places, &below) }
    }
    return read.enumerated().compactMap { place, span in
      guard span.isGenAI || !below[place].isEmpty else { return nil }
      var kept = span.span
      if below[place].contains(kept.kind == .llm ? .llm : .embedding), kept.kind == .llm || kept.kind == .embedding {
        kept.accountsForExchange = false
      }
      return kept
    }
  }

  /// Goes up until someone knows already, which also ends a circle.
  private mutating func tell(
    parentOf span: LLMSpan, _ news: Below, _ read: [ReadSpan], _ places: [Key: Int], _ below: inout [Below]
  ) {
    var span = span
    while let parent = span.parentSpanID {
      let key = Key(trace: span.traceID, span: parent)
      guard let place = places[key] else {
        remember(key, news)
        return
      }
      guard !below[place].isSuperset(of: news) else { return }
      below[place].formUnion(news)
      span = read[place].span
    }
  }

  private mutating func remember(_ key: Key, _ news: Below) {
    if awaited[key]?.formUnion(news) != nil { return }
    awaited[key] = news
    order.append(key)
    while awaited.count > limit, oldest < order.count {
      awaited[order[oldest]] = nil
      oldest += 1
    }
    // Keys that came meanwhile are in the order too, once; so it is never much longer than the limit allows.
    if oldest > limit || order.count > 4 * limit {
      order = order[oldest...].filter { awaited[$0] != nil }
      oldest = 0
    }
  }
}
