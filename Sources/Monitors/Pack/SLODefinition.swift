// A promise about the service: which events are good, how many of them must be, over which time.

import LLMMetrics

package struct SLODefinition: Hashable, Sendable {
  /// What is counted: things of one metric, under conditions on their tags and, for a distribution, on their value.
  package struct Events: Hashable, Sendable {
    package enum Condition: Hashable, Sendable {
      case isOneOf(tag: String, [String])
      /// Things without the tag pass too.
      case isNoneOf(tag: String, [String])
      case lacks(tag: String)

      package var tag: String {
        switch self {
        case .isOneOf(let tag, _), .isNoneOf(let tag, _), .lacks(let tag): tag
        }
      }
    }

    package var metric: MetricDefinition
    package var conditions: [Condition]
    /// Only values up to this one; for distributions only.
    package var atMost: Double?

    package init(_ metric: MetricDefinition, _ conditions: [Condition] = [], atMost: Double? = nil) {
      self.metric = metric
      self.conditions = conditions
      self.atMost = atMost
    }
  }

  package enum Indicator: Hashable, Sendable {
    case good(Events, of: Events)
    /// Good is what is not bad.
    case bad(Events, of: Events)
    /// A slice of time is good while the query's value stays on the good side of the bound.
    case timeSlice(MonitorQuery, good: Threshold.Comparison, bound: Double, seconds: Int)
    /// Time is good while none of these monitors alerts for any of its groups.
    case uptime(of: [String])
  }

  /// A pair of windows that both have to burn budget `factor` times as fast as the promise allows.
  package struct BurnRate: Hashable, Sendable {
    package var factor: Double
    package var longWindow: Duration
    package var shortWindow: Duration
    package var severity: Severity

    package init(factor: Double, long longWindow: Duration, short shortWindow: Duration, severity: Severity) {
      self.factor = factor
      self.longWindow = longWindow
      self.shortWindow = shortWindow
      self.severity = severity
    }

    /// 2 % of a month's budget within an hour: somebody has to get up.
    package static let fast = BurnRate(factor: 14.4, long: .seconds(3_600), short: .seconds(300), severity: .sev2)
    /// 5 % of a month's budget within six hours: somebody has to look today.
    package static let slow = BurnRate(factor: 6, long: .seconds(21_600), short: .seconds(1_800), severity: .sev3)
  }

  /// Unique among the objectives: `availability`.
  package var name: String
  package var title: String
  package var meaning: String
  package var indicator: Indicator
  /// In per cent.
  package var target: Double
  package var timeframe: Timeframe
  package var burnRates: [BurnRate]
  package var steps: [String]
  package var owner: String?
  /// The address of its runbook; `nil` for the pack's.
  package var runbook: String?
  /// Receivers or handles of its burn rates, beside those their severity has.
  package var notify: [String]
  /// Further tags, `team:search`.
  package var tags: [String]

  package init(
    name: String, title: String, meaning: String, indicator: Indicator, target: Double, timeframe: Timeframe = .thirtyDays,
    burnRates: [BurnRate] = [.fast, .slow], steps: [String] = [], owner: String? = nil,
    runbook: String? = nil, notify: [String] = [], tags: [String] = []
  ) {
    self.name = name
    self.title = title
    self.meaning = meaning
    self.indicator = indicator
    self.target = target
    self.timeframe = timeframe
    self.burnRates = burnRates
    self.steps = steps
    self.owner = owner
    self.runbook = runbook
    self.notify = notify
    self.tags = tags
  }

  /// The burn rate when everything fails; nothing burns faster.
  package var fastestBurn: Double { 1 / (1 - target / 100) }
}
