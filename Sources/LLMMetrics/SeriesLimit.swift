// Bounds how many series a metric can have, whatever values clients send in tenant, feature or model.

import LLMTelemetry

/// Admits series first come, first served; beyond the limit, tags whose values clients choose become `other`.
package struct SeriesLimit: Sendable {
  /// A series unseen for this long gives its place back.
  static let memory: Duration = .seconds(3600)
  static let overflowValue = "other"
  /// Tags with values from a closed set or from our own configuration; all others are open-ended.
  private static let closedTags: Set<String> = Set(
    [Dimension.provider, .route, .spanKind, .finishReason, .cache, .errorClass].map(\.rawValue)
      + MetricCatalogue.all.flatMap(\.extraTags))

  private let seriesPerMetric: Int
  private var lastSeen: [String: [TagSet: Timestamp]] = [:]
  private var forgottenAt: Timestamp?

  /// - Parameter seriesPerMetric: how many series one metric may have before the values of open-ended tags fold into `other`.
  package init(seriesPerMetric: Int = 2000) { self.seriesPerMetric = seriesPerMetric }

  /// `key` itself, or the series its overflow folds into. Every reader of measurements sees the same: rollups here and custom
  /// metrics in Datadog.
  package mutating func admit(_ key: SeriesKey, at time: Timestamp) -> SeriesKey {
    if lastSeen[key.metric]?[key.tags] != nil {
      see(key, at: time)
      return key
    }
    if lastSeen[key.metric]?.count ?? 0 < seriesPerMetric {
      lastSeen[key.metric, default: [:]][key.tags] = time
      return key
    }
    let folded = key.tags.tags.map { tag in
      Self.closedTags.contains(tag.name) ? tag : TagSet.Tag(name: tag.name, value: Self.overflowValue)
    }
    return SeriesKey(metric: key.metric, tags: TagSet(folded))
  }

  /// An admitted series was seen again; others are not remembered.
  package mutating func see(_ key: SeriesKey, at time: Timestamp) {
    guard let seen = lastSeen[key.metric]?[key.tags], time > seen else { return }
    lastSeen[key.metric]?[key.tags] = time
  }

  /// Forgetting looks at every series, so it is due only when a tenth of `memory` has passed since the last time.
  package func isForgettingDue(now: Timestamp) -> Bool {
    guard let forgottenAt else { return true }
    return now - Self.memory >= forgottenAt + Self.memory / 10
  }

  /// Does nothing when it is not due.
  package mutating func forget(now: Timestamp) {
    guard isForgettingDue(now: now) else { return }
    let edge = now - Self.memory
    forgottenAt = edge
    for metric in lastSeen.keys { lastSeen[metric] = lastSeen[metric]?.filter { $0.value >= edge } }
  }
}
