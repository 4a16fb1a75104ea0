// Unit tests of monitors as values: what is measured, what changes, and what has to be in which state when.

import LLMMetrics
import LLMTelemetry
import Monitors

struct MonitorTest: Sendable {
  struct Series: Sendable {
    var metric: MetricDefinition
    var tags: TagSet
    var notation: SeriesNotation
    /// How many values of that size a distribution has in each step.
    var count: Int64
  }

  struct Change: Sendable {
    var after: Duration
    var kind: ChangeEvent.Kind
    var subject: String
    var from: String?
    var to: String?
    var author: String?
  }

  struct ExpectedAlert: Hashable, Sendable {
    var key: AlertKey
    var value: Double?
  }

  struct Expectation: Sendable {
    enum Content: Sendable {
      /// Exactly these fire.
      case alerts([ExpectedAlert])
      case state(AlertKey, AlertState?, value: Double?)
    }

    var after: Duration
    var content: Content
  }

  var name: String
  /// `nil` for the first record of the traffic.
  var start: Timestamp?
  var step: Duration
  var interval: Duration
  /// Names of the monitors under test.
  var monitors: [String]
  var series: [Series]
  /// Paths of recorded traffic.
  var traffic: [String]
  var changes: [Change]
  var expectations: [Expectation]

  /// 2026-11-02, a Monday.
  static let defaultStart = Timestamp(unixSeconds: 1_793_577_600)
}

/// A file of tests with the pack they are about.
struct MonitorTestFile: Sendable {
  var pack: MonitorPack
  var tests: [MonitorTest]
}
