// Causes that figures' alerts named too early, or could not name at all: found again, without flapping, never under a remedy.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation
import TestSeries
import Testing

@Suite struct SecondThoughtsTests {
  private static let acmeFirst = ["route": "chat", "tenant": "acme"]

  /// Errors of one tenant, which then are everybody's on that route.
  private func spreading(_ only: Set<Playbook.Action>, mode: Playbook.Mode) throws -> Story {
    var story = try RemedyStoryTests.story(RemedyStoryTests.failing, only: only)
    let playbooks = RemedyStoryTests.playbooks(only: only).map { playbook in
      var playbook = playbook
      playbook.mode = mode
      return playbook
    }
    story.cycle = CommandCycle(monitors: [RemedyStoryTests.failing], playbooks: playbooks, settings: story.cycle.settings)
    story.errorClass = "overloaded"
    story.errorShare = { $0["route"] == "chat" && $0["tenant"] == "acme" ? 0.8 : 0.01 }
    try story.run(atMost: 240) { !$0.incidents.open.isEmpty }
    #expect(story.state.incidents.open.first?.cause?.dimensions["tenant"] == "acme")
    story.errorShare = { $0["route"] == "chat" ? 0.8 : 0.01 }
    return story
  }

  private func revisions(_ story: Story) -> Int { story.entries.count { $0.kind == "incident.cause_revised" } }

  @Test func aCauseThatLaterRequestsContradictIsRevisedAndPlannedAnew() throws {
    var story = try spreading([.throttle, .weightShift], mode: .approve)
    let first = try #require(story.state.remediations["REM-1"])
    #expect(first.plan.sentence.contains("acme") && first.state == .proposed)
    try story.run(atMost: 900) { $0.incidents.open.first?.causeRevisedAt != nil }
    let incident = try #require(story.state.incidents.open.first)
    #expect(incident.cause?.dimensions["tenant"] == nil && incident.cause != nil)
    let revised = try #require(incident.timeline.first { $0.text.contains(", and no longer ") })
    #expect(revised.text.contains("of all that was seen since the failure began it explains"), "\(revised.text)")
    #expect(story.state.remediations["REM-1"]?.state == .expired)
    let plans = story.state.remediations.remediations.filter { $0.state == .proposed }.compactMap(\.plan.action)
    #expect(plans == [.shiftWeight(route: "chat", provider: "openai-main", model: "gpt-4.1-mini", toPercent: 0)])
    try story.run(seconds: 1_200)
    #expect(revisions(story) == 1, "what is named stays named")
    #expect(story.state.refusedEntries == 0 && CommandState(folding: story.entries) == story.state)
  }

  @Test func underARemedyNothingIsRevisedNorAfterIt() throws {
    var story = try spreading([.throttle], mode: .auto)
    let remediation = try #require(story.state.remediations["REM-1"])
    #expect(remediation.appliedAt != nil)
    try story.run(seconds: 900)
    #expect(story.state.remediations["REM-1"]?.isInForce == false)
    try story.run(seconds: 600)
    #expect(revisions(story) == 0)
    #expect(story.state.incidents.open.first?.cause?.dimensions["tenant"] == "acme")
  }

  @Test func anIncidentWithoutACauseIsLookedAtAgainLongAfter() throws {
    var story = try RemedyStoryTests.story(RemedyStoryTests.failing, only: [.tellPerson, .weightShift])
    story.errorClass = "overloaded"
    story.errorShare = { _ in 0.4 }
    try story.run(seconds: 780)
    let early = try #require(story.state.incidents.open.first)
    #expect(early.cause == nil && early.abstention != nil)
    // Everything else is well again: the failure that stays is one slice's.
    story.errorShare = { $0["route"] == "chat" ? 0.9 : 0.01 }
    try story.run(atMost: 3_600) { $0.incidents.open.contains { $0.cause != nil } }
    let incident = try #require(story.state.incidents.open.first { $0.cause != nil })
    #expect(incident.causeRevisedAt == nil, "there was nothing to revise")
    #expect(incident.timeline.contains { $0.text.contains("once more requests were seen") })
    let shift = RoutingOverride.Action.shiftWeight(
      route: "chat", provider: "openai-main", model: "gpt-4.1-mini", toPercent: 0)
    #expect(story.state.remediations.of(incident: incident.id).contains { $0.plan.action == shift })
    #expect(story.state.refusedEntries == 0 && CommandState(folding: story.entries) == story.state)
  }

  @Test func aFailureThatMovesToAndFroDoesNotFlap() throws {
    var story = try RemedyStoryTests.story(RemedyStoryTests.failing, only: [])
    for round in 0..<40 {
      let tenant = round % 2 == 0 ? "acme" : "initech"
      story.errorShare = { $0["route"] == "chat" && $0["tenant"] == tenant ? 0.8 : 0.01 }
      try story.run(seconds: 60)
    }
    #expect(story.state.incidents.incidents.count == 1)
    #expect(revisions(story) <= 1, "\(revisions(story)) in 40 minutes")
  }

  @Test func anotherIncidentsRemedyIsWaitedFor() throws {
    var story = try spreading([.throttle], mode: .suggest)
    let override = RoutingOverride(
      id: "OVR-9", action: .closeRoute(route: "classify"), incident: "INC-9", appliedAt: story.now,
      expiresAt: story.now + .seconds(3_600))
    story.record(
      .incident(
        IncidentRecord(
          at: story.now, incident: "INC-2", actor: "dana",
          event: .opened(.init(number: 2, title: "Another", severity: .sev3, onset: story.now, alert: nil, reason: "declared")))))
    var plan = try #require(story.state.remediations["REM-1"]).plan
    plan.number = story.state.remediations.nextNumber
    plan.incident = "INC-2"
    plan.action = override.action
    for event in [
      RemediationEvent.proposed(.init(plan: plan)), .approved,
      .applied(.init(override: override, generation: story.state.overrides.generation + 1)), .verified(.init("it helps")),
    ] {
      story.record(
        .remediation(RemediationRecord(at: story.now, remediation: plan.id, incident: "INC-2", actor: "dana", event: event)))
    }
    #expect(story.state.overrides.overrides.count == 1)
    try story.run(seconds: 900)
    #expect(revisions(story) == 0)
    try story.command(.withdraw(override: "OVR-9", reason: "done"))
    try story.run(seconds: 300)
    #expect(revisions(story) == 1)
  }
}
