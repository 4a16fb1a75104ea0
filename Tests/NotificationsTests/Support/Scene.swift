// Ledgers that the tests tell about: an incident with everything that can be known of one, and one whose names are hostile.

import Incidents
import LLMTelemetry
import Monitors
import Notifications
import Remediation

enum Scene {
  static let at = Timestamp(unixSeconds: 1_793_491_200)
  static let now = Timestamp(unixSeconds: 1_793_492_000)
  static let console = "http://127.0.0.1:8090"

  static func incident(_ at: Timestamp, _ event: IncidentEvent, actor: String = "commander", id: String = "INC-1") -> LedgerEntry
  {
    .incident(IncidentRecord(at: at, incident: id, actor: actor, event: event))
  }

  static func opening(
    _ number: Int = 1, severity: Severity = .sev2, at: Timestamp = Scene.at,
    title: String = "Answers of rag-answer became poorly grounded",
    route: String = "chat"
  ) -> LedgerEntry {
    incident(
      at,
      .opened(
        .init(
          number: number, title: title, severity: severity, onset: at - .seconds(40),
          alert: AlertKey(monitor: "grounded-\(number)", group: ["route": route]), reason: "too many")), id: "INC-\(number)")
  }

  static func plan(_ number: Int = 1, incident: String = "INC-1", mode: Playbook.Mode = .approve) -> RemediationPlan {
    RemediationPlan(
      number: number, incident: incident, playbook: "roll-back", mode: mode,
      action: .rollBackPrompt(prompt: "rag-answer", from: "43", to: "42"), alert: AlertKey(monitor: "grounded-1"),
      expectedEffect: "the share of ungrounded answers returns to 1.2 %", blastRadius: "11.3 % of requests, 4 tenants",
      guardrails: [],
      verifyAfterSeconds: 60, giveUpAfterSeconds: 600, timeToLiveSeconds: 86_400)
  }

  static func remediation(_ at: Timestamp, _ event: RemediationEvent, actor: String = "commander", number: Int = 1) -> LedgerEntry
  {
    .remediation(
      RemediationRecord(at: at, remediation: "REM-\(number)", incident: "INC-1", actor: actor, event: event))
  }

  static let cause = Cause(
    dimensions: ["prompt": "rag-answer", "prompt_version": "43", "route": "chat"], title: "Prompt rag-answer version 43",
    confidence: 0.97, explained: 0.997, evidence: ["99.7 % of the deviation lies in prompt rag-answer version 43"],
    change: ChangeEvent(at: at - .seconds(60), kind: .promptVersion, subject: "rag-answer", from: "42", to: "43", author: "lee"))

  /// Opened, explained, counted, and with a rollback that waits for approval.
  static let waiting: [LedgerEntry] = [
    opening(),
    incident(at, .causeAttributed(.init(attribution: Attribution(cause: cause, abstention: nil, contrast: [], rejected: [])))),
    incident(
      at + .seconds(10),
      .impactUpdated(
        Impact(
          affectedRequests: 215, totalRequests: 290, errors: 3, ungroundedAnswers: 158, tenants: ["acme-eu", "globex"],
          tenantCount: 4,
          extraCost: Nanodollars(decimalDollars: "1.25")))),
    remediation(at + .seconds(10), .proposed(.init(plan: plan()))),
  ]

  static let mended: [LedgerEntry] =
    waiting + [
      incident(at + .seconds(20), .acknowledged, actor: "dana"),
      remediation(at + .seconds(30), .approved, actor: "dana"),
      remediation(
        at + .seconds(40),
        .applied(
          .init(
            override: RoutingOverride(
              id: "OVR-1", action: plan().action, incident: "INC-1", appliedAt: at + .seconds(40),
              expiresAt: at + .seconds(86_440)),
            generation: 1))),
      remediation(at + .seconds(120), .verified(.init("back to 1.1 %"))),
      incident(at + .seconds(120), .mitigated(.init("REM-1 verified: back to 1.1 %"))),
      incident(at + .seconds(600), .resolved(.init("all alerts ok for 5 min"))),
    ]

  /// Names as a client could send them, as long as they like.
  static func hostile(length: Int) -> [LedgerEntry] {
    let text = String(repeating: "<!channel> & \"évil\"\r\nBcc: x@example.com\n.\n*b* 😀", count: max(1, length / 50))
    let cause = Cause(
      dimensions: ["tenant": text, "route": text, "model": text], title: text, confidence: 0.5, explained: 0.5,
      evidence: Array(repeating: text, count: 40),
      change: ChangeEvent(at: at, kind: .config, subject: text, from: text, to: text, author: text))
    return [
      opening(severity: .sev1, title: text, route: text),
      incident(
        at,
        .causeAttributed(.init(attribution: Attribution(cause: cause, abstention: nil, contrast: [], rejected: []), title: text))),
      incident(
        at + .seconds(10),
        .impactUpdated(
          Impact(affectedRequests: 9, totalRequests: 9, tenants: Array(repeating: text, count: 10), tenantCount: 900))),
      remediation(at + .seconds(10), .proposed(.init(plan: plan()))),
      incident(at + .seconds(11), .escalated(.init(text))),
    ]
  }

  static func notification(_ key: String, _ entries: [LedgerEntry]) -> Notification? {
    let book = NotificationBook(folding: entries)
    return book.facts.first { $0.key == key }.map { Notification($0, in: book.state) }
  }

  static func all(_ entries: [LedgerEntry]) -> [Notification] {
    let book = NotificationBook(folding: entries)
    return book.facts.map { Notification($0, in: book.state) }
  }
}

extension AlertKey {
  init(monitor: String, group: [String: String]) { self.init(monitor: monitor, group: .init(group)) }
}
