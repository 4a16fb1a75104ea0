// The queries of Datadog's monitors, for every kind of definition.

import LLMMetrics
import LLMTelemetry
import Monitors

/// What a definition becomes in the language of its type.
struct KindQuery {
  var type = "query alert"
  var text: String
  var critical: Double
  /// `nil` where it is the threshold itself.
  var recovery: Double?
  /// The trigger and recovery windows of an anomaly.
  var windows: String?
  var hasValue = true
  var noDataMinutes: Int64
}

extension MonitorCompiler {
  /// The metric part over one window, before anything compares it: `sum(…):a / b` is its aggregator and expression.
  struct Windowed {
    var aggregator: String
    var expression: String
  }

  /// Zero may stand for nothing where zero says what nothing means: ok above a threshold, an alert below one.
  func fillsWithZero(_ monitor: MonitorDefinition) -> Bool {
    guard monitor.kind == .threshold, terms(of: monitor.query).allSatisfy({ $0.metric.type == .count }) else { return false }
    switch monitor.query.form {
    // Nothing divided by nothing is nothing.
    case .ratio: return false
    case .value, .perMinute:
      let isBad = monitor.threshold.isBreached(by: 0)
      return monitor.noData == .ok && !isBad || monitor.noData == .alert && isBad
    }
  }

  func windowed(_ monitor: MonitorDefinition) -> Windowed {
    func text(_ term: MonitorQuery.Term) -> String {
      MetricQueryText.query(term, scope: settings.scope, by: monitor.groupBy)
    }
    func filled(_ term: MonitorQuery.Term) -> String {
      fillsWithZero(monitor) ? "default_zero(\(text(term)))" : text(term)
    }
    switch monitor.query.form {
    case .value(let term):
      let aggregator =
        switch term.aggregator {
        case .sum: "sum"
        case .avg: "avg"
        case .max: "max"
        // Of all values in the window, not of the points' percentiles.
        case .p50, .p90, .p95, .p99: "percentile"
        }
      return Windowed(aggregator: aggregator, expression: filled(term))
    case .perMinute(let term):
      return Windowed(aggregator: "sum", expression: "\(filled(term)) / \(MetricQueryText.minutes(monitor.window))")
    case .ratio(let numerator, let denominator):
      // Both sides are summed over the window before they are divided. Requests without an error have an error rate of zero.
      let areCounts = numerator.metric.type == .count && denominator.metric.type == .count
      return Windowed(
        aggregator: areCounts ? "sum" : "avg",
        expression: "\(areCounts ? "default_zero(\(text(numerator)))" : text(numerator)) / \(text(denominator))")
    }
  }

  func kindQuery(_ monitor: MonitorDefinition) -> KindQuery {
    let threshold = monitor.threshold
    let comparison = threshold.comparison == .above ? ">" : "<"
    let number = MetricQueryText.number
    let window = MetricQueryText.window(monitor.window)
    let part = windowed(monitor)
    var query = KindQuery(
      text: "", critical: threshold.critical,
      recovery: threshold.recovery == threshold.critical ? nil : threshold.recovery, noDataMinutes: noDataMinutes(monitor))
    switch monitor.kind {
    // A composite is made of other monitors and has no query of metrics.
    case .threshold, .composite:
      query.text = "\(part.aggregator)(\(window)):\(part.expression) \(comparison) \(number(threshold.critical))"
    case .change(let change):
      let aggregator = part.aggregator == "percentile" ? "avg" : part.aggregator
      let name = change.measure == .percent ? "pct_change" : "change"
      let shift = ShiftText.nearest(to: change.shift).text
      query.text = "\(name)(\(aggregator)(\(window)),\(shift)):\(part.expression) \(comparison) \(number(threshold.critical))"
    case .anomaly(let anomaly):
      query = anomalyQuery(monitor, anomaly, part.expression)
    case .outlier:
      query.text =
        "avg(\(window)):outliers(\(part.expression), 'MAD', \(number(threshold.critical)), 80) > 0"
      (query.critical, query.recovery, query.hasValue) = (0, nil, false)
    case .forecast(let forecast):
      let (aggregator, sign) = threshold.comparison == .above ? ("max", ">=") : ("min", "<=")
      query.text = """
        \(aggregator)(next_\(MetricQueryText.length(forecast.horizon))):forecast(\(part.expression), 'linear', 1, \
        interval='\(ForecastText.interval(forecast.horizon))', history='\(ForecastText.history(monitor.window))', \
        model='default') \(sign) \(number(threshold.critical))
        """
    case .burnRate(let rate):
      let (long, short) = (MetricQueryText.length(monitor.window), MetricQueryText.length(rate.shortWindow))
      let period = objectives[rate.objective]?.timeframe.datadogName ?? "30d"
      query.type = "slo alert"
      query.text = """
        burn_rate("slo:\(rate.objective)").over("\(period)").long_window("\(long)").short_window("\(short)") \
        > \(number(threshold.critical))
        """
      query.recovery = nil
    case .absence: query = absenceQuery(monitor)
    case .detection(let filter): query.text = detectionQuery(filter, of: monitor)
    case .events(let filter):
      var words: [String] = []
      if let kind = filter.kind { words.append("change_kind:\(kind.rawValue)") }
      if let subject = filter.subject { words.append("subject:\(MetricQueryText.tagValue(subject))") }
      query.type = "event-v2 alert"
      query.text = """
        events("\(words.isEmpty ? "change_kind:*" : words.joined(separator: " "))").rollup("count")\
        .last("\(MetricQueryText.length(monitor.window))") \(comparison) \(number(threshold.critical))
        """
    }
    return query
  }

  /// Datadog counts the points of the alert window that lie outside its band: most of them have to.
  private func anomalyQuery(_ monitor: MonitorDefinition, _ anomaly: AnomalySettings, _ expression: String) -> KindQuery {
    let alert = monitor.window
    let interval: Int64 = [3_600, 1_800, 900, 600, 300, 120, 60, 20].first { $0 * 5 <= alert.components.seconds } ?? 20
    let lengths: [Int64] = [3_600, 14_400, 43_200, 86_400, 172_800, 604_800]
    let query = Duration.seconds(lengths.first { $0 >= alert.components.seconds * 5 } ?? 604_800)
    let areCounts = terms(of: monitor.query).allSatisfy { $0.metric.type == .count }
    var arguments = [
      anomaly.seasonality == .none ? "'basic'" : "'agile'", MetricQueryText.number(monitor.threshold.critical),
      "direction='\(anomaly.direction.rawValue)'", "alert_window='\(MetricQueryText.window(alert))'", "interval=\(interval)",
    ]
    if areCounts { arguments.append("count_default_zero='true'") }
    if anomaly.seasonality != .none { arguments.append("seasonality='\(anomaly.seasonality.rawValue)'") }
    return KindQuery(
      text: "avg(\(MetricQueryText.window(query))):anomalies(\(expression), \(arguments.joined(separator: ", "))) >= 0.8",
      critical: 0.8, recovery: 0, windows: MetricQueryText.window(alert), hasValue: false, noDataMinutes: noDataMinutes(monitor))
  }

  /// Nothing for as many minutes as the threshold says: a count of zero where there is one group, else a notice of missing data.
  private func absenceQuery(_ monitor: MonitorDefinition) -> KindQuery {
    let minutes = max(1, Int64(monitor.threshold.critical.rounded(.up)))
    let term = monitor.query.subject
    let conditions = MetricQueryText.conditions(term.filter, of: term.metric, scope: settings.scope)
    let text = MetricQueryText.query(
      aggregator: term.metric.type == .count ? "sum" : "count", metric: term.metric, conditions: conditions,
      by: monitor.groupBy, modifier: ".as_count()")
    let expression = monitor.groupBy.isEmpty ? "default_zero(\(text))" : text
    return KindQuery(
      text: "sum(\(MetricQueryText.window(.seconds(minutes * 60)))):\(expression) < 1", critical: 1, hasValue: false,
      noDataMinutes: 2 * minutes)
  }

  // MARK: Composites

  /// Parts that are composites themselves, for their traffic gate or by definition, are written out: Datadog does not combine
  /// combinations.
  func compositeQuery(_ expression: CompositeExpression, depth: Int = 0) -> String {
    func part(_ inner: CompositeExpression) -> String {
      let text = compositeQuery(inner, depth: depth + 1)
      switch inner {
      case .and, .or: return "(\(text))"
      case .monitor, .not: return text
      }
    }
    switch expression {
    case .monitor(let name):
      guard let monitor = monitors[name], depth < 20 else { return Self.reference(name) }
      if case .composite(let inner) = monitor.kind { return "(\(compositeQuery(inner, depth: depth + 1)))" }
      guard isGated(monitor) else { return Self.reference(name) }
      return "(\(Self.reference("\(name)-signal")) && \(Self.reference(gate(of: monitor).name)))"
    case .not(let inner): return "!\(part(inner))"
    case .and(let left, let right): return "\(part(left)) && \(part(right))"
    case .or(let left, let right): return "\(part(left)) || \(part(right))"
    }
  }
}

/// How much earlier a change monitor of Datadog can look.
enum ShiftText {
  static let all: [(text: String, seconds: Int64)] = [
    ("last_5m", 300), ("last_10m", 600), ("last_15m", 900), ("last_30m", 1_800), ("last_1h", 3_600), ("last_2h", 7_200),
    ("last_4h", 14_400), ("last_1d", 86_400), ("last_2d", 172_800), ("last_1w", 604_800), ("last_1mo", 2_592_000),
  ]

  static func nearest(to shift: Duration) -> (text: String, isExact: Bool) {
    let seconds = shift.components.seconds
    let best = all.min { abs($0.seconds - seconds) < abs($1.seconds - seconds) } ?? all[0]
    return (best.text, best.seconds == seconds)
  }
}

/// The steps of a forecast: points that are fine enough for what is looked for, and a past that is long enough.
enum ForecastText {
  static func interval(_ horizon: Duration) -> String {
    horizon <= .seconds(86_400) ? "10m" : horizon <= .seconds(7 * 86_400) ? "60m" : "1d"
  }

  static func history(_ window: Duration) -> String { window <= .seconds(43_200) ? "12h" : MetricQueryText.length(window) }
}
