// How many custom metrics traffic makes in Datadog, per metric and tag: what `commander metrics forecast` says. Pure.

import LLMTelemetry

/// Its JSON is documented in `docs/cardinality.md`; keys are only added.
package struct MetricForecast: Hashable, Sendable, Encodable {
  /// Series with and without a governor, and what Datadog bills for them.
  package struct Size: Hashable, Sendable, Encodable {
    package internal(set) var series = 0
    package internal(set) var customMetrics = 0
    package internal(set) var ungovernedSeries = 0
    package internal(set) var ungovernedCustomMetrics = 0

    enum CodingKeys: String, CodingKey {
      case series
      case customMetrics = "custom_metrics"
      case ungovernedSeries = "ungoverned_series"
      case ungovernedCustomMetrics = "ungoverned_custom_metrics"
    }
  }

  package struct Metric: Hashable, Sendable, Encodable {
    package let name: String
    package let type: String
    package let customMetricsPerSeries: Int
    package let size: Size
    /// Those the metric has, in the order of their names.
    package let tags: [MetricTag]

    enum CodingKeys: String, CodingKey {
      case name, type, size, tags
      case customMetricsPerSeries = "custom_metrics_per_series"
    }
  }

  /// One tag of one metric.
  package struct MetricTag: Hashable, Sendable, Encodable {
    package let tag: String
    /// Distinct values with their names, `other` not counted.
    package let values: Int
    /// The metric's series if it did not have this tag.
    package let seriesWithout: Int

    enum CodingKeys: String, CodingKey {
      case tag, values
      case seriesWithout = "series_without"
    }
  }

  /// One tag over all metrics.
  package struct Tag: Hashable, Sendable, Encodable {
    package let tag: String
    /// Distinct values that came.
    package let values: Int
    /// Those of them that are nowhere but in `other`.
    package let folded: Int
    /// What Datadog would bill if no metric had this tag.
    package let customMetricsWithout: Int
    /// How many times as much is billed because of this tag.
    package let factor: Double

    enum CodingKeys: String, CodingKey {
      case tag, values, folded, factor
      case customMetricsWithout = "custom_metrics_without"
    }
  }

  package struct Budgets: Hashable, Sendable, Encodable {
    package let valuesPerTag: Int
    package let valuesPerDimension: [String: Int]
    package let seriesPerMetric: Int

    enum CodingKeys: String, CodingKey {
      case valuesPerTag = "values_per_tag"
      case valuesPerDimension = "values_per_dimension"
      case seriesPerMetric = "series_per_metric"
    }
  }

  package let spans: Int
  /// Start of the first and end of the last span; `nil` without spans.
  package let from: Timestamp?
  package let until: Timestamp?
  package let budgets: Budgets
  package let total: Size
  /// Those with series, the dearest first.
  package let metrics: [Metric]
  /// Those that any series has, the dearest first.
  package let tags: [Tag]
}
