// The fault rules in force, and how many requests each has matched: that count spreads a share evenly.
import Synchronization

final class FaultPlan: Sendable {
  private struct State {
    var rules: [FaultRule]
    var matches: [Int]
  }

  private let state: Mutex<State>

  init(rules: [FaultRule]) {
    state = Mutex(State(rules: rules, matches: rules.map { _ in 0 }))
  }

  var rules: [FaultRule] { state.withLock { $0.rules } }

  /// Replaces all rules; counting starts again.
  func replace(with rules: [FaultRule]) {
    state.withLock { $0 = State(rules: rules, matches: rules.map { _ in 0 }) }
  }

  /// The effect of the first rule that strikes this request.
  func effect(on request: ModelRequest, providerProtocol: ProviderProtocol, path: String) -> FaultRule.Effect {
    firstEffect { $0.holds(for: request, providerProtocol: providerProtocol, path: path) }
  }

  /// The effect on a request for an access token: of a rule that says nothing but a part of this path.
  func effect(onIdentityPath path: String) -> FaultRule.Effect {
    firstEffect { condition in
      condition.model == nil && condition.providerProtocol == nil && condition.systemContains == nil
        && condition.pathContains.map { path.contains($0) } ?? false
    }
  }

  private func firstEffect(where holds: (FaultRule.Condition) -> Bool) -> FaultRule.Effect {
    state.withLock { state in
      for index in state.rules.indices {
        let condition = state.rules[index].condition
        guard holds(condition) else { continue }
        let seen = Double(state.matches[index])
        state.matches[index] += 1
        let share = condition.share ?? 1
        // The n-th match is struck when n × share passes a whole number: exact in the long run, and the same every time.
        if ((seen + 1) * share).rounded(.down) > (seen * share).rounded(.down) { return state.rules[index].effect }
      }
      return FaultRule.Effect()
    }
  }
}

extension FaultRule.Condition {
  fileprivate func holds(for request: ModelRequest, providerProtocol: ProviderProtocol, path: String) -> Bool {
    (model == nil || model == request.model)
      && (self.providerProtocol == nil || self.providerProtocol == providerProtocol.rawValue)
      && (systemContains.map { request.system.contains($0) } ?? true)
      && (pathContains.map { path.contains($0) } ?? true)
  }
}
