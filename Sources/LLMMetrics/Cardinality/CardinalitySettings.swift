// How many values a tag may have and how many series a metric, and which dimensions lose their values first.

import LLMTelemetry

package struct CardinalitySettings: Hashable, Sendable {
  /// Distinct values of one dimension that keep their name.
  package var valuesPerTag: Int
  /// Other numbers for single dimensions.
  package var valuesPerDimension: [Dimension: Int]
  /// Series of one metric, those of folded values included.
  package var seriesPerMetric: Int

  package init(valuesPerTag: Int = 100, valuesPerDimension: [Dimension: Int] = [:], seriesPerMetric: Int = 2000) {
    self.valuesPerTag = valuesPerTag
    self.valuesPerDimension = valuesPerDimension
    self.seriesPerMetric = seriesPerMetric
  }

  /// Every value keeps its name: what there would be without a governor.
  package static let unlimited = CardinalitySettings(valuesPerTag: .max, seriesPerMetric: .max)

  /// What a folded value is called.
  package static let otherValue = "other"
  /// Longer values are `other`: Datadog cuts a tag at 200 characters, and two that it cuts would become one.
  package static let valueByteLimit = 200
  /// A value or series that is not seen for this long gives its place back.
  package static let memory: Duration = .seconds(3600)
  /// How often it is decided again who keeps a name.
  package static let reviewInterval: Duration = .seconds(10)
  /// After this long a value's past counts half.
  package static let halfLife: Duration = .seconds(600)
  /// How many times as heavy as the lightest named one a value must be to take its name's place, so that names do not flap.
  package static let hysteresis = 2.0
  /// Weight below which nothing takes another's place.
  package static let leastWeight = 10.0

  /// The dimensions whose values come from outside a closed set, the most expendable first: what clients choose freely, then what
  /// releases change, then what configuration names. Those that a span derives (`span_kind`, `finish_reason`, `cache`,
  /// `error_class`) have closed sets and are folded only with everything else.
  package static let expendability: [Dimension] = [
    .feature, .tenant, .promptVersion, .prompt, .version, .region, .model, .service, .env, .route, .provider,
  ]

  func values(_ dimension: Dimension) -> Int { max(0, valuesPerDimension[dimension] ?? valuesPerTag) }
}

extension TagSet {
  /// Whether `self` is what `whole` is called after some of its tags became `other`.
  package func isFold(of whole: TagSet) -> Bool {
    tags.count == whole.tags.count
      && zip(tags, whole.tags).allSatisfy {
        $0.name == $1.name && ($0.value == $1.value || $0.value == CardinalitySettings.otherValue)
      }
  }
}
