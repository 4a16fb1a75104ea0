// Monitors that look green because they can never fire, found before they ship.

import LLMMetrics
import LLMTelemetry

/// One finding about one field of a definition; the configuration adds the file and line.
package struct MonitorDiagnostic: Hashable, Sendable {
  package enum Weight: String, Hashable, Sendable { case error, warning }

  package let weight: Weight
  /// The field's name in YAML.
  package let field: String
  /// What is wrong and what to do.
  package let message: String
}

/// What a definition is held against; what is `nil` is not known, and nothing is said about it.
package struct LintContext: Sendable {
  /// By name, the definition itself included.
  package var monitors: [String: MonitorDefinition]?
  package var objectives: [String: SLODefinition]?
  /// How long the store keeps rollups.
  package var retention: Duration?

  package init(
    monitors: [MonitorDefinition]? = nil, objectives: [SLODefinition]? = nil, retention: Duration? = nil
  ) {
    self.monitors = monitors.map { Dictionary($0.map { ($0.name, $0) }) { first, _ in first } }
    self.objectives = objectives.map { Dictionary($0.map { ($0.name, $0) }) { first, _ in first } }
    self.retention = retention
  }
}

/// The findings so far.
struct LintReport {
  let definition: MonitorDefinition
  let context: LintContext
  private(set) var findings: [MonitorDiagnostic] = []

  init(_ definition: MonitorDefinition, _ context: LintContext) {
    self.definition = definition
    self.context = context
  }

  mutating func error(_ field: String, _ message: String) {
    findings.append(.init(weight: .error, field: field, message: "monitor \"\(definition.name)\" \(message)"))
  }

  mutating func warning(_ field: String, _ message: String) {
    findings.append(.init(weight: .warning, field: field, message: "monitor \"\(definition.name)\" \(message)"))
  }
}

extension MonitorDefinition {
  package func lint(_ context: LintContext = LintContext()) -> [MonitorDiagnostic] {
    var report = LintReport(self, context)
    report.times()
    report.threshold()
    report.traffic()
    report.groups()
    report.kind()
    return report.findings
  }
}

extension LintReport {
  private static let width = Figure.duration(Rollup.width)

  fileprivate mutating func times() {
    let window = definition.window
    if window < Rollup.width || !window.isWholeRollups {
      error(
        "window", "has window \(Figure.duration(window)) but rollups are \(Self.width); use a multiple of \(Self.width)")
    } else if window > definition.kind.longestWindow {
      let limit = Figure.duration(definition.kind.longestWindow)
      error("window", "has a window beyond \(limit); use at most \(limit.replacing(" ", with: ""))")
    } else if let retention = context.retention, window > retention {
      error("window", "has window \(Figure.duration(window)) but rollups are kept for \(Figure.duration(retention)) only")
    }
    let hold = definition.holdFor
    if hold < .zero || hold > .seconds(86_400) {
      error("for", "must hold for 0 to 24 h")
    } else if !hold.isWholeRollups {
      error("for", "holds for \(Figure.duration(hold)) but is evaluated every \(Self.width); use a multiple of \(Self.width)")
    }
    let delay = definition.evaluationDelay
    if delay < .zero || delay > .seconds(86_400) || !delay.isWholeRollups {
      error("evaluation_delay", "has to wait for 0 to 24 h in multiples of \(Self.width)")
    }
    if let renotify = definition.renotify, renotify < .seconds(60) {
      error("renotify", "reminds every \(Figure.duration(renotify)); use a minute at least")
    }
    for mute in definition.mutes {
      if mute.range.isEmpty { error("mute", "has a mute window that ends before it begins") }
      for tag in mute.scope.keys.sorted() where !definition.groupBy.contains(tag) {
        error("mute", "mutes groups by \"\(tag)\", which is not in group_by, so it mutes nothing")
      }
    }
  }

  fileprivate mutating func threshold() {
    let threshold = definition.threshold
    guard threshold.critical.isFinite, threshold.recovery.isFinite else {
      error("critical", "has a threshold that is not a number")
      return
    }
    switch threshold.comparison {
    case .above where threshold.recovery > threshold.critical:
      error(
        "recovery",
        "alerts above \(threshold.critical) but recovers at \(threshold.recovery); recovery must not be above critical")
    case .below where threshold.recovery < threshold.critical:
      error(
        "recovery",
        "alerts below \(threshold.critical) but recovers at \(threshold.recovery); recovery must not be below critical")
    default: break
    }
    let (least, most) = definition.valueRange
    if threshold.comparison == .below, let least, threshold.critical <= least {
      error("critical", "can never fire: no value is below \(Figure.amount(threshold.critical))\(definition.rangeRemedy)")
    }
    if threshold.comparison == .above, let most, threshold.critical >= most {
      error(
        "critical", "can never fire: \(definition.subjectOfRange) is at most \(Figure.amount(most))\(definition.rangeRemedy)")
    }
    if threshold.comparison == .above, let least, threshold.critical < least {
      warning("critical", "is always breached: no value is below \(Figure.amount(threshold.critical))")
    }
  }

  fileprivate mutating func traffic() {
    if definition.trafficGate < 0 {
      error("traffic_gate", "has a negative traffic gate; use 0 or more requests")
      return
    }
    switch definition.kind {
    case .threshold, .change, .forecast:
      if definition.trafficGate == 0, case .ratio = definition.query.form {
        warning(
          "traffic_gate", "is a ratio without a traffic gate: one bad request out of one is 100 %; require at least 20")
      }
    case .composite, .absence, .events, .detection:
      if definition.trafficGate > 0 { warning("traffic_gate", "has a traffic gate, which monitors of this kind do not heed") }
    case .anomaly, .outlier, .burnRate: break
    }
  }

  fileprivate mutating func groups() {
    let groupBy = definition.groupBy
    if Set(groupBy).count < groupBy.count { error("group_by", "names a tag twice") }
    switch definition.kind {
    case .composite, .events, .burnRate, .detection: return
    default: break
    }
    let query = definition.query
    for tag in groupBy where !query.terms.allSatisfy({ $0.metric.hasTag(tag) }) {
      error(
        "group_by",
        "groups by \"\(tag)\", which \(query) does not carry; use one of \(query.subject.metric.tagNames.joined(separator: ", "))"
      )
    }
    if case .ratio(_, let denominator) = query.form, groupBy.contains(Dimension.errorClass.rawValue),
      denominator.metric == MetricCatalogue.requests
    {
      warning("group_by", "groups a ratio by error_class, which requests that went well do not carry: every group would be 100 %")
    }
  }
}

extension MonitorDefinition {
  /// The least and the largest value there can be, where that is known.
  fileprivate var valueRange: (least: Double?, most: Double?) {
    let isShare = query.unit == .share || query.unit == .score
    switch kind {
    case .threshold: return (0, isShare ? 1 : nil)
    case .change(let comparison):
      if comparison.measure == .percent { return (-100, nil) }
      return isShare ? (-1, 1) : (nil, nil)
    case .anomaly: return (0, nil)
    case .composite, .detection: return (0, 1)
    case .absence: return (0, window.inSeconds / 60)
    case .events, .burnRate: return (0, nil)
    case .outlier, .forecast: return (nil, nil)
    }
  }

  fileprivate var subjectOfRange: String {
    switch kind {
    case .absence: "the silence in a window of \(Figure.duration(window))"
    case .composite: "the value of a combination"
    case .detection: "the value of a failure that is followed"
    case .change: "the change of \(query)"
    default: query.description
    }
  }

  fileprivate var rangeRemedy: String {
    switch kind {
    case .threshold where query.unit == .share || query.unit == .score: "; use a share such as 0.05"
    case .absence: "; use fewer minutes, or a longer window"
    case .composite, .detection: "; use above 0.5"
    default: ""
    }
  }
}

extension MonitorKind {
  fileprivate var longestWindow: Duration {
    switch self {
    case .forecast, .burnRate, .events: .seconds(30 * 86_400)
    case .threshold, .change, .anomaly, .outlier, .composite, .absence, .detection: .seconds(86_400)
    }
  }
}

extension Duration {
  var isWholeRollups: Bool { wholeNanoseconds % Rollup.width.wholeNanoseconds == 0 }
}
