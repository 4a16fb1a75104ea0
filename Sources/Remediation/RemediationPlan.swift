// One concrete proposal for one incident: the action, what it should achieve, whom it touches and what keeps it safe.

import LLMTelemetry
import Monitors

package struct RemediationPlan: Hashable, Sendable, Codable, Identifiable {
  package var number: Int
  /// `INC-1`
  package var incident: String
  package var playbook: String
  package var mode: Playbook.Mode
  package var action: RoutingOverride.Action
  /// The alert whose metric must recover.
  package var alert: AlertKey
  package var expectedEffect: String
  package var blastRadius: String
  package var guardrails: [String]
  package var verifyAfterSeconds: Int64
  package var giveUpAfterSeconds: Int64
  package var timeToLiveSeconds: Int64

  package init(
    number: Int, incident: String, playbook: String, mode: Playbook.Mode, action: RoutingOverride.Action, alert: AlertKey,
    expectedEffect: String, blastRadius: String, guardrails: [String], verifyAfterSeconds: Int64, giveUpAfterSeconds: Int64,
    timeToLiveSeconds: Int64
  ) {
    self.number = number
    self.incident = incident
    self.playbook = playbook
    self.mode = mode
    self.action = action
    self.alert = alert
    self.expectedEffect = expectedEffect
    self.blastRadius = blastRadius
    self.guardrails = guardrails
    self.verifyAfterSeconds = verifyAfterSeconds
    self.giveUpAfterSeconds = giveUpAfterSeconds
    self.timeToLiveSeconds = timeToLiveSeconds
  }

  /// `REM-1`
  package var id: String { "REM-\(number)" }
}

extension RoutingOverride.Action {
  /// `Roll back prompt rag-answer from version 43 to 42`
  package var sentence: String {
    switch self {
    case .rollBackPrompt(let prompt, let from, let to): "Roll back prompt \(prompt) from version \(from) to \(to)"
    case .fallBackModel(let route, let from, let provider, let model):
      "Send requests on route \(route)\(from == RoutingOverride.anyModel ? "" : " for model \(from)") to \(model) at \(provider)"
    }
  }

  /// What two actions must not both steer at once.
  package var target: String {
    switch self {
    case .rollBackPrompt(let prompt, _, _): "prompt \(prompt)"
    case .fallBackModel(let route, _, _, _): "route \(route)"
    }
  }
}
