// Objectives as JSON: what is promised, what was good so far, what is left of the error budget, and how fast it burns.

import LLMTelemetry
import Monitors
import Remediation

struct ObjectivesDocument: Encodable {
  struct Burn: Encodable {
    let factor: Double
    let longSeconds: Int64
    let shortSeconds: Int64
    /// Missing without data in the window.
    let long: Double?
    let short: Double?
    let isBurning: Bool
  }

  struct Line: Encodable {
    let name: String
    let title: String
    /// In per cent.
    let target: Double
    let timeframe: String
    let from: Timestamp
    let to: Timestamp
    /// `met`, `missed` or `no_data`.
    let state: SLOStatus.State
    /// `events`, `slices` or `seconds`.
    let unit: String
    let valid: Double
    let bad: Double
    /// In per cent; missing without data.
    let indicator: Double?
    let budget: Double
    let budgetLeft: Double
    /// 1 when nothing is spent, below 0 when it is overspent; missing without data.
    let budgetShareLeft: Double?
    let burns: [Burn]
    let whenSpent: String?
    let freezesPromotions: Bool
  }

  let at: Timestamp
  let objectives: [Line]

  init(_ standings: [ObjectiveStanding], at now: Timestamp) {
    at = now
    objectives = standings.map { standing in
      let (definition, status) = (standing.definition, standing.status)
      return Line(
        name: definition.name, title: definition.title, target: definition.target, timeframe: definition.timeframe.rawValue,
        from: status.range.lowerBound, to: status.range.upperBound, state: status.state, unit: definition.indicator.unit,
        valid: status.valid, bad: status.bad, indicator: status.indicator, budget: status.budget, budgetLeft: status.budgetLeft,
        budgetShareLeft: status.budgetShareLeft,
        burns: status.burns.map {
          Burn(
            factor: $0.rate.factor, longSeconds: $0.rate.longWindow.components.seconds,
            shortSeconds: $0.rate.shortWindow.components.seconds, long: $0.long, short: $0.short, isBurning: $0.isBurning)
        }, whenSpent: definition.whenSpent?.rawValue, freezesPromotions: standing.freezesPromotions)
    }
  }
}

extension SLODefinition.Indicator {
  /// What is counted.
  var unit: String {
    switch self {
    case .good, .bad: "events"
    case .timeSlice: "slices"
    case .uptime: "seconds"
    }
  }
}
