// One concrete proposal for one incident: the action, what it should achieve, whom it touches and what keeps it safe.

import LLMTelemetry
import Monitors

package struct RemediationPlan: Hashable, Sendable, Codable, Identifiable {
  package var number: Int
  /// `INC-1`
  package var incident: String
  package var playbook: String
  package var mode: Playbook.Mode
  /// What gateways are asked for; `nil` where a person is told and nothing is changed.
  package var action: RoutingOverride.Action?
  /// The alert whose metric must recover.
  package var alert: AlertKey
  /// What detection saw in the requests, where the alert is detection's: its figure is the one that must recover. Absent in older plans.
  package var signal: String?
  package var expectedEffect: String
  package var blastRadius: String
  package var guardrails: [String]
  package var verifyAfterSeconds: Int64
  package var giveUpAfterSeconds: Int64
  package var timeToLiveSeconds: Int64
  /// Absent in plans from before there were steps: all requests at once.
  package var sharesPerMille: [Int]?
  /// Who may approve; absent for everyone.
  package var approvers: [String]?
  /// Share of all requests of the last ten minutes that it touches, 0 to 1; absent where that is not known.
  package var touchedShare: Double?
  /// An address or a few words, for a person.
  package var runbook: String?

  package init(
    number: Int, incident: String, playbook: String, mode: Playbook.Mode, action: RoutingOverride.Action?, alert: AlertKey,
    signal: String? = nil, expectedEffect: String, blastRadius: String, guardrails: [String], verifyAfterSeconds: Int64,
    giveUpAfterSeconds: Int64,
    timeToLiveSeconds: Int64, sharesPerMille: [Int]? = nil, approvers: [String]? = nil, touchedShare: Double? = nil,
    runbook: String? = nil
  ) {
    self.number = number
    self.incident = incident
    self.playbook = playbook
    self.mode = mode
    self.action = action
    self.alert = alert
    self.signal = signal
    self.expectedEffect = expectedEffect
    self.blastRadius = blastRadius
    self.guardrails = guardrails
    self.verifyAfterSeconds = verifyAfterSeconds
    self.giveUpAfterSeconds = giveUpAfterSeconds
    self.timeToLiveSeconds = timeToLiveSeconds
    self.sharesPerMille = sharesPerMille
    self.approvers = approvers
    self.touchedShare = touchedShare
    self.runbook = runbook
  }

  /// `REM-1`
  package var id: String { "REM-\(number)" }
  /// The override it becomes; `OVR-1`.
  package var overrideID: String { "OVR-\(number)" }
  /// Never empty.
  package var steps: [Int] { sharesPerMille.flatMap { $0.isEmpty ? nil : $0 } ?? [RoutingOverride.wholePerMille] }

  /// `Roll back prompt rag-answer from version 43 to 42`
  package var sentence: String {
    action?.sentence ?? "Tell a person\(runbook.map { ", who follows \($0)" } ?? "")"
  }

  /// What two plans must not both steer at once; `nil` where nothing is steered.
  package var target: String? { action?.target }
}
