// Finished spans in swift-metrics, under the names of the metric catalogue, for whatever backend the application has.
import LLMMetrics
import LLMTelemetry
import Metrics
import Synchronization

/// Counts spans. The factory is asked for an instrument once for each metric and set of tags, never for each span.
package final class SpanMetrics: Sendable {
  /// Sets of tags with instruments of their own; what comes beyond shares one whose free values are `other`.
  package static let groupLimit = 500

  private let factory: any MetricsFactory
  private let groups = Mutex<[Tags: Instruments]>([:])

  /// - Parameter factory: what the application has bootstrapped at this moment.
  package init(factory: any MetricsFactory = MetricsSystem.factory) { self.factory = factory }

  package func record(_ span: LLMSpan) {
    // Another span is the record of the exchange; steps of the application are none.
    guard span.accountsForExchange, span.kind == .llm || span.kind == .embedding || span.kind == .retrieval else { return }
    instruments(for: span).record(span)
  }

  private func instruments(for span: LLMSpan) -> Instruments {
    let tags = Tags(span)
    return groups.withLock { groups in
      if let known = groups[tags] { return known }
      let admitted = groups.count < Self.groupLimit ? tags : tags.folded
      if let known = groups[admitted] { return known }
      let made = Instruments(dimensions: admitted.dimensions, isRetrieval: span.kind == .retrieval, factory: factory)
      groups[admitted] = made
      return made
    }
  }

  /// The dimensions of a span, in the order of `Dimension.allCases`.
  private struct Tags: Hashable {
    /// What the application and the clients choose; the rest has few values by its nature.
    private static let free: Set<Dimension> = [
      .provider, .model, .route, .tenant, .feature, .prompt, .promptVersion, .region,
    ]

    private var values: [String?]

    init(_ span: LLMSpan) { values = Dimension.allCases.map { span[$0] } }

    var dimensions: [(String, String)] {
      zip(Dimension.allCases, values).compactMap { dimension, value in value.map { (dimension.rawValue, $0) } }
    }

    var folded: Tags {
      var folded = self
      for (index, dimension) in Dimension.allCases.enumerated() where Self.free.contains(dimension) && values[index] != nil {
        folded.values[index] = "other"
      }
      return folded
    }
  }
}

/// The instruments of one set of tags. Those that few spans need are made when the first one does.
private final class Instruments: Sendable {
  private enum Requests: Sendable {
    case exchange(requests: Counter, attempts: Counter, errors: Counter, duration: Recorder)
    case retrieval(retrievals: Counter, empty: Counter, duration: Recorder)
  }

  private struct Rare {
    var tokens: [String: Counter] = [:]
    var cost: [String: FloatingPointCounter] = [:]
    var other: [String: Counter] = [:]
    var timeToFirstToken: Recorder?
  }

  private let dimensions: [(String, String)]
  private let factory: any MetricsFactory
  private let requests: Requests
  private let rare = Mutex(Rare())

  init(dimensions: [(String, String)], isRetrieval: Bool, factory: any MetricsFactory) {
    func counter(_ metric: MetricDefinition) -> Counter { Counter(label: metric.name, dimensions: dimensions, factory: factory) }
    func recorder(_ metric: MetricDefinition) -> Recorder {
      Recorder(label: metric.name, dimensions: dimensions, aggregate: true, factory: factory)
    }
    self.dimensions = dimensions
    self.factory = factory
    requests =
      isRetrieval
      ? .retrieval(
        retrievals: counter(MetricCatalogue.retrievals), empty: counter(MetricCatalogue.retrievalsEmpty),
        duration: recorder(MetricCatalogue.retrievalDuration))
      : .exchange(
        requests: counter(MetricCatalogue.requests), attempts: counter(MetricCatalogue.attempts),
        errors: counter(MetricCatalogue.errors), duration: recorder(MetricCatalogue.duration))
  }

  func record(_ span: LLMSpan) {
    switch requests {
    case .retrieval(let retrievals, let empty, let duration):
      retrievals.increment()
      duration.record(span.duration.inSeconds)
      if span.retrieval?.documentCount == 0 { empty.increment() }
    case .exchange(let requests, let attempts, let errors, let duration):
      requests.increment()
      duration.record(span.duration.inSeconds)
      if span.attempts > 0 { attempts.increment(by: span.attempts) }
      if span.outcome.countsAsError { errors.increment() }
      rare.withLock { record(span, in: &$0) }
    }
  }

  private func record(_ span: LLMSpan, in rare: inout Rare) {
    if let wait = span.timeToFirstToken {
      let metric = MetricCatalogue.timeToFirstToken.name
      let recorder =
        rare.timeToFirstToken ?? Recorder(label: metric, dimensions: dimensions, aggregate: true, factory: factory)
      rare.timeToFirstToken = recorder
      recorder.record(wait.inSeconds)
    }
    for (bucket, count) in span.usage.buckets where count > 0 { tokens(bucket, &rare).increment(by: count) }
    if let amount = span.cost.amount {
      cost(span.cost.exactness, &rare).increment(by: amount.dollars)
    } else {
      other(MetricCatalogue.costUnknown, &rare).increment()
    }
    if span.fallbackFrom != nil { other(MetricCatalogue.fallbacks, &rare).increment() }
  }

  private func tokens(_ bucket: String, _ rare: inout Rare) -> Counter {
    if let known = rare.tokens[bucket] { return known }
    let made = Counter(label: MetricCatalogue.tokens.name, dimensions: dimensions + [("token_type", bucket)], factory: factory)
    rare.tokens[bucket] = made
    return made
  }

  private func cost(_ exactness: String, _ rare: inout Rare) -> FloatingPointCounter {
    if let known = rare.cost[exactness] { return known }
    let made = FloatingPointCounter(
      label: MetricCatalogue.cost.name, dimensions: dimensions + [("cost_exactness", exactness)], factory: factory)
    rare.cost[exactness] = made
    return made
  }

  private func other(_ metric: MetricDefinition, _ rare: inout Rare) -> Counter {
    if let known = rare.other[metric.name] { return known }
    let made = Counter(label: metric.name, dimensions: dimensions, factory: factory)
    rare.other[metric.name] = made
    return made
  }
}

extension TokenUsage {
  /// The known buckets under the words of the tag `token_type`.
  fileprivate var buckets: [(String, Int)] {
    var buckets: [(String, Int)] = []
    func add(_ name: String, _ count: Int?) { if let count { buckets.append((name, count)) } }
    add("input", input)
    add("cache_read", cacheRead)
    add("cache_write", cacheWrite)
    add("cache_write_1h", cacheWriteHour)
    add("input_audio", inputAudio)
    add("input_image", inputImage)
    add("output", output)
    add("reasoning", reasoning)
    add("output_audio", outputAudio)
    add("output_image", outputImage)
    return buckets
  }
}
