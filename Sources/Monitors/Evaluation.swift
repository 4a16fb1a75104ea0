// What one monitor found at one time for one group: a value, a verdict, and the facts its sentence is made of.

import LLMMetrics
import LLMTelemetry

package struct Evaluation: Hashable, Sendable {
  package enum Verdict: String, Hashable, Sendable, Codable {
    case breached, recovered
    /// Between recovery and critical: neither news.
    case between
    /// Fewer requests than the traffic gate, or too little history: nothing is learnt.
    case quiet
    case noData = "no_data"
  }

  package let key: AlertKey
  package let at: Timestamp
  /// What was compared with the threshold. Absent when there was no data.
  package let value: Double?
  /// What the traffic gate compared: requests, or the denominator of a ratio.
  package let requests: Int64
  package let verdict: Verdict
  package let finding: Finding
  /// In a mute window: recorded, and nobody is paged.
  package let isMuted: Bool
  /// How long the monitor took to evaluate all of its groups; measured by the caller.
  package var duration: Duration?
  let monitor: EvaluatedMonitor

  /// One sentence with the numbers, without a final full stop. Made when it is asked for: most evaluations are never read.
  package var reason: String { EvaluationReason(self).text }

  /// What is usual, for charts; in the unit of the query. Only for kinds that know it.
  package var band: ValueBand? {
    switch finding {
    case .anomaly(let anomaly): anomaly.band
    case .outlier(let outlier): outlier.band
    default: nil
    }
  }
}

/// A range of values that are usual, and the middle of it.
package struct ValueBand: Hashable, Sendable {
  package let lower: Double
  package let middle: Double
  package let upper: Double
}

/// What an evaluation found beside its value; which case it is follows from the monitor's kind.
package enum Finding: Hashable, Sendable {
  case value
  /// The query's values, both in its unit.
  case change(now: Double?, then: Double?)
  indirect case anomaly(AnomalyFinding)
  /// Too little history for a band: what there is, and what is needed.
  case learning(steps: Int, needed: Int)
  indirect case outlier(OutlierFinding)
  /// Groups that could be compared; three are needed.
  case tooFewGroups(Int)
  indirect case forecast(ForecastFinding)
  case tooFewPoints(Int, needed: Int)
  indirect case burn(BurnFinding)
  case unknownObjective(String)
  /// The states of the parts, in the order of the expression.
  case composite([CompositePart])
  /// The end of the last interval with data.
  case absence(last: Timestamp?)
  /// The newest of the changes that were counted.
  indirect case events(last: ChangeEvent?)
  /// The numbers of the oldest failure that is followed, in words.
  case detection([String])
}

/// A definition that many evaluations share without copying it.
final class EvaluatedMonitor: Hashable, Sendable {
  let definition: MonitorDefinition

  init(_ definition: MonitorDefinition) { self.definition = definition }

  static func == (left: EvaluatedMonitor, right: EvaluatedMonitor) -> Bool {
    left === right || left.definition == right.definition
  }

  func hash(into hasher: inout Hasher) { hasher.combine(definition.name) }
}

extension Aggregate {
  package var countValue: Int64 {
    switch self {
    case .count(let count): count
    case .sketch(let sketch): sketch.count
    }
  }

  /// In the metric's unit (dollars, seconds, things); `nil` for an empty sketch or an aggregator that does not fit.
  package func value(_ term: MonitorQuery.Term) -> Double? {
    switch self {
    case .count(let count):
      guard term.aggregator == .sum else { return nil }
      return term.metric.unit == .dollar ? Nanodollars(count).dollars : Double(count)
    case .sketch(let sketch):
      guard sketch.count > 0 else { return nil }
      switch term.aggregator {
      case .avg: return sketch.sum / Double(sketch.count)
      case .max: return sketch.maximum
      case .sum: return nil
      case .p50, .p90, .p95, .p99: return term.aggregator.quantile.flatMap(sketch.quantile)
      }
    }
  }
}
