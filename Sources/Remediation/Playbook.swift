// What may be done about a class of incidents, by whom, and how its success is judged.

import LLMTelemetry

package struct Playbook: Hashable, Sendable {
  package enum Action: String, CaseIterable, Hashable, Sendable, Codable {
    case promptRollback = "prompt_rollback"
    case modelFallback = "model_fallback"
  }

  /// Who decides: `suggest` never applies, `approve` waits for a person, `auto` goes ahead.
  package enum Mode: String, CaseIterable, Hashable, Sendable, Codable {
    case suggest, approve, auto
  }

  package var name: String
  package var action: Action
  package var mode: Mode
  /// How long the override must have been in force before its effect is measured.
  package var verifyAfter: Duration
  /// How long after applying the alert's metric must have recovered; then the override is reverted.
  package var giveUpAfter: Duration
  package var timeToLive: Duration
  /// How long after the end of a remediation the same action is not proposed again for another incident.
  package var coolDown: Duration

  package init(
    name: String, action: Action, mode: Mode, verifyAfter: Duration = .seconds(60), giveUpAfter: Duration = .seconds(600),
    timeToLive: Duration = .seconds(86_400), coolDown: Duration = .seconds(1800)
  ) {
    self.name = name
    self.action = action
    self.mode = mode
    self.verifyAfter = verifyAfter
    self.giveUpAfter = giveUpAfter
    self.timeToLive = timeToLive
    self.coolDown = coolDown
  }
}
