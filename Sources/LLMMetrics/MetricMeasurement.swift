// One value of one metric, as it leaves a span and before anything is folded.

import LLMTelemetry

/// A value of a catalogue metric with its tags: the common input of rollups and of Datadog. (`Measurement` is Foundation's.)
package struct MetricMeasurement: Hashable, Sendable {
  package enum Value: Hashable, Sendable {
    /// In the metric's smallest unit: nano-dollars for dollars, the thing counted for all others.
    case count(Int64)
    /// Seconds or a score.
    case sample(Double)
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
      let (sum, overflow) = total.addingReportingOverflow(added)
      self = .count(overflow ? .max : sum)
      return true
    case (.sketch(var sketch), .sample(let sample)):
      // The sketch leaves `self` while it changes, so that its buckets are not copied.
      self = .count(0)
      let accepted = sketch.add(sample)
      self = .sketch(sketch)
      return accepted
    default: return false
    }
  }

  /// An aggregate that holds nothing but what `value` will add.
  package static func empty(for value: MetricMeasurement.Value) -> Aggregate {
    switch value {
    case .count: .count(0)
    case .sample: .sketch(QuantileSketch())
    }
  }
}
