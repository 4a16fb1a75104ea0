// Whole stories through the pure cycle: from healthy traffic to a closed incident, and the ones that do not end well.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation
import TestSeries
import Testing

@Suite struct StoryTests {
  @Test func flawedPromptVersionIsFoundRolledBackVerifiedAndClosed() throws {
    var story = try Story.healthy()
    #expect(story.entries.isEmpty, "healthy traffic must stay silent")
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    try story.run(atMost: 120) { !$0.incidents.open.isEmpty }
    #expect(story.entries.map(\.kind).prefix(3) == ["change.prompt_version", "alert.pending", "alert.alert"])

    let opened = try #require(story.state.incidents["INC-1"])
    #expect(opened.title == "Answers of rag-answer became poorly grounded")
    #expect(opened.cause?.dimensions == ["prompt": "rag-answer", "prompt_version": "43"])
    #expect(opened.cause?.change?.to == "43")
    #expect((opened.cause?.confidence ?? 0) > 0.8)
    #expect(opened.onsetAt == .second(600))
    #expect(opened.contrast.first?.dimension == "prompt_version")
    #expect(opened.contrast.first?.verdict == .decisive)
    #expect(opened.charts.first?.query.contains("llm.answers.ungrounded") == true)

    let proposal = try #require(story.state.remediations["REM-1"])
    #expect(proposal.state == .proposed)
    #expect(proposal.plan.action == .rollBackPrompt(prompt: "rag-answer", from: "43", to: "42"))
    try story.run(seconds: 30)
    #expect(story.state.overrides.overrides.isEmpty, "nothing is applied without approval")

    try story.command(.acknowledge(incident: "INC-1"))
    try story.command(.approve(remediation: "REM-1"))
    try story.step()
    #expect(story.state.overrides.generation == 1)
    #expect(story.state.overrides.overrides.map(\.id) == ["OVR-1"])
    try story.run(atMost: 120) { $0.incidents["INC-1"]?.state == .mitigated }
    #expect(story.state.remediations["REM-1"]?.state == .verified)
    try story.run(atMost: 300) { $0.incidents.open.isEmpty }

    let closed = try #require(story.state.incidents["INC-1"])
    #expect(closed.state == .resolved)
    #expect(closed.owner == "dana")
    #expect(closed.impact.tenantCount == 3)
    #expect(closed.impact.affectedRequests > 100)
    #expect(story.state.incidents.incidents.count == 1)
    #expect(story.state.overrides.overrides.count == 1, "a verified override stays until its time or a person ends it")
    #expect(CommandState(folding: story.entries) == story.state)
    #expect(story.state.refusedEntries == 0)

    let text = Postmortem.markdown(closed, state: story.state)
    for part in [
      "# INC-1: Answers of rag-answer became poorly grounded", "Prompt rag-answer version 43", "| Mitigated |", "REM-1 verified",
      "Prompt version of rag-answer: 42 → 43 by lee", "- Tenants: [3](/incidents/INC-1#impact) (acme, globex, initech)",
      "Correct or withdraw version 43 of prompt rag-answer",
    ] { #expect(text.contains(part), "\(part) is missing in\n\(text)") }
  }

  @Test func rateLimitedModelFallsBack() throws {
    var story = try Story.healthy(mode: .auto)
    story.errorShare = { $0["model"] == "gemini-2.5-flash" ? 0.8 : 0.01 }
    try story.run(atMost: 120) { !$0.incidents.open.isEmpty }
    let incident = try #require(story.state.incidents["INC-1"])
    #expect(incident.title == "Errors on model gemini-2.5-flash")
    #expect(incident.severity == .sev1)
    #expect(incident.cause?.dimensions == ["model": "gemini-2.5-flash"])
    #expect(incident.cause?.evidence.last == "100 % of the errors are rate_limited")
    #expect(
      story.state.overrides.overrides.map(\.action) == [
        .fallBackModel(route: "answer", from: "gemini-2.5-flash", toProvider: "openai", toModel: "gpt-4.1-mini")
      ])
    #expect(story.state.remediations["REM-1"]?.approvedBy == "auto")
    try story.run(atMost: 400) { $0.incidents.open.isEmpty }
    #expect(story.state.remediations["REM-1"]?.state == .verified)
    #expect(story.state.incidents.incidents.map(\.state) == [.resolved])
  }

  @Test func remediationThatDoesNotHelpIsRevertedEscalatedAndNotRepeated() throws {
    var story = try Story.healthy(mode: .auto)
    story.ship("43")
    // The prompt change is a coincidence: the documents went bad, for every version.
    story.ungroundedShare = { $0["prompt"] == "rag-answer" ? 0.7 : 0.03 }
    try story.run(atMost: 120) { !$0.overrides.overrides.isEmpty }
    try story.run(seconds: 600)
    let kinds = story.entries.compactMap { entry -> String? in
      if case .remediation = entry { entry.kind } else { nil }
    }
    #expect(
      kinds == [
        "remediation.proposed", "remediation.approved", "remediation.applied", "remediation.reverted", "remediation.escalated",
      ])
    #expect(story.state.overrides == RoutingOverrides(generation: 2))
    let incident = try #require(story.state.incidents["INC-1"])
    #expect(incident.isOpen)
    #expect(incident.timeline.contains { $0.text.hasPrefix("Escalated: Roll back prompt") })
  }

  @Test func withoutACauseEvenAutoWaitsForAPerson() throws {
    var story = try Story.healthy(mode: .auto)
    story.errorShare = { _ in 0.5 }
    try story.run(seconds: 60)
    let incident = try #require(story.state.incidents.open.first)
    #expect(incident.cause == nil)
    #expect(incident.abstention?.contains("upstream or global") == true)
    let proposals = story.state.remediations.remediations
    #expect(proposals.map(\.state) == proposals.map { _ in .proposed })
    #expect(story.state.overrides.overrides.isEmpty)
  }

  @Test func overrideEndsWithItsTime() throws {
    var story = try Story.healthy(mode: .auto)
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    try story.run(atMost: 600) { $0.remediations["REM-1"]?.state == .verified }
    story.streams = Story.twoRoutes(version: "44")
    try story.run(atMost: 4_000) { $0.overrides.overrides.isEmpty }
    #expect(story.state.remediations["REM-1"]?.state == .expired)
    #expect(story.state.overrides.generation == 2)
  }

  @Test func operatorMayWithdrawAndRejectAndIsToldWhyNot() throws {
    var story = try Story.healthy()
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    try story.run(atMost: 120) { !$0.remediations.remediations.isEmpty }
    try story.command(.reject(remediation: "REM-1", reason: "we ship 44 in a minute"))
    try story.run(seconds: 60)
    #expect(story.state.remediations.remediations.map(\.state) == [.rejected], "a rejected action is not proposed again")
    for (command, words) in [
      (OperatorCommand.approve(remediation: "REM-1"), "REM-1 is rejected"),
      (.approve(remediation: "REM-9"), "there is no remediation REM-9"),
      (.acknowledge(incident: "INC-9"), "there is no incident INC-9"),
      (.note(incident: "INC-1", text: "  "), "1 to 4,096 bytes"),
      (.withdraw(override: "OVR-1", reason: ""), "there is no override OVR-1"),
    ] {
      #expect {
        try story.command(command)
      } throws: { "\($0)".contains(words) }
    }
    try story.command(.resolve(incident: "INC-1", reason: "44 is out"))
    let before = story.state
    try story.run(seconds: 30)
    #expect(story.state.incidents.incidents.count == 1, "an alert that is still firing does not reopen what a person closed")
    #expect(before.incidents["INC-1"]?.state == .resolved)
  }

  @Test func sameFailureAfterTheEndIsANewIncidentThatNamesTheOld() throws {
    var story = try Story.healthy(monitors: [Story.errors])
    for _ in 0..<2 {
      story.errorShare = { $0["model"] == "gpt-4.1-mini" ? 0.6 : 0.01 }
      try story.run(atMost: 120) { !$0.incidents.open.isEmpty }
      story.errorShare = { _ in 0.01 }
      try story.run(atMost: 600) { $0.incidents.open.isEmpty }
    }
    #expect(story.state.incidents.incidents.map(\.id) == ["INC-1", "INC-2"])
    #expect(story.state.incidents["INC-2"]?.sameAs == "INC-1")
  }

  @Test func alertsOfOneCauseShareOneIncident() throws {
    var story = try Story.healthy(mode: .suggest)
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    story.latency = { $0["prompt_version"] == "43" ? 6 : 1 }
    story.costEach = { $0["prompt_version"] == "43" ? 9_000_000 : 1_000_000 }
    try story.run(seconds: 120)
    #expect(story.state.incidents.incidents.count == 1)
    let incident = try #require(story.state.incidents["INC-1"])
    #expect(Set(incident.alerts.map(\.monitor)) == ["ungrounded", "latency", "cost"])
    #expect(incident.severity == .sev2)
    #expect((incident.impact.extraCost?.count ?? 0) > 0)
    #expect(story.state.overrides.generation == 0, "a suggestion is never applied")
    #expect(throws: CommandRefusal.self) { try story.command(.approve(remediation: "REM-1")) }
  }

  @Test(arguments: 0..<6)
  func aCrashAnywhereChangesNothing(seed: UInt64) throws {
    var story = try Story.healthy(mode: seed % 2 == 0 ? .auto : .approve)
    var random = SplitMix(state: seed)
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    story.errorShare = { $0["model"] == "gpt-4.1-mini" ? 0.5 : 0.01 }
    for round in 0..<60 {
      if round == 30 { story.errorShare = { _ in 0.01 } }
      for stream in story.streams where stream.requests < 0 { Issue.record("\(stream)") }
      try story.step()
      if random.next() % 4 == 0, let remediation = story.state.remediations.remediations.first(where: { $0.state == .proposed }) {
        try? story.command(.approve(remediation: remediation.id))
      }
      if random.next() % 9 == 0, let incident = story.state.incidents.open.first {
        try? story.command(.acknowledge(incident: incident.id))
      }
      if random.next() % 3 == 0 {
        // The process dies and reads its ledger back, as text.
        let read = try story.entries.map { try LedgerEntry(json: try $0.json()) }
        let refolded = CommandState(folding: read)
        #expect(refolded == story.state)
        story.state = refolded
      }
      let targets = story.state.remediations.remediations.filter(\.isInForce).compactMap(\.plan.target)
      #expect(Set(targets).count == targets.count, "two overrides steer one target")
    }
    #expect(story.state.refusedEntries == 0)
  }

  @Test func aBatchCutShortIsCompletedByTheNextTurn() throws {
    var whole = try Story.healthy(mode: .auto)
    whole.ship("43")
    whole.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    try whole.run(atMost: 60) { $0.alerts.statuses.values.contains { $0.state == .pending } }
    try whole.run(seconds: 10)
    var before = whole
    let batch = try before.step()
    #expect(batch.count > 4)
    for kept in 0..<batch.count {
      var state = CommandState(folding: before.entries.prefix(before.entries.count - batch.count))
      for entry in batch.prefix(kept) { state.apply(entry) }
      for entry in try before.cycle.decide(state: state, now: before.now, read: before.table.read) { state.apply(entry) }
      #expect(state.overrides == before.state.overrides, "cut after \(kept)")
      #expect(state.incidents.incidents.map(\.title) == before.state.incidents.incidents.map(\.title), "cut after \(kept)")
      #expect(state.refusedEntries == 0)
    }
  }
}
