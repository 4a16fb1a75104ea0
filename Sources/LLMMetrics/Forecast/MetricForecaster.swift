// Measures traffic twice, with a governor and without one, and counts the series that each leaves.

import LLMTelemetry

package struct MetricForecaster: Sendable {
  private static let batchSize = 1000

  /// One meter and every series it has ever named.
  private struct Count: Sendable {
    var meter: SpanMeter
    var series: [String: Set<TagSet>] = [:]
    private var batch = MeasurementBatch()
    private var generation: UInt64 = 0
    private var known = 0

    init(_ settings: CardinalitySettings) { meter = SpanMeter(cardinality: settings) }

    mutating func add(_ spans: [LLMSpan], now: Timestamp) {
      meter.measure(spans, into: &batch)
      if batch.generation != generation { known = 0 }
      for series in batch.series.dropFirst(known) { self.series[series.definition.name, default: []].insert(series.tags) }
      generation = batch.generation
      known = batch.series.count
      batch.removeAll()
      _ = meter.review(now: now)
    }
  }

  private let settings: CardinalitySettings
  private var governed: Count
  private var ungoverned: Count
  private var spans = 0
  private var from: Timestamp?
  private var until: Timestamp?

  package init(settings: CardinalitySettings) {
    self.settings = settings
    governed = Count(settings)
    ungoverned = Count(.unlimited)
  }

  /// In the order of time, as they would come.
  package mutating func add(_ spans: [LLMSpan]) {
    for first in stride(from: 0, to: spans.count, by: Self.batchSize) {
      let batch = Array(spans[first..<min(spans.count, first + Self.batchSize)])
      for span in batch {
        from = from.map { min($0, span.start) } ?? span.start
        until = until.map { max($0, span.end) } ?? span.end
      }
      self.spans += batch.count
      let now = until ?? Timestamp(unixNanoseconds: 0)
      governed.add(batch, now: now)
      ungoverned.add(batch, now: now)
    }
  }

  package var forecast: MetricForecast {
    var total = MetricForecast.Size()
    var metrics: [MetricForecast.Metric] = []
    var without: [String: Int] = [:]
    for definition in MetricCatalogue.all {
      guard let series = governed.series[definition.name], let all = ungoverned.series[definition.name] else { continue }
      let price = definition.customMetricsPerSeries
      let size = MetricForecast.Size(
        series: series.count, customMetrics: series.count * price, ungovernedSeries: all.count,
        ungovernedCustomMetrics: all.count * price)
      total.add(size)
      let tags = Self.names(series).map { tag in
        MetricForecast.MetricTag(
          tag: tag, values: Self.values(tag, series).subtracting([CardinalitySettings.otherValue]).count,
          seriesWithout: Set(series.map { $0.without(tag) }).count)
      }
      for tag in tags { without[tag.tag, default: 0] += (series.count - tag.seriesWithout) * price }
      metrics.append(
        .init(name: definition.name, type: definition.type.rawValue, customMetricsPerSeries: price, size: size, tags: tags))
    }
    let everyUngoverned = ungoverned.series.values.reduce(into: Set<TagSet>()) { $0.formUnion($1) }
    let everyGoverned = governed.series.values.reduce(into: Set<TagSet>()) { $0.formUnion($1) }
    let tags = without.map { tag, saved in
      let values = Self.values(tag, everyUngoverned)
      let rest = total.customMetrics - saved
      return MetricForecast.Tag(
        tag: tag, values: values.count, folded: values.subtracting(Self.values(tag, everyGoverned)).count,
        customMetricsWithout: rest, factor: rest > 0 ? Double(total.customMetrics) / Double(rest) : 1)
    }
    return MetricForecast(
      spans: spans, from: from, until: until,
      budgets: .init(
        valuesPerTag: settings.valuesPerTag,
        valuesPerDimension: Dictionary(uniqueKeysWithValues: settings.valuesPerDimension.map { ($0.key.rawValue, $0.value) }),
        seriesPerMetric: settings.seriesPerMetric),
      total: total, metrics: metrics.sorted { ($0.size.customMetrics, $1.name) > ($1.size.customMetrics, $0.name) },
      tags: tags.sorted { ($0.customMetricsWithout, $0.tag) < ($1.customMetricsWithout, $1.tag) })
  }

  private static func names(_ series: Set<TagSet>) -> [String] {
    series.reduce(into: Set<String>()) { $0.formUnion($1.tags.lazy.map(\.name)) }.sorted()
  }

  private static func values(_ tag: String, _ series: Set<TagSet>) -> Set<String> {
    series.reduce(into: []) { result, tags in if let value = tags[tag] { result.insert(value) } }
  }
}

extension MetricForecast {
  /// Of spans in any order.
  package init(of spans: [LLMSpan], settings: CardinalitySettings) {
    var forecaster = MetricForecaster(settings: settings)
    forecaster.add(spans.sorted { $0.end < $1.end })
    self = forecaster.forecast
  }
}

extension MetricForecast.Size {
  fileprivate mutating func add(_ other: Self) {
    series += other.series
    customMetrics += other.customMetrics
    ungovernedSeries += other.ungovernedSeries
    ungovernedCustomMetrics += other.ungovernedCustomMetrics
  }
}

extension TagSet {
  fileprivate func without(_ name: String) -> TagSet { TagSet(tags.filter { $0.name != name }) }
}
