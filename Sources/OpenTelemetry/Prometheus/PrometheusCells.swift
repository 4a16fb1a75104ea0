// The numbers of all series in flat arrays: a value costs an index and an addition.

import LLMMetrics
import LLMTelemetry

/// The last exchange that fell somewhere: what leads from a point on a chart to a trace.
struct Exemplar: Sendable {
  var trace: TraceID
  var span: SpanID
  /// Nano-dollars or a count for a counter, the bits of the sample for a bucket.
  var bits: Int64
  var at: Timestamp
}

/// One series.
struct PrometheusSeries: Sendable {
  let family: Int
  /// `a="b",c="d"`: escaped once, when the series is first seen.
  let labels: [UInt8]
  let key: SeriesKey
  /// Place of the first bucket; 0 for what is no histogram.
  let firstBucket: Int
  var count: Int64 = 0
  /// The sum of a histogram's samples, or a gauge's value.
  var sum: Double = 0
  var exemplar: Exemplar?
  var lastSeen: Timestamp
}

struct PrometheusCells: Sendable {
  private(set) var families: [PrometheusFamily] = []
  private(set) var series: [PrometheusSeries] = []
  /// Of all histograms, each bucket for itself and not cumulative; every histogram has one more for what is beyond its bounds.
  private(set) var buckets: [Int64] = []
  private(set) var bucketExemplars: [Exemplar?] = []
  private var familyPlaces: [String: Int] = [:]
  private var places: [SeriesKey: Int] = [:]

  /// The place of a series, which is made when there is room for it.
  mutating func place(_ definition: MetricDefinition, _ tags: TagSet, at time: Timestamp, limit: Int) -> Int? {
    let key = SeriesKey(metric: definition.name, tags: tags)
    if let known = places[key] { return known }
    guard series.count < limit else { return nil }
    return add(family(definition), key, at: time)
  }

  private mutating func family(_ definition: MetricDefinition) -> Int {
    if let known = familyPlaces[definition.name] { return known }
    familyPlaces[definition.name] = families.count
    families.append(PrometheusFamily(definition))
    return families.count - 1
  }

  private mutating func add(_ family: Int, _ key: SeriesKey, at time: Timestamp) -> Int {
    let isHistogram = families[family].kind == .histogram
    places[key] = series.count
    series.append(
      PrometheusSeries(
        family: family, labels: PrometheusText.labels(key.tags), key: key, firstBucket: isHistogram ? buckets.count : 0,
        lastSeen: time))
    if isHistogram {
      buckets.append(contentsOf: repeatElement(0, count: families[family].bounds.count + 1))
      bucketExemplars.append(contentsOf: repeatElement(nil, count: families[family].bounds.count + 1))
    }
    return series.count - 1
  }

  @inline(__always)
  mutating func count(_ place: Int, _ added: Int64, _ trace: (TraceID, SpanID)?, at time: Timestamp) {
    switch families[series[place].family].kind {
    case .counter:
      // A counter goes up only.
      guard added >= 0 else { return }
      let (sum, overflow) = series[place].count.addingReportingOverflow(added)
      series[place].count = overflow ? .max : sum
      if let trace { series[place].exemplar = Exemplar(trace: trace.0, span: trace.1, bits: added, at: time) }
    case .gauge: series[place].sum = Double(added)
    case .histogram: return
    }
    if series[place].lastSeen < time { series[place].lastSeen = time }
  }

  @inline(__always)
  mutating func sample(_ place: Int, _ value: Double, _ trace: (TraceID, SpanID)?, at time: Timestamp) {
    guard value.isFinite else { return }
    let family = series[place].family
    switch families[family].kind {
    case .histogram:
      let bucket = series[place].firstBucket + Self.bucket(of: value, families[family].bounds)
      buckets[bucket] += 1
      series[place].count += 1
      series[place].sum += value
      if let trace {
        bucketExemplars[bucket] = Exemplar(
          trace: trace.0, span: trace.1, bits: Int64(bitPattern: value.bitPattern), at: time)
      }
    case .gauge: series[place].sum = value
    case .counter: return
    }
    if series[place].lastSeen < time { series[place].lastSeen = time }
  }

  /// The first bucket whose bound the value does not exceed.
  @inline(__always)
  static func bucket(of value: Double, _ bounds: [Double]) -> Int {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if value <= bounds[middle] { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Without the series that were last seen before `edge`. All places change.
  mutating func forget(before edge: Timestamp) -> Bool {
    guard series.contains(where: { $0.lastSeen < edge }) else { return false }
    let old = self
    series.removeAll(keepingCapacity: true)
    buckets.removeAll(keepingCapacity: true)
    bucketExemplars.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    for kept in old.series where kept.lastSeen >= edge {
      let place = add(kept.family, kept.key, at: kept.lastSeen)
      series[place].count = kept.count
      series[place].sum = kept.sum
      series[place].exemplar = kept.exemplar
      guard families[kept.family].kind == .histogram else { continue }
      for offset in 0...families[kept.family].bounds.count {
        buckets[series[place].firstBucket + offset] = old.buckets[kept.firstBucket + offset]
        bucketExemplars[series[place].firstBucket + offset] = old.bucketExemplars[kept.firstBucket + offset]
      }
    }
    return true
  }
}
