// What a monitor compares with its threshold: the query's value itself, or something that is made of it.

import LLMMetrics
import LLMTelemetry

package enum MonitorKind: Hashable, Sendable {
  /// The query's value over the window.
  case threshold
  /// The query's value over the window against its value over an equally long window earlier.
  case change(ChangeComparison)
  /// How far the query's value lies outside what is usual at this time, in widths of the usual band; the threshold is a number of
  /// such widths.
  case anomaly(AnomalySettings)
  /// How far the group's value lies from the other groups', in robust deviations; needs `groupBy`.
  case outlier(OutlierSettings)
  /// The value the query will have after `horizon` if it goes on as in the window.
  case forecast(ForecastSettings)
  /// How many times faster than promised an SLO's error budget burns: the smaller of a long and a short window's burn rates.
  case burnRate(BurnRateSettings)
  /// Whether a combination of other monitors' states holds: 1 when it does, else 0.
  case composite(CompositeExpression)
  /// Minutes since the query's last data, at most the window's.
  case absence
  /// How many changes (prompt versions, models, deploys …) were recorded in the window.
  case events(EventFilter)
  /// How many failures detection follows in a slice of the traffic; alerts are grouped by the values that are blamed.
  case detection(DetectionFilter)
}

/// The same length of time earlier, and how the two are compared.
package struct ChangeComparison: Hashable, Sendable {
  package enum Measure: String, CaseIterable, Hashable, Sendable {
    /// Now less then, in the query's unit.
    case difference
    /// (Now less then) / then × 100: per cent.
    case percent
  }

  package var measure: Measure
  /// How much earlier the other window ends: its own length (the window before), a day, a week.
  package var shift: Duration

  package init(_ measure: Measure, shift: Duration) {
    self.measure = measure
    self.shift = shift
  }
}

package struct AnomalySettings: Hashable, Sendable {
  package enum Direction: String, CaseIterable, Hashable, Sendable { case above, below, both }
  package enum Seasonality: String, CaseIterable, Hashable, Sendable { case none, hourly, daily, weekly }

  package var direction: Direction
  package var seasonality: Seasonality
  /// How much of the past the band is made of.
  package var history: Duration
  /// How many windows of a healthy week may lie outside the band, for each group: the band is made as wide as that needs.
  package var falseAlarmsPerWeek: Double

  package init(
    direction: Direction = .both, seasonality: Seasonality = .daily, history: Duration = .seconds(7 * 86_400),
    falseAlarmsPerWeek: Double = 0.5
  ) {
    self.direction = direction
    self.seasonality = seasonality
    self.history = history
    self.falseAlarmsPerWeek = falseAlarmsPerWeek
  }
}

package struct OutlierSettings: Hashable, Sendable {
  /// Groups with less than this share of the requests are not compared.
  package var leastShare: Double

  package init(leastShare: Double = 0) { self.leastShare = leastShare }
}

package struct ForecastSettings: Hashable, Sendable {
  package var horizon: Duration
  /// What repeats after this long is no trend: a day, a week. The window needs two of them.
  package var season: Duration?

  package init(horizon: Duration, season: Duration? = nil) {
    self.horizon = horizon
    self.season = season
  }
}

package struct BurnRateSettings: Hashable, Sendable {
  /// The name of an `SLODefinition`.
  package var objective: String
  /// Often a twelfth of the monitor's window, which is the long one.
  package var shortWindow: Duration

  package init(objective: String, shortWindow: Duration) {
    self.objective = objective
    self.shortWindow = shortWindow
  }
}

/// `requests-failing && !provider-errors`
package indirect enum CompositeExpression: Hashable, Sendable {
  case monitor(String)
  case not(CompositeExpression)
  case and(CompositeExpression, CompositeExpression)
  case or(CompositeExpression, CompositeExpression)

  /// Each name once, in the order of the text.
  package var monitors: [String] {
    let all: [String] =
      switch self {
      case .monitor(let name): [name]
      case .not(let inner): inner.monitors
      case .and(let left, let right), .or(let left, let right): left.monitors + right.monitors
      }
    var seen: Set<String> = []
    return all.filter { seen.insert($0).inserted }
  }
}

/// Which changes are counted; what is `nil` matches everything.
package struct EventFilter: Hashable, Sendable {
  package var kind: ChangeEvent.Kind?
  package var subject: String?

  package init(kind: ChangeEvent.Kind? = nil, subject: String? = nil) {
    self.kind = kind
    self.subject = subject
  }
}
