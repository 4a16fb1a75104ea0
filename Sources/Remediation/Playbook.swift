// What may be done about a class of incidents, by whom, how far, and how its success is judged.

import LLMTelemetry
import Monitors

package struct Playbook: Hashable, Sendable {
  package enum Action: String, CaseIterable, Hashable, Sendable, Codable {
    case promptRollback = "prompt_rollback"
    case canaryStop = "canary_stop"
    case modelFallback = "model_fallback"
    case weightShift = "weight_shift"
    case throttle
    case budget
    case outputCap = "output_cap"
    case retryLimit = "retry_limit"
    case toolOff = "tool_off"
    case cacheOn = "cache_on"
    case routeClose = "route_close"
    case tellPerson = "tell_person"
  }

  /// Who decides: `suggest` never applies, `approve` waits for a person, `auto` goes ahead.
  package enum Mode: String, CaseIterable, Hashable, Sendable, Codable {
    case suggest, approve, auto
  }

  /// What some actions must be told, since neither incident nor cause says it.
  package struct Parameters: Hashable, Sendable {
    /// Of `throttle`; without it twice the rate of the hour before the failure.
    package var requestsPerMinute: Int?
    /// Of `budget`.
    package var dollarsPerHour: Nanodollars?
    /// Of `output_cap`.
    package var outputTokens: Int?
    /// Of `tool_off`.
    package var tool: String?
    /// Of `retry_limit`.
    package var retries = 0
    /// Of `weight_shift`: what the failing target keeps, in per cent.
    package var keptWeight = 0
    /// Of `cache_on`: how old an answer may be that is given again.
    package var maxAge: Duration = .seconds(600)

    package init() {}
  }

  package var name: String
  package var action: Action
  package var mode: Mode
  /// Where a severity has a mode of its own.
  package var modes: [Severity: Mode]
  /// The shares of traffic it is applied to one after the other, in thousandths; each is verified before the next.
  package var steps: [Int]
  /// How long the override must have been in force before its effect is measured; of each step.
  package var verifyAfter: Duration
  /// How long after applying the alert's metric must have recovered; then the override is reverted. Of each step.
  package var giveUpAfter: Duration
  package var timeToLive: Duration
  /// How long after the end of a remediation the same action is not proposed again for another incident.
  package var coolDown: Duration
  /// Who may approve; empty for everyone.
  package var approvers: [String]
  /// The largest share of all requests, 0 to 1, it may touch without a person.
  package var maximumBlastRadius: Double?
  package var parameters: Parameters
  /// An address, or a few words; for a person who takes over.
  package var runbook: String?

  package init(
    name: String, action: Action, mode: Mode, modes: [Severity: Mode] = [:], steps: [Int] = [RoutingOverride.wholePerMille],
    verifyAfter: Duration = .seconds(60), giveUpAfter: Duration = .seconds(600), timeToLive: Duration = .seconds(86_400),
    coolDown: Duration = .seconds(1800), approvers: [String] = [], maximumBlastRadius: Double? = nil,
    parameters: Parameters = Parameters(), runbook: String? = nil
  ) {
    self.name = name
    self.action = action
    self.mode = mode
    self.modes = modes
    self.steps = steps
    self.verifyAfter = verifyAfter
    self.giveUpAfter = giveUpAfter
    self.timeToLive = timeToLive
    self.coolDown = coolDown
    self.approvers = approvers
    self.maximumBlastRadius = maximumBlastRadius
    self.parameters = parameters
    self.runbook = runbook
  }

  package func mode(for severity: Severity) -> Mode { modes[severity] ?? mode }
}
