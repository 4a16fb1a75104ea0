// What a batch of spans means in metrics, with series by number: the common input of rollups and of Datadog.

import LLMTelemetry

/// Ten measurements a span are too many to give each its name and tags; so a series gets a number once, and everything that
/// adds values up does so by number.
package struct MeasurementBatch: Sendable {
  /// What a number stands for.
  package struct Series: Sendable {
    package let definition: MetricDefinition
    package let tags: TagSet
    package var key: SeriesKey { SeriesKey(metric: definition.name, tags: tags) }
  }

  /// One value of one series.
  package struct Value: Sendable {
    package let series: Int32
    package let isSample: Bool
    /// The count, or the bits of the sample.
    fileprivate let bits: Int64

    package var count: Int64 { bits }
    package var sample: Double { Double(bitPattern: UInt64(bitPattern: bits)) }

    @inline(__always)
    init(series: Int32, count: Int64) {
      self.series = series
      isSample = false
      bits = count
    }

    @inline(__always)
    init(series: Int32, sample: Double) {
      self.series = series
      isSample = true
      bits = Int64(bitPattern: sample.bitPattern)
    }
  }

  /// The values of one span: those before `end` that belong to no earlier one.
  package struct SpanValues: Sendable {
    package let endedAt: Timestamp
    package let end: Int
  }

  /// Numbers mean the same in all batches of one generation; within it, series are only added.
  package internal(set) var generation: UInt64 = 0
  /// By number.
  package internal(set) var series: [Series] = []
  package internal(set) var values: [Value] = []
  package internal(set) var spans: [SpanValues] = []
  /// Those that come from no span: about this product itself.
  package var others: [MetricMeasurement] = []

  package init() {}

  /// Empty again, with its memory kept. The series go, so that whoever numbers them need not copy them to add one.
  package mutating func removeAll() {
    series = []
    values.removeAll(keepingCapacity: true)
    spans.removeAll(keepingCapacity: true)
    others.removeAll()
  }

  /// Everything written out, for whoever is not in a hurry.
  package var measurements: [MetricMeasurement] {
    values.map { value in
      let series = series[Int(value.series)]
      return MetricMeasurement(
        series.definition, tags: series.tags, value: value.isSample ? .sample(value.sample) : .count(value.count))
    } + others
  }
}
