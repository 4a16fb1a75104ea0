// What is known about one metric: enough to emit it, to document it and to describe it to Datadog.

/// How values of a metric combine. Gauges are for states only: a gauge of money or tokens loses all but the last value.
package enum MetricType: String, CaseIterable, Sendable {
  case count, distribution, gauge
}

package enum MetricUnit: String, CaseIterable, Sendable {
  case request, error, token, dollar, second, score, span, answer, document, step, share, state, value, item, beat

  /// The word of Datadog's list of units, where it has one for it.
  package var datadogName: String? {
    switch self {
    case .request, .error, .dollar, .second, .document, .item: rawValue
    case .token, .span, .answer, .step, .value: "item"
    case .score, .share: "fraction"
    case .state, .beat: nil
    }
  }
}

/// One metric of the catalogue.
package struct MetricDefinition: Sendable {
  package let name: String
  package let type: MetricType
  package let unit: MetricUnit
  /// What a value is for one of, where that makes sense: seconds per token.
  package let perUnit: MetricUnit?
  /// Tags of its own, beside the dimensions.
  package let extraTags: [String]
  /// Whether it is about spans, and so has all of their dimensions. Those about states and this product have their own tags only.
  package let hasDimensions: Bool
  /// Whether a distribution is asked for percentiles in Datadog, which doubles its custom metrics there.
  package let hasPercentiles: Bool
  /// At most 20 characters, for legends.
  package let shortName: String
  package let meaning: String

  init(
    _ name: String, _ type: MetricType, _ unit: MetricUnit, per perUnit: MetricUnit? = nil, tags extraTags: [String] = [],
    hasDimensions: Bool = true, hasPercentiles: Bool = false, short shortName: String, _ meaning: String
  ) {
    self.name = name
    self.type = type
    self.unit = unit
    self.perUnit = perUnit
    self.extraTags = extraTags
    self.hasDimensions = hasDimensions
    self.hasPercentiles = hasPercentiles
    self.shortName = shortName
    self.meaning = meaning
  }

  /// What Datadog keeps of each combination of tags. A distribution without percentiles has five aggregations, with them ten.
  package var aggregations: [String] {
    switch type {
    case .count, .gauge: [type.rawValue]
    case .distribution:
      ["avg", "count", "max", "min", "sum"] + (hasPercentiles ? ["p50", "p75", "p90", "p95", "p99"] : [])
    }
  }

  /// What Datadog bills for each combination of tags.
  package var customMetricsPerSeries: Int { aggregations.count }
}

/// A name has one definition, so the name says it all.
extension MetricDefinition: Hashable {
  package static func == (left: MetricDefinition, right: MetricDefinition) -> Bool { left.name == right.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
