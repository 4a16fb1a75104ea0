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
        threshold: definition.threshold.critical, reason: reason ?? evaluation.reason)
    }
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
    try evaluations.compactMap { evaluation in
      // A state that began with this very evaluation is not stepped by it again.
      if let since = alerts[evaluation.key]?.since, since >= at { return nil }
      return try AlertMachine.transition(
        of: self, status: alerts[evaluation.key], evaluation: evaluation, isRelieved: relieved.contains(evaluation.key)
      ) {
        try recoveryHeld(evaluation.key, at: at, since: alerts[evaluation.key]?.since ?? at, read: read)
      }
    }
  }

  /// Recovered at every step of the last `holdFor`. Asked of the series again, not remembered, so that a restart changes nothing.
  private func recoveryHeld(_ key: AlertKey, at: Timestamp, since: Timestamp, read: SeriesReader) throws -> Bool {
    guard at - since >= holdFor else { return false }
    var earlier = at - Rollup.width
    while earlier >= at - holdFor, earlier > since {
      let evaluation = try evaluate(at: earlier, known: [key.group], read: read).first { $0.key == key }
      guard evaluation?.verdict == .recovered else { return false }
      earlier = earlier - Rollup.width
    }
    return true
  }
}

/// The last evaluations of each alert, for pages: not part of the state, since they can be asked again.
package struct EvaluationHistory: Sendable {
  package static let limit = 20
  /// A limit on remembered alerts; beyond it, those evaluated longest ago go.
  package static let alertLimit = 2_000

  private var byKey: [AlertKey: [Evaluation]] = [:]

  package init() {}

  /// Newest last.
  package subscript(key: AlertKey) -> [Evaluation] { byKey[key] ?? [] }

  package var keys: [AlertKey] { byKey.keys.sorted { $0.description < $1.description } }

  package mutating func record(_ evaluations: [Evaluation]) {
    for evaluation in evaluations {
      byKey[evaluation.key, default: []].append(evaluation)
      if byKey[evaluation.key, default: []].count > Self.limit { byKey[evaluation.key]?.removeFirst() }
    }
    let excess = byKey.count - Self.alertLimit
    guard excess > 0 else { return }
    let oldest = byKey.sorted { ($0.value.last?.at ?? Timestamp(unixSeconds: 0)) < ($1.value.last?.at ?? Timestamp(unixSeconds: 0)) }
    for (key, _) in oldest.prefix(excess) { byKey[key] = nil }
  }
}
