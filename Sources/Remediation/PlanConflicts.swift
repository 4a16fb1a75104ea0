// Keeps two remediations from fighting: what waits for what, and why.

import LLMMetrics
import LLMTelemetry
import Monitors

extension CommandState {
  /// A remediation in force that steers what `plan` would steer.
  package func steering(_ plan: RemediationPlan) -> Remediation? {
    guard let target = plan.target else { return nil }
    return remediations.remediations.first { $0.isInForce && $0.id != plan.id && $0.plan.target == target }
  }
}

extension Turn {
  /// What must be over before a remediation may be applied; `nil` where nothing stands in its way.
  func blocker(of remediation: Remediation) throws -> RemediationEvent.Queueing? {
    guard let action = remediation.plan.action else { return nil }
    if let other = state.steering(remediation.plan) {
      return .init(
        behind: other.id, reason: "\(other.plan.overrideID) of \(other.incident) already steers \(action.target)")
    }
    for other in state.remediations.remediations where other.state == .applied && other.id != remediation.id {
      guard let otherAction = other.plan.action, try shareRequests(action.scope, otherAction.scope) else { continue }
      return .init(
        behind: other.id, reason: "\(other.id) of \(other.incident) is being verified on the same requests")
    }
    return nil
  }

  /// Whether requests of the last minutes belong to both. Where rollups cannot tell, they might.
  private func shareRequests(_ left: RequestScope, _ right: RequestScope) throws -> Bool {
    guard left.meets(right) else { return false }
    guard let filter = left.intersection(right).filter else { return true }
    return try BlastRadius.requests(filter, over: now - BlastRadius.longest..<now, read: read) > 0
  }
}
