// Bounds how many series the metrics have, whatever clients send: the heavy keep their names, the rest is `other`.

import LLMTelemetry

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Asked once for each combination of dimensions and told from time to time how much each weighed. Deterministic: the same calls
/// give the same answers. Memory is bounded by the settings.
struct CardinalityGovernor: Sendable {
  let settings: CardinalitySettings
  /// In the order of `governed`.
  private var values: [TagValues]
  private var metrics: [String: MetricSeries] = [:]
  private var combinations: HeavyHitters<TagSet>
  /// Combinations that have earned a place.
  private var heavy: Set<TagSet> = []
  private var reviewedAt: Timestamp?

  private static let governed = CardinalitySettings.expendability
  private static let places = Dictionary(uniqueKeysWithValues: governed.enumerated().map { ($1.rawValue, $0) })

  init(_ settings: CardinalitySettings) {
    self.settings = settings
    values = Self.governed.map { TagValues(budget: settings.values($0)) }
    combinations = HeavyHitters(
      capacity: min(8192, max(64, settings.seriesPerMetric > 4096 ? 8192 : settings.seriesPerMetric * 2)))
  }

  /// The time of the last review: what is admitted now was seen then at the earliest.
  var time: Timestamp { reviewedAt ?? Timestamp(unixNanoseconds: 0) }

  /// `tags` with `other` for the values that have no name.
  mutating func names(_ tags: [TagSet.Tag]) -> TagSet {
    TagSet(
      tags.map { tag in
        guard let place = Self.places[tag.name], tag.value != CardinalitySettings.otherValue,
          !values[place].admit(tag.value, at: time)
        else { return tag }
        return TagSet.Tag(name: tag.name, value: CardinalitySettings.otherValue)
      })
  }

  /// The series in which values of a metric count.
  mutating func admit(_ metric: String, _ base: TagSet, _ ownTag: TagSet.Tag?) -> TagSet {
    metrics[metric, default: MetricSeries(budget: settings.seriesPerMetric)]
      .admit(base, ownTag, isHeavy: heavy.contains(base), at: time)
  }

  // MARK: What is told

  /// Spans of these dimensions, under the names they came with.
  mutating func observe(_ dimensions: Dimensions, spans: Int64, at time: Timestamp) {
    func observe(_ dimension: Dimension, _ value: String?) {
      guard let value, let place = Self.places[dimension.rawValue] else { return }
      values[place].observe(value, weight: Double(spans), at: time)
    }
    observe(.feature, dimensions.feature)
    observe(.tenant, dimensions.tenant)
    observe(.promptVersion, dimensions.promptVersion)
    observe(.prompt, dimensions.prompt)
    observe(.version, dimensions.version)
    observe(.region, dimensions.region)
    observe(.model, dimensions.model)
    observe(.service, dimensions.service)
    observe(.env, dimensions.env)
    observe(.route, dimensions.route)
    observe(.provider, dimensions.provider)
  }

  mutating func observe(combination: TagSet, spans: Int64) { combinations.add(combination, weight: Double(spans)) }

  mutating func see(_ metric: String, _ tags: TagSet, values: Int64, at time: Timestamp) {
    metrics[metric]?.see(tags, values: values, at: time)
  }

  /// Looking at everything is due only now and then.
  func isReviewDue(now: Timestamp) -> Bool { reviewedAt.map { now >= $0 + CardinalitySettings.reviewInterval } ?? true }

  /// Decides again who has a name and a place. True when that changed anything, so that every combination must ask again.
  mutating func review(now: Timestamp) -> Bool {
    let age = reviewedAt.map { max(0, (now - $0).inSeconds) } ?? 0
    let decay = exp2(-age / CardinalitySettings.halfLife.inSeconds)
    reviewedAt = now
    var isChanged = false
    for place in values.indices where values[place].review(now: now, decay: decay) { isChanged = true }
    combinations.decay(by: decay)
    let candidates = combinations.entries.filter { $0.certain >= CardinalitySettings.leastWeight }
      .map { (base: $0.key, weight: $0.certain) }
      .sorted { $0.weight != $1.weight ? $0.weight > $1.weight : $0.base.text < $1.base.text }
    heavy = heavy.filter { combinations[$0] != nil }
    for metric in metrics.keys.sorted() {
      guard var series = metrics.removeValue(forKey: metric) else { continue }
      let result = series.review(now: now, decay: decay, candidates: candidates)
      metrics[metric] = series
      heavy.formUnion(result.heavy)
      if result.isChanged { isChanged = true }
    }
    return isChanged
  }
}
