// Which entries of the ledger become facts, under which keys, and that these are the same however often the ledger is folded.

import Incidents
import LLMTelemetry
import Monitors
import Notifications
import Remediation
import Testing

@Suite struct NotificationBookTests {
  @Test func aStoryBecomesFactsInItsOrder() {
    let book = NotificationBook(folding: Scene.mended)
    #expect(
      book.facts.map(\.key) == [
        "INC-1/opened", "REM-1/approval_needed", "INC-1/acknowledged", "REM-1/remediation_applied", "INC-1/mitigated",
        "INC-1/closed",
      ])
    #expect(
      book.facts.map(\.detail)[2...] == [
        "by dana", "Roll back prompt rag-answer from version 43 to 42", "Mitigated: REM-1 verified: back to 1.1 %",
        "Resolved: all alerts ok for 5 min",
      ])
    #expect(Set(book.facts.map(\.messageID)).count == book.facts.count)
    #expect(book.facts.allSatisfy { !$0.messageID.contains(".") })
    #expect(NotificationBook(folding: Scene.mended).facts == book.facts)
  }

  @Test func severityRaisedIsToldOnceForEachStepAndNotAtTheOpening() {
    func joined(_ at: Timestamp, _ monitor: String, _ severity: Severity) -> LedgerEntry {
      Scene.incident(at, .alertJoined(.init(alert: AlertKey(monitor: monitor), severity: severity, reason: "too many")))
    }
    var book = NotificationBook(folding: [
      Scene.opening(severity: .sev4), joined(Scene.at, "a", .sev3), joined(Scene.at + .seconds(10), "b", .sev2),
      joined(Scene.at + .seconds(20), "c", .sev4), joined(Scene.at + .seconds(30), "d", .sev1),
    ])
    #expect(book.facts.map(\.key) == ["INC-1/opened", "INC-1/severity_raised/SEV-2", "INC-1/severity_raised/SEV-1"])
    #expect(book.facts.map(\.severity) == [.sev4, .sev2, .sev1])
    // An entry the state refuses tells nothing.
    book.apply(joined(Scene.at + .seconds(40), "d", .sev1))
    #expect(book.facts.count == 3)
  }

  @Test func whatHappensAgainHasAKeyOfItsOwn() {
    let alert = AlertKey(monitor: "grounded-1", group: ["route": "chat"])
    let book = NotificationBook(folding: [
      Scene.opening(), Scene.incident(Scene.at + .seconds(10), .mitigated(.init("its alert recovered"))),
      Scene.incident(Scene.at + .seconds(20), .relapsed(.init(alert: alert, reason: "too many"))),
      Scene.incident(Scene.at + .seconds(30), .mitigated(.init("its alert recovered"))),
      Scene.incident(Scene.at + .seconds(40), .relapsed(.init(alert: alert, reason: "too many"))),
      Scene.incident(Scene.at + .seconds(50), .escalated(.init("nothing left to try"))),
    ])
    #expect(
      book.facts.map(\.key) == [
        "INC-1/opened", "INC-1/mitigated", "INC-1/reopened", "INC-1/mitigated/2", "INC-1/reopened/2", "INC-1/escalated",
      ])
  }

  @Test(arguments: [(Playbook.Mode.approve, ["approval_needed"]), (.suggest, ["remediation_suggested"]), (.auto, [])])
  func aProposalIsToldByWhoDecides(mode: Playbook.Mode, told: [String]) {
    let book = NotificationBook(folding: [
      Scene.opening(), Scene.remediation(Scene.at, .proposed(.init(plan: Scene.plan(mode: mode)))),
    ])
    #expect(book.facts.dropFirst().map { String($0.key.dropFirst(6)) } == told)
  }

  @Test func aRemediationThatDidNotHelpIsTold() {
    let applied = RoutingOverride(
      id: "OVR-1", action: Scene.plan().action, incident: "INC-1", appliedAt: Scene.at, expiresAt: Scene.at + .seconds(86_400))
    let book = NotificationBook(
      folding: Scene.waiting + [
        Scene.remediation(Scene.at, .approved, actor: "dana"),
        Scene.remediation(Scene.at, .applied(.init(override: applied, generation: 1))),
        Scene.remediation(Scene.at, .reverted(.init(reason: "no better after 10 min", generation: 2))),
        Scene.remediation(Scene.at, .escalated(.init("no other playbook"))),
      ])
    #expect(book.facts.suffix(2).map(\.key) == ["REM-1/remediation_reverted", "REM-1/remediation_escalated"])
    #expect(book.facts.last?.detail == "no other playbook")
  }

  @Test func changesAreFactsButNotTheTextsOfPrompts() {
    func change(_ kind: ChangeEvent.Kind, _ subject: String) -> LedgerEntry {
      .change(ChangeEvent(at: Scene.at, kind: kind, subject: subject, from: "a", to: "b", author: "lee"))
    }
    let book = NotificationBook(folding: [change(.deploy, "shop"), change(.deploy, "shop"), change(.route, "chat")])
    #expect(
      book.facts.map(\.key) == [
        "change/deploy/shop/1793491200", "change/deploy/shop/1793491200/2", "change/route/chat/1793491200",
      ])
  }
}
