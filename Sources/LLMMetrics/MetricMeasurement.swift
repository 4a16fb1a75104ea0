// One value of one metric with everything written out: how the few values are passed that do not come from a span.

import LLMTelemetry

/// A value of a catalogue metric with its tags. (`Measurement` is Foundation's.) Spans, which are many, give a
/// `MeasurementBatch` instead.
package struct MetricMeasurement: Hashable, Sendable {
  package enum Value: Hashable, Sendable {
    /// In the metric's smallest unit: nano-dollars for dollars, the thing counted for all others.
    case count(Int64)
    /// Seconds, a score or another size.
    case sample(Double)
    /// A state as it is now.
    case gauge(Double)
  }

  package let definition: MetricDefinition
  package let tags: TagSet
  package let value: Value

  package init(_ definition: MetricDefinition, tags: TagSet, value: Value) {
    self.definition = definition
    self.tags = tags
    self.value = value
  }

  package var seriesKey: SeriesKey { SeriesKey(metric: definition.name, tags: tags) }
}

extension Aggregate {
  /// Adds one value; `false` when it is not a number a sketch can hold, or of the other kind.
  @discardableResult
  package mutating func add(_ value: MetricMeasurement.Value) -> Bool {
    switch (self, value) {
    case (.count(let total), .count(let added)):
      self = .count(total.addingSaturated(added))
      return true
    case (.sketch(var sketch), .sample(let sample)), (.sketch(var sketch), .gauge(let sample)):
      // The sketch leaves `self` while it changes, so that its buckets are not copied.
      self = .count(0)
      let accepted = sketch.add(sample)
      self = .sketch(sketch)
      return accepted
    default: return false
    }
  }

  /// An aggregate that holds nothing but what `value` will add. The readings of a gauge are a sketch: rollups of one interval
  /// merge in any order, and "the last" has no meaning then, while the largest, the mean and any quantile have.
  package static func empty(for value: MetricMeasurement.Value) -> Aggregate {
    switch value {
    case .count: .count(0)
    case .sample, .gauge: .sketch(QuantileSketch())
    }
  }
}
