// The fold of remediation events: every remediation, and the overrides that gateways must have in force.

import LLMTelemetry

package enum RemediationState: String, CaseIterable, Hashable, Sendable, Codable {
  case proposed, approved, rejected, applied, verified, reverted, escalated, expired, withdrawn

  package var successors: Set<RemediationState> {
    switch self {
    // Escalated where there is nothing to apply: a person is told.
    case .proposed: [.approved, .rejected, .expired, .escalated]
    case .approved: [.applied, .expired]
    case .applied: [.verified, .reverted, .expired, .withdrawn]
    case .verified: [.expired, .withdrawn]
    case .reverted: [.escalated]
    case .rejected, .escalated, .expired, .withdrawn: []
    }
  }
}

package struct Remediation: Hashable, Sendable, Codable, Identifiable {
  package let plan: RemediationPlan
  package fileprivate(set) var state: RemediationState
  /// When the state began.
  package fileprivate(set) var since: Timestamp
  package let proposedAt: Timestamp
  package fileprivate(set) var approvedBy: String?
  package fileprivate(set) var appliedAt: Timestamp?
  package fileprivate(set) var verifiedAt: Timestamp?
  /// Which of the plan's shares it is applied to, and since when.
  package fileprivate(set) var step = 0
  package fileprivate(set) var stepSince: Timestamp?
  /// The remediation it waits for, `REM-1`.
  package fileprivate(set) var waitsFor: String?
  package fileprivate(set) var override: RoutingOverride?
  /// Why the last step was taken.
  package fileprivate(set) var reason: String

  package var id: String { plan.id }
  package var incident: String { plan.incident }
  /// True while its override steers traffic.
  package var isInForce: Bool { state == .applied || state == .verified }
  package var isLastStep: Bool { step + 1 >= plan.steps.count }
}

package struct RemediationBook: Hashable, Sendable {
  /// In order of proposal.
  package private(set) var remediations: [Remediation] = []
  /// The whole set a gateway must have in force.
  package private(set) var overrides = RoutingOverrides()

  package init() {}

  package var nextNumber: Int { (remediations.last?.plan.number ?? 0) + 1 }

  package subscript(id: String) -> Remediation? { remediations.first { $0.id == id } }

  package func of(incident: String) -> [Remediation] { remediations.filter { $0.incident == incident } }

  /// False, and nothing changed, when the event is not legal for the remediation's present state.
  @discardableResult
  package mutating func apply(_ record: RemediationRecord) -> Bool {
    if case .proposed(let proposal) = record.event {
      guard proposal.plan.number == nextNumber, proposal.plan.id == record.remediation, proposal.plan.incident == record.incident
      else { return false }
      remediations.append(
        Remediation(
          plan: proposal.plan, state: .proposed, since: record.at, proposedAt: record.at, reason: proposal.plan.expectedEffect))
      return true
    }
    guard let index = remediations.firstIndex(where: { $0.id == record.remediation }) else { return false }
    switch record.event {
    case .advanced(let advance): return apply(advance, to: index, at: record.at)
    case .queued(let queueing):
      guard [.proposed, .approved].contains(remediations[index].state), remediations[index].waitsFor != queueing.behind else {
        return false
      }
      remediations[index].waitsFor = queueing.behind
      remediations[index].reason = queueing.reason
      return true
    default: break
    }
    guard let next = RemediationState(rawValue: record.event.kind.rawValue), remediations[index].state.successors.contains(next)
    else { return false }
    var remediation = remediations[index]
    switch record.event {
    case .proposed, .advanced, .queued: return false
    case .approved:
      remediation.approvedBy = record.actor
      remediation.reason = "approved by \(record.actor)"
    case .applied(let application):
      guard application.generation > overrides.generation else { return false }
      overrides.generation = application.generation
      overrides.overrides.append(application.override)
      remediation.override = application.override
      remediation.appliedAt = record.at
      remediation.stepSince = record.at
      remediation.waitsFor = nil
      remediation.reason = application.override.action.sentence
    case .reverted(let withdrawal), .expired(let withdrawal), .withdrawn(let withdrawal):
      if let override = remediation.override, remediation.isInForce {
        guard withdrawal.generation > overrides.generation else { return false }
        overrides.generation = withdrawal.generation
        overrides.overrides.removeAll { $0.id == override.id }
      }
      remediation.reason = withdrawal.reason
    case .verified(let reason):
      remediation.verifiedAt = record.at
      remediation.reason = reason.reason
    case .rejected(let reason), .escalated(let reason): remediation.reason = reason.reason
    }
    remediation.state = next
    remediation.since = record.at
    remediations[index] = remediation
    return true
  }

  private mutating func apply(_ advance: RemediationEvent.Advance, to index: Int, at: Timestamp) -> Bool {
    guard remediations[index].state == .applied, !remediations[index].isLastStep, advance.generation > overrides.generation,
      let place = overrides.overrides.firstIndex(where: { $0.id == remediations[index].override?.id })
    else { return false }
    overrides.generation = advance.generation
    overrides.overrides[place].sharePerMille = advance.sharePerMille
    remediations[index].override = overrides.overrides[place]
    remediations[index].step += 1
    remediations[index].stepSince = at
    remediations[index].reason = advance.reason
    return true
  }
}
