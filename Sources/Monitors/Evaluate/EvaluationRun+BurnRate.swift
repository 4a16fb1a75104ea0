// How fast an objective's error budget burns: the smaller of a long and a short window's rates.

import LLMMetrics
import LLMTelemetry

package struct BurnFinding: Hashable, Sendable {
  package let objective: String
  /// In per cent.
  package let target: Double
  /// `nil` without valid events in the window.
  package let long: Double?
  package let short: Double?
  package let shortWindow: Duration
  package let validEvents: Double
}

extension EvaluationRun {
  func burnRate(_ settings: BurnRateSettings) throws -> [Evaluation] {
    guard let objective = context.objectives[settings.objective] else {
      return try all([]).map { evaluation($0.tags, value: nil, 0, .noData, .unknownObjective(settings.objective)) }
    }
    func counts(_ length: Duration) throws -> [TagSet: EventCounts] {
      try objective.counts(in: end - length..<end, groupBy: definition.groupBy, series: context.series)
    }
    let long = try counts(definition.window)
    let short = try counts(settings.shortWindow)
    var groups = known.union(long.keys)
    if definition.groupBy.isEmpty, groups.isEmpty { groups = [.none] }
    return groups.map { group in
      let longBurn = long[group]?.badShare.map(objective.burn)
      let shortBurn = short[group]?.badShare.map(objective.burn)
      let valid = long[group]?.valid ?? 0
      var value: Double?
      if let longBurn, let shortBurn { value = min(longBurn, shortBurn) }
      return judge(
        GroupReading(tags: group), value: value,
        finding: .burn(
          BurnFinding(
            objective: objective.name, target: objective.target, long: longBurn, short: shortBurn,
            shortWindow: settings.shortWindow, validEvents: valid)), gate: Int64(valid.rounded()))
    }
  }
}

extension SLODefinition {
  /// 1 spends the budget exactly at the end of the timeframe.
  func burn(_ badShare: Double) -> Double { badShare / (1 - target / 100) }
}
