// Random interleavings of faults, changes, people and crashes: what must hold after every step, whatever happened.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation
import TestSeries
import Testing

@Suite struct InterleavingTests {
  /// Something a person might do about what is there, sensible or not.
  private static func command(_ state: CommandState, _ random: inout SplitMix) -> OperatorCommand? {
    func any<Element>(_ elements: [Element]) -> Element? {
      elements.isEmpty ? nil : elements[Int(random.next() % UInt64(elements.count))]
    }
    let incident = any(state.incidents.incidents)
    let id = incident?.id ?? "INC-1"
    let other = any(state.incidents.incidents)?.id ?? "INC-2"
    let remediation = any(state.remediations.remediations)?.id ?? "REM-1"
    switch random.next() % 18 {
    case 0: return .acknowledge(incident: id)
    case 1: return .note(incident: id, text: "looking")
    case 2: return .resolve(incident: id, reason: "")
    case 3: return .reopen(incident: id, reason: "")
    case 4: return .merge(incident: id, into: other, reason: "")
    case 5: return incident?.alerts.last.map { .split(incident: id, alerts: $0.description, reason: "") }
    case 6: return .link(incident: id, sameAs: other, reason: "")
    case 7: return .assign(incident: id, any(IncidentRole.allCases) ?? .scribe, person: "dana")
    case 8: return .setSeverity(incident: id, any(Severity.allCases) ?? .sev4, reason: "")
    case 9: return .addTask(incident: id, text: "write it down")
    case 10: return .finishTask(incident: id, task: any(incident?.tasks ?? [])?.id ?? "T-1")
    case 11: return .declare(title: "Users complain", severity: .sev3)
    case 12, 13, 14: return .approve(remediation: remediation)
    case 15: return .reject(remediation: remediation, reason: "")
    case 16: return any(state.overrides.overrides).map { .withdraw(override: $0.id, reason: "") }
    default:
      return .recordChange(
        ChangeEvent(at: .second(0), kind: .deploy, subject: "gateway", from: nil, to: "1.\(random.next() % 9)", author: "lee"))
    }
  }

  /// Faults come and go on their own.
  private static func fault(_ story: inout Story, _ random: inout SplitMix) {
    switch random.next() % 6 {
    case 0: story.errorShare = { $0["model"] == "gemini-2.5-flash" ? 0.7 : 0.01 }
    case 1: story.errorShare = { $0["provider"] == "openai" ? 0.7 : 0.01 }
    case 2: story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    case 3: story.costEach = { $0["tenant"] == "acme" ? 15_000_000 : 1_000_000 }
    case 4:
      story.ship(random.next() % 2 == 0 ? "43" : "44")
    default:
      story.errorShare = { _ in 0.01 }
      story.ungroundedShare = { _ in 0.03 }
      story.costEach = { _ in 1_000_000 }
    }
  }

  @Test(arguments: 0..<10)
  func whateverHappensTheBooksAreRight(seed: UInt64) throws {
    var story = try RemedyStoryTests.story(
      RemedyStoryTests.poor, steps: seed % 2 == 0 ? [1_000] : [300, 1_000], volume: 4)
    let modes: [Playbook.Mode] = [.auto, .approve]
    let playbooks = RemedyStoryTests.playbooks(steps: seed % 2 == 0 ? [1_000] : [300, 1_000]).map { playbook in
      var playbook = playbook
      playbook.mode = modes[Int(seed % 3 == 0 ? 1 : 0)]
      return playbook
    }
    var settings = story.cycle.settings
    settings.reopenWithin = seed % 4 == 0 ? .seconds(120) : .zero
    story.cycle = CommandCycle(
      monitors: [RemedyStoryTests.poor, RemedyStoryTests.failing, RemedyStoryTests.spending], playbooks: playbooks,
      settings: settings)
    var random = SplitMix(state: seed &* 0x9e37_79b9 + 1)
    var generation: UInt64 = 0
    for round in 0..<70 {
      if random.next() % 8 == 0 { Self.fault(&story, &random) }
      if random.next() % 3 == 0, let command = Self.command(story.state, &random) {
        // A refusal changes nothing; that is all that is asked of it here.
        try? story.command(command)
      }
      try story.step()
      if random.next() % 4 == 0 { try Self.crash(&story, &random) }
      try Self.check(story, generation: &generation, "seed \(seed), round \(round)")
    }
  }

  /// The process dies in the middle of a batch and reads its ledger back, as text; the next turn completes what was cut short.
  private static func crash(_ story: inout Story, _ random: inout SplitMix) throws {
    let read = try story.entries.map { try LedgerEntry(json: try $0.json()) }
    #expect(CommandState(folding: read) == story.state)
    let lost = Int(random.next() % 3)
    // What people were told is in the ledger; only what the last turn decided can be lost.
    let kept = story.entries.dropLast(min(lost, story.lastBatch))
    guard kept.count < story.entries.count else { return }
    story.entries = Array(kept)
    story.state = CommandState(folding: kept)
    for entry in try story.cycle.decide(state: story.state, now: story.now, read: story.table.read) { story.record(entry) }
    let again = try story.cycle.decide(state: story.state, now: story.now, read: story.table.read)
    #expect(again.isEmpty, "nothing is left to decide: \(again.map(\.kind))")
  }

  private static func check(_ story: Story, generation: inout UInt64, _ place: String) throws {
    let state = story.state
    #expect(state.refusedEntries == 0, "every entry was legal for the state it met; \(place)")
    #expect(CommandState(folding: story.entries) == state, "\(place)")
    // At most one open incident for each alert.
    let alerts = state.incidents.open.flatMap(\.alerts)
    #expect(Set(alerts).count == alerts.count, "\(place)")
    for incident in state.incidents.incidents {
      #expect(incident.timeline.map(\.at) == incident.timeline.map(\.at).sorted(), "\(place)")
      #expect((incident.resolvedAt != nil) == !incident.isOpen, "\(incident.id), \(place)")
    }
    // What gateways have in force is what remediations in force say, and nothing is steered twice.
    let inForce = state.remediations.remediations.filter(\.isInForce)
    #expect(Set(inForce.compactMap { $0.override }) == Set(state.overrides.overrides), "\(place)")
    let targets = inForce.compactMap(\.plan.target)
    #expect(Set(targets).count == targets.count, "\(place)")
    #expect(state.overrides.generation >= generation || story.entries.isEmpty, "\(place)")
    generation = state.overrides.generation
    // Nothing that did not help is tried again for the same incident.
    for incident in state.incidents.incidents {
      // A proposal that was dropped with its cause was not tried.
      let tried = state.remediations.of(incident: incident.id).filter { $0.state != .expired || $0.appliedAt != nil }
      let actions = tried.compactMap(\.plan.action)
      #expect(Set(actions).count == actions.count, "\(place)")
    }
  }
}

@Suite struct LifecycleTests {
  private func incident(_ story: Story, _ id: String = "INC-1") throws -> Incident { try #require(story.state.incidents[id]) }

  /// Errors on a route, nothing else.
  private func failing() throws -> Story {
    var story = try RemedyStoryTests.story(RemedyStoryTests.failing, only: [.tellPerson])
    story.errorShare = { $0["route"] == "chat" ? 0.6 : 0.01 }
    try story.run(atMost: 240) { !$0.incidents.open.isEmpty }
    return story
  }

  @Test func anIncidentIsDeclaredWorkedAndClosedByHand() throws {
    var story = try RemedyStoryTests.story(RemedyStoryTests.failing)
    try story.command(.declare(title: "Users complain about tone", severity: .sev3))
    try story.run(seconds: 120)
    #expect(try incident(story).state == .triggered, "what no monitor saw, none closes")
    story.second += 60
    try story.command(.acknowledge(incident: "INC-1"))
    try story.command(.assign(incident: "INC-1", .communications, person: "sam"))
    try story.command(.addTask(incident: "INC-1", text: "Ask support for examples"))
    #expect(try incident(story).timeToAcknowledge == .seconds(180))
    #expect(try incident(story).roles == ["communications": "sam"] && incident(story).owner == "dana")
    try story.command(.resolve(incident: "INC-1", reason: "tone is restored"))
    try story.command(.finishTask(incident: "INC-1", task: "T-1"))
    let text = Postmortem.markdown(try incident(story), state: story.state)
    #expect(text.contains("- [x] Ask support for examples") && text.contains("| Time to acknowledge |"))
    for command in [OperatorCommand.declare(title: " ", severity: .sev1), .assign(incident: "INC-1", .scribe, person: "x")] {
      #expect(throws: CommandRefusal.self) { try story.command(command) }
    }
  }

  @Test func incidentsAreMergedAndSplit() throws {
    var story = try failing()
    story.errorShare = { $0["route"] != "answer" ? 0.6 : 0.01 }
    try story.run(atMost: 240) { $0.incidents.incidents.flatMap(\.alerts).count > 1 }
    let ids = story.state.incidents.open.map(\.id)
    if ids.count == 1 {
      let alert = try #require(try incident(story).alerts.last)
      try story.command(.split(incident: "INC-1", alerts: alert.description, reason: "another team's"))
    }
    #expect(story.state.incidents.open.count == 2)
    #expect(throws: CommandRefusal.self) { try story.command(.split(incident: "INC-2", alerts: "errors", reason: "")) }
    try story.run(seconds: 60)
    #expect(story.state.incidents.open.count == 2, "what a person split stays apart")
    let alerts = Set(story.state.incidents.open.flatMap(\.alerts))
    try story.command(.merge(incident: "INC-2", into: "INC-1", reason: "one cause after all"))
    try story.run(seconds: 60)
    #expect(story.state.incidents.open.map(\.id) == ["INC-1"])
    #expect(try Set(incident(story).alerts) == alerts && incident(story, "INC-2").mergedInto == "INC-1")
    #expect(throws: CommandRefusal.self) { try story.command(.reopen(incident: "INC-2", reason: "")) }
  }

  @Test func whatComesBackAtOnceIsReopenedAndMustBeCalmForLonger() throws {
    var story = try failing()
    story.cycle = CommandCycle(
      monitors: story.cycle.monitors, playbooks: story.cycle.playbooks,
      settings: CommandSettings(quietPeriod: .seconds(60), reopenWithin: .seconds(300)))
    story.errorShare = { _ in 0.01 }
    try story.run(atMost: 600) { $0.incidents.open.isEmpty }
    story.errorShare = { $0["route"] == "chat" ? 0.6 : 0.01 }
    try story.run(atMost: 240) { !$0.incidents.open.isEmpty }
    #expect(story.state.incidents.incidents.count == 1)
    #expect(try incident(story).relapses == 1)
    story.errorShare = { _ in 0.01 }
    try story.run(atMost: 900) { $0.incidents.open.isEmpty }
    let again = try incident(story)
    let calm = try #require(again.resolvedAt) - (try #require(again.mitigatedAt))
    #expect(calm >= .seconds(120), "twice the quiet period after a relapse")
  }

  @Test func severityRisesWithImpactAndFallsOnlyByHand() throws {
    var story = try RemedyStoryTests.story(RemedyStoryTests.poor, only: [.tellPerson])
    var monitor = RemedyStoryTests.poor
    monitor.severity = .sev4
    story.cycle = CommandCycle(monitors: [monitor], playbooks: [], settings: story.cycle.settings)
    story.ungroundedShare = { $0["route"] == "answer" ? 0.9 : 0.03 }
    try story.run(atMost: 240) { !$0.incidents.open.isEmpty }
    try story.run(seconds: 180)
    #expect(try incident(story).severity == .sev2)
    #expect(try incident(story).timeline.contains { $0.text.hasPrefix("Severity SEV-4 → SEV-2") })
    try story.command(.setSeverity(incident: "INC-1", .sev1, reason: "press"))
    try story.run(seconds: 120)
    #expect(try incident(story).severity == .sev1)
  }

  @Test func linkingNamesAnEarlierIncidentOnly() throws {
    var story = try failing()
    try story.command(.declare(title: "Again", severity: .sev3))
    try story.command(.link(incident: "INC-2", sameAs: "INC-1", reason: "same error text"))
    #expect(try incident(story, "INC-2").sameAs == "INC-1")
    for other in ["INC-2", "INC-9"] {
      #expect(throws: CommandRefusal.self) { try story.command(.link(incident: "INC-1", sameAs: other, reason: "")) }
    }
  }
}
