// Turns a Datadog SLO and the burn-rate monitors on it into an objective that compiles to them, where there is one.

import Foundation
import LLMMetrics
import Monitors

struct SLODecompiler: Sendable {
  let settings: CompileSettings

  /// - Parameter burns: the burn-rate monitors on it.
  func candidate(_ json: JSONValue, name: String, burns: [JSONValue]) throws(Unsayable) -> SLODefinition {
    let thresholds = json["thresholds"]?.list ?? []
    guard thresholds.count == 1, let target = thresholds[0]["target"]?.double else {
      throw Unsayable("it has \(thresholds.count) targets, where an objective has one")
    }
    guard thresholds[0]["warning"] == nil else { throw Unsayable("a warning target has no word in objectives") }
    guard let frame = thresholds[0]["timeframe"]?.text, let rolling = SLODefinition.Timeframe(rawValue: frame) else {
      throw Unsayable("its timeframe \(thresholds[0]["timeframe"]?.text ?? "?") has no word in objectives")
    }
    var tags = DecompileTags(json, settings: settings)
    let calendar = tags.others.first { $0.hasPrefix(SLOCompiler.calendarKey) }
      .flatMap { SLODefinition.Timeframe(rawValue: String($0.dropFirst(SLOCompiler.calendarKey.count))) }
    tags.others.removeAll { $0.hasPrefix(SLOCompiler.calendarKey) }
    var rates: [SLODefinition.BurnRate] = []
    var said = DecompileMessage("", title: "", groups: [])
    for burn in burns {
      let (rate, message) = try self.burn(burn)
      rates.append(rate)
      said = message
      said.handles.removeAll { settings.handles(for: rate.severity).contains($0) }
      said.runbook = said.runbook.flatMap { runbook in
        settings.runbooks.map { runbook == "\($0)\(DatadogIdentity.id(of: burn, as: .monitor)?.name ?? "")" } == true
          ? nil : runbook
      }
    }
    // As they are listed in definitions: the fastest first.
    rates.sort { ($0.longWindow, $0.factor) < ($1.longWindow, $1.factor) }
    return SLODefinition(
      name: name, title: json["name"]?.text ?? name, meaning: json["description"]?.text ?? "", indicator: try indicator(json),
      target: target, timeframe: calendar ?? rolling, burnRates: rates, steps: said.steps, owner: tags.owner,
      runbook: said.runbook,
      notify: said.handles, tags: tags.others)
  }

  private func indicator(_ json: JSONValue) throws(Unsayable) -> SLODefinition.Indicator {
    let reader = DecompileQuery(scope: settings.scope)
    if let slice = json["sli_specification"]?["time_slice"] { return try self.slice(slice, reader) }
    if json["type"]?.text == "monitor" { return .uptime(of: try (json["monitor_ids"]?.list ?? []).map(monitor)) }
    guard json["type"]?.text == "metric", let numerator = json["query"]?["numerator"]?.text,
      let denominator = json["query"]?["denominator"]?.text
    else { throw Unsayable("an SLO of the type \(json["type"]?.text ?? "?") in this form has no word in objectives") }
    let all = try reader.events(try DecompileQuery.parse(denominator))
    switch try DecompileQuery.parse(numerator) {
    case .binary("-", let left, let right):
      guard try reader.events(left) == all else { throw Unsayable("what is bad is taken from something else than everything") }
      return .bad(try reader.events(right), of: all)
    case let good: return .good(try reader.events(good), of: all)
    }
  }

  private func monitor(_ reference: JSONValue) throws(Unsayable) -> String {
    guard let text = reference.text, text.hasPrefix("$") else {
      throw Unsayable("it stands on monitor \(ObjectText.line(of: reference)), which is not one of the definitions")
    }
    return String(text.dropFirst())
  }

  private func slice(_ slice: JSONValue, _ reader: DecompileQuery) throws(Unsayable) -> SLODefinition.Indicator {
    let comparator = slice["comparator"]?.text ?? ""
    guard let side: Threshold.Comparison = comparator == "<" ? .below : comparator == ">" ? .above : nil,
      let bound = slice["threshold"]?.double, let formulas = slice["query"]?["formulas"]?.list, formulas.count == 1,
      let formula = formulas[0]["formula"]?.text
    else { throw Unsayable("its slices compare with \(comparator), or have more than one formula") }
    let (query, groups, _) = try reader.formula(formula, queries: DecompileQuery.texts(slice["query"]))
    guard groups.isEmpty else { throw Unsayable("its slices are grouped") }
    return .timeSlice(query, good: side, bound: bound, seconds: Int(slice["query_interval_seconds"]?.double ?? 300))
  }

  private func burn(_ json: JSONValue) throws(Unsayable) -> (SLODefinition.BurnRate, DecompileMessage) {
    guard let text = json["query"]?.text, let parsed = try? MonitorQueryParser.parse(text),
      case .objective(let objective, .above, let factor) = parsed, objective.isBurnRate, let long = objective.longWindow,
      let short = objective.shortWindow, let rank = json["priority"]?.double,
      let severity = Severity.allCases.first(where: { Double($0.rank) == rank })
    else { throw Unsayable("a monitor on it is no burn rate that objectives have") }
    return (
      .init(factor: factor, long: .seconds(Int64(long)), short: .seconds(Int64(short)), severity: severity),
      DecompileMessage(json["message"]?.text ?? "", title: json["name"]?.text ?? "", groups: [])
    )
  }
}

extension DecompileQuery {
  /// The texts of named queries.
  static func texts(_ holder: JSONValue?) -> [String: String] {
    Dictionary(
      (holder?["queries"]?.list ?? []).compactMap { query in
        query["name"]?.text.flatMap { name in query["query"]?.text.map { (name, $0) } }
      }
    ) { first, _ in first }
  }
}
