// Numbers as people read them in reasons, titles and reports: a unit always, no false precision.

import LLMMetrics
import LLMTelemetry

package enum Figure {
  /// `11.3 %`
  package static func percent(_ share: Double) -> String { "\(number(share * 100, decimals: 1)) %" }

  /// `90 s`, `5 min`, `2 h`
  package static func duration(_ duration: Duration) -> String {
    let seconds = duration.wholeNanoseconds / 1_000_000_000
    if seconds >= 7200, seconds % 3600 == 0 { return "\(seconds / 3600) h" }
    if seconds >= 60, seconds % 60 == 0 { return "\(seconds / 60) min" }
    return seconds >= 600 ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds) s"
  }

  /// Fixed decimals; trailing zeros go.
  package static func number(_ value: Double, decimals: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
    var scale: Int64 = 1
    for _ in 0..<decimals { scale *= 10 }
    guard value.magnitude * Double(scale) < 9e18 else { return "\(value)" }
    let scaled = Int64((value * Double(scale)).rounded())
    var text = (scaled < 0 ? "-" : "") + String(scaled.magnitude / UInt64(scale))
    let fraction = scaled.magnitude % UInt64(scale)
    if fraction > 0 {
      let digits = String(fraction)
      var padded = String(repeating: "0", count: decimals - digits.count) + digits
      while padded.last == "0" { padded.removeLast() }
      text += "." + padded
    }
    return text
  }

  /// Three significant digits or so, for values of unknown size.
  package static func amount(_ value: Double) -> String {
    let magnitude = value.magnitude
    return number(value, decimals: magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : magnitude >= 0.01 ? 4 : 6)
  }

  /// `4,812`
  package static func count(_ value: Int64) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }
}

/// What the value of a query is measured in.
package enum QueryUnit: Hashable, Sendable {
  /// A share of 0 to 1, shown as a percentage.
  case share
  case dollarsPerMinute, dollars, seconds, score
  case count(MetricUnit)
  case perMinute(MetricUnit)
  case quotient

  package func text(_ value: Double) -> String {
    switch self {
    case .share: Figure.percent(value)
    case .dollarsPerMinute: "$\(Figure.amount(value)) per minute"
    case .dollars: "$\(Figure.amount(value))"
    case .seconds: "\(Figure.amount(value)) s"
    case .score: Figure.amount(value)
    case .count(let unit): "\(Figure.amount(value)) \(unit.rawValue)s"
    case .perMinute(let unit): "\(Figure.amount(value)) \(unit.rawValue)s per minute"
    case .quotient: Figure.amount(value)
    }
  }

  /// For the axis of a chart: `%`, `$/min`, `$`, `s`, …
  package var symbol: String {
    switch self {
    case .share: "%"
    case .dollarsPerMinute: "$/min"
    case .dollars: "$"
    case .seconds: "s"
    case .score, .quotient: ""
    case .count(let unit): "\(unit.rawValue)s"
    case .perMinute(let unit): "\(unit.rawValue)s/min"
    }
  }
}

extension MonitorQuery {
  package var unit: QueryUnit {
    switch form {
    case .ratio(let numerator, let denominator):
      if numerator.metric.unit == .dollar { return .dollars }
      return numerator.isSubset(of: denominator) ? .share : .quotient
    case .perMinute(let term): return term.metric.unit == .dollar ? .dollarsPerMinute : .perMinute(term.metric.unit)
    case .value(let term):
      switch term.metric.unit {
      case .second: return .seconds
      case .dollar: return .dollars
      case .score: return .score
      case let unit: return .count(unit)
      }
    }
  }
}

extension MonitorQuery.Term {
  /// True where every thing this term counts is also counted by `whole`, so that their ratio cannot exceed 1.
  package func isSubset(of whole: MonitorQuery.Term) -> Bool {
    guard whole.filter.allSatisfy({ filter[$0.key] == $0.value }) else { return false }
    if metric == whole.metric { return true }
    return MetricCatalogue.wholes[metric.name]?.contains(whole.metric.name) ?? false
  }
}
