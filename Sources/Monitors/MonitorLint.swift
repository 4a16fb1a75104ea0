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

extension MonitorDefinition {
  package func lint() -> [MonitorDiagnostic] {
    var findings: [MonitorDiagnostic] = []
    func error(_ field: String, _ message: String) {
      findings.append(.init(weight: .error, field: field, message: "monitor \"\(name)\" \(message)"))
    }
    func warning(_ field: String, _ message: String) {
      findings.append(.init(weight: .warning, field: field, message: "monitor \"\(name)\" \(message)"))
    }
    // Its query is only charted: detection has its own window, gate and thresholds.
    if case .detection = kind {
      if threshold.comparison == .below || threshold.critical >= 1 || threshold.critical < 0 {
        error("critical", "can never fire or always does: it is 1 while a failure is followed; alert above 0.5")
      }
      return findings
    }
    let width = Figure.duration(Rollup.width)
    if window < Rollup.width || window.wholeNanoseconds % Rollup.width.wholeNanoseconds != 0 {
      error("window", "has window \(Figure.duration(window)) but rollups are \(width); use a multiple of \(width)")
    } else if window > .seconds(86_400) {
      error("window", "has a window beyond 24 h; use at most 24h")
    }
    if holdFor < .zero || holdFor > .seconds(86_400) {
      error("for", "must hold for 0 to 24 h")
    } else if holdFor.wholeNanoseconds % Rollup.width.wholeNanoseconds != 0 {
      error("for", "holds for \(Figure.duration(holdFor)) but is evaluated every \(width); use a multiple of \(width)")
    }
    lintThreshold(error: error, warning: warning)
    if trafficGate < 0 {
      error("traffic_gate", "has a negative traffic gate; use 0 or more requests")
    } else if trafficGate == 0, case .ratio = query.form {
      warning("traffic_gate", "is a ratio without a traffic gate: one bad request out of one is 100 %; require at least 20")
    }
    for tag in groupBy where !terms.allSatisfy({ $0.metric.hasTag(tag) }) {
      error(
        "group_by",
        "groups by \"\(tag)\", which \(query) does not carry; use one of \(query.subject.metric.tagNames.joined(separator: ", "))"
      )
    }
    if Set(groupBy).count < groupBy.count { error("group_by", "names a tag twice") }
    if case .ratio(_, let denominator) = query.form, groupBy.contains(Dimension.errorClass.rawValue),
      denominator.metric == MetricCatalogue.requests
    {
      warning("group_by", "groups a ratio by error_class, which requests that went well do not carry: every group would be 100 %")
    }
    return findings
  }

  private var terms: [MonitorQuery.Term] {
    switch query.form {
    case .value(let term), .perMinute(let term): [term]
    case .ratio(let numerator, let denominator): [numerator, denominator]
    }
  }

  private func lintThreshold(error: (String, String) -> Void, warning: (String, String) -> Void) {
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
    if threshold.comparison == .below, threshold.critical <= 0 {
      error("critical", "can never fire: no value is below \(threshold.critical)")
    }
    if threshold.comparison == .above, query.unit == .share || query.unit == .score, threshold.critical >= 1 {
      error("critical", "can never fire: \(query) is at most 1; use a share such as 0.05")
    }
    if threshold.comparison == .above, threshold.critical < 0 {
      warning("critical", "is always breached: no value is below \(threshold.critical)")
    }
  }
}
