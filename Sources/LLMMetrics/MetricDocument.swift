// A metric of the catalogue as JSON: what `commander metrics list` prints, and what describes it to Datadog.

package struct MetricDocument: Hashable, Sendable, Encodable {
  package let name: String
  package let type: String
  package let unit: String
  package let perUnit: String?
  package let shortName: String
  package let meaning: String
  /// Its own, beside the dimensions.
  package let tags: [String]
  package let hasDimensions: Bool
  package let aggregations: [String]
  package let customMetricsPerSeries: Int

  enum CodingKeys: String, CodingKey {
    case name, type, unit, meaning, tags, aggregations
    case perUnit = "per_unit"
    case shortName = "short_name"
    case hasDimensions = "has_dimensions"
    case customMetricsPerSeries = "custom_metrics_per_series"
  }

  init(_ metric: MetricDefinition) {
    name = metric.name
    type = metric.type.rawValue
    unit = metric.unit.rawValue
    perUnit = metric.perUnit?.rawValue
    shortName = metric.shortName
    meaning = metric.meaning
    tags = metric.extraTags
    hasDimensions = metric.hasDimensions
    aggregations = metric.aggregations
    customMetricsPerSeries = metric.customMetricsPerSeries
  }
}

extension MetricCatalogue {
  /// In the order of the reference.
  package static var documents: [MetricDocument] { all.map(MetricDocument.init) }
}
