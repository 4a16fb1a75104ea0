// What an evaluation does to an alert: one table of state and verdict, so that it can be read and tested whole.

import LLMMetrics
import LLMTelemetry

package enum AlertMachine {
  /// What the machine wants; `recoverOnceHeld` becomes a transition only when the recovery has lasted as long as a breach must.
  enum Step: Equatable {
    case stay, move(AlertState), breach, breachHeld, recoverOnceHeld, noData
  }

  static func step(_ state: AlertState, _ verdict: Evaluation.Verdict) -> Step {
    switch (state, verdict) {
    // Below the traffic gate nothing is learnt: every state is held.
    case (.recovered, .quiet): .move(.ok)
    case (_, .quiet): .stay
    case (_, .noData): .noData
    case (.ok, .breached), (.recovered, .breached), (.noData, .breached): .breach
    case (.pending, .breached): .breachHeld
    case (.alert, .breached): .stay
    case (.ok, .between), (.ok, .recovered): .stay
    // A breach that is interrupted was not continuous.
    case (.pending, .between), (.pending, .recovered): .move(.ok)
    case (.alert, .between): .stay
    case (.alert, .recovered): .recoverOnceHeld
    case (.noData, .between), (.noData, .recovered): .move(.recovered)
    case (.recovered, .between), (.recovered, .recovered): .move(.ok)
    }
  }

  /// The transition that `evaluation` causes, if any. `isRelieved` says that a verified remediation took the traffic away, so that
  /// silence means recovery. `recoveryHeld` is asked only when it matters.
  package static func transition(
    of definition: MonitorDefinition, status: AlertStatus?, evaluation: Evaluation, isRelieved: Bool = false,
    recoveryHeld: () throws -> Bool
  ) rethrows -> AlertTransition? {
    let state = status?.state ?? .ok
    func move(_ next: AlertState, _ reason: String? = nil) -> AlertTransition {
      AlertTransition(
        key: evaluation.key, from: state, to: next, at: evaluation.at, value: evaluation.value,
        threshold: definition.threshold.critical, reason: reason ?? evaluation.reason, isMuted: evaluation.isMuted)
    }
    if let decided = try change(state, definition, status, evaluation, isRelieved: isRelieved, move, recoveryHeld: recoveryHeld) {
      return decided
    }
    guard let status, state.isFiring else { return nil }
    // Whoever pages looks at the alert, so the alert has to say when its mute begins and ends.
    if status.isMuted != evaluation.isMuted {
      return move(state, "\(evaluation.isMuted ? "muted" : "no longer muted"): \(evaluation.reason)")
    }
    if let interval = definition.renotify, !evaluation.isMuted, evaluation.at - status.toldAt >= interval {
      return move(state, "since \(status.since.rfc3339Seconds): \(evaluation.reason)")
    }
    return nil
  }

  /// The change of state, if there is one.
  private static func change(
    _ state: AlertState, _ definition: MonitorDefinition, _ status: AlertStatus?, _ evaluation: Evaluation, isRelieved: Bool,
    _ transition: (AlertState, String?) -> AlertTransition, recoveryHeld: () throws -> Bool
  ) rethrows -> AlertTransition? {
    func move(_ next: AlertState, _ reason: String? = nil) -> AlertTransition { transition(next, reason) }
    if isRelieved, state == .alert || state == .noData, evaluation.verdict == .noData || evaluation.verdict == .quiet {
      return move(.recovered, "\(evaluation.reason): its requests went elsewhere")
    }
    switch step(state, evaluation.verdict) {
    case .stay: return nil
    case .move(let next): return move(next)
    case .breach: return move(definition.holdFor > .zero ? .pending : .alert)
    case .breachHeld:
      guard let since = status?.since, evaluation.at - since >= definition.holdFor else { return nil }
      return move(.alert)
    case .recoverOnceHeld: return try recoveryHeld() ? move(.recovered) : nil
    case .noData:
      switch (definition.noData, state) {
      case (_, .recovered), (.ok, .pending): return move(.ok)
      case (.ok, .alert), (.ok, .noData): return move(.recovered)
      // A group that has been away for as long as groups are remembered is gone, and not silent.
      case (_, .noData) where !definition.groupBy.isEmpty:
        guard let status, evaluation.at - status.since >= MonitorDefinition.groupRetention else { return nil }
        return move(.recovered, "\(evaluation.reason), and none for \(Figure.duration(MonitorDefinition.groupRetention))")
      case (.alert, .ok), (.alert, .pending): return move(.noData)
      default: return nil
      }
    }
  }
}

extension MonitorDefinition {
  /// The transitions of this monitor at `at`, given where its alerts stand. `relieved` are alerts whose traffic a verified
  /// remediation took away.
  package func transitions(
    at: Timestamp, evaluations: [Evaluation], alerts: AlertBook, relieved: Set<AlertKey> = [], read: SeriesReader
  ) throws -> [AlertTransition] {
    try withoutActuallyEscaping(read) { read in
      try transitions(
        at: at, evaluations: evaluations, relieved: relieved, context: EvaluationContext(alerts: alerts, read: read))
    }
  }

  /// The same, where the alerts stand as in `context`.
  package func transitions(
    at: Timestamp, evaluations: [Evaluation], relieved: Set<AlertKey> = [], context: EvaluationContext
  ) throws -> [AlertTransition] {
    let alerts = context.alerts
    return try evaluations.compactMap { evaluation in
      // A state that began with this very evaluation is not stepped by it again.
      if let status = alerts[evaluation.key], max(status.since, status.toldAt) >= at { return nil }
      return try AlertMachine.transition(
        of: self, status: alerts[evaluation.key], evaluation: evaluation, isRelieved: relieved.contains(evaluation.key)
      ) {
        try recoveryHeld(evaluation.key, at: at, since: alerts[evaluation.key]?.since ?? at, context: context)
      }
    }
  }

  /// Recovered at every step of the last `holdFor`. Asked of the series again, not remembered, so that a restart changes nothing.
  private func recoveryHeld(_ key: AlertKey, at: Timestamp, since: Timestamp, context: EvaluationContext) throws -> Bool {
    guard at - since >= holdFor else { return false }
    var earlier = at - Rollup.width
    while earlier >= at - holdFor, earlier > since {
      let evaluation = try evaluate(at: earlier, known: [key.group], context: context).first { $0.key == key }
      guard evaluation?.verdict == .recovered else { return false }
      earlier = earlier - Rollup.width
    }
    return true
  }
}
