// What is learned from an incident: which others were like it, what helped, its postmortem, and what a spent budget forbids.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation
import TestSeries
import Testing

@Suite struct SimilarIncidentTests {
  static func opened(_ number: Int, _ monitor: String, at second: Int64) -> LedgerEntry {
    .incident(
      IncidentRecord(
        at: .second(second), incident: "INC-\(number)", actor: "commander",
        event: .opened(
          .init(
            number: number, title: "\(monitor) \(number)", severity: .sev2, onset: .second(second),
            alert: AlertKey(monitor: monitor, group: TagSet([:])), reason: "too many"))))
  }

  static func caused(_ number: Int, _ dimensions: [String: String], change: ChangeEvent.Kind? = nil) -> LedgerEntry {
    let change = change.map { ChangeEvent(at: .second(0), kind: $0, subject: "s", from: nil, to: "x", author: nil) }
    return .incident(
      IncidentRecord(
        at: .second(5), incident: "INC-\(number)", actor: "commander",
        event: .causeAttributed(
          .init(
            attribution: Attribution(
              cause: Cause(
                dimensions: dimensions, title: "Cause", confidence: 0.9, explained: 0.9, evidence: [], change: change),
              abstention: nil, contrast: [], rejected: [])))))
  }

  static let book: CommandState = CommandState(folding: [
    opened(1, "ungrounded", at: 0), caused(1, ["prompt": "rag", "prompt_version": "43"], change: .promptVersion),
    opened(2, "errors", at: 10), caused(2, ["model": "gemini"]),
    opened(3, "ungrounded", at: 20), caused(3, ["prompt": "rag", "prompt_version": "44"], change: .promptVersion),
    opened(4, "ungrounded-other", at: 30), caused(4, ["route": "chat"]),
    opened(5, "ungrounded", at: 40), caused(5, ["prompt": "rag", "prompt_version": "43"], change: .promptVersion),
  ])

  @Test func theSameCauseComesBeforeTheSameKindOfCause() throws {
    let incident = try #require(Self.book.incidents["INC-5"])
    let found = SimilarIncidents.of(incident, in: Self.book.incidents)
    #expect(found.map(\.id) == ["INC-1", "INC-3"], "an outage of a model and a slow route are no precedents")
    #expect(found[0].score == 1 && found[1].score < 0.9)
    #expect(found[0].reasons.contains("same cause: prompt rag, prompt_version 43"))
    #expect(found[1].reasons.contains("after the same kind of change: prompt version"))
  }

  @Test func twoMonitorsOfOneSignalSeeTheSameSymptom() throws {
    let incident = try #require(Self.book.incidents["INC-5"])
    let signals = ["ungrounded": "share", "ungrounded-other": "share", "errors": "errors"]
    let with = SimilarIncidents.of(incident, in: Self.book.incidents, signals: signals)
    // Symptom alone, with another cause, is no precedent either.
    #expect(with.map(\.id) == ["INC-1", "INC-3"])
    #expect(with[1].reasons.contains("same signal: share"))
  }

  @Test func whatAPersonLinkedIsTheSame() throws {
    var state = Self.book
    state.apply(
      .incident(
        IncidentRecord(
          at: .second(50), incident: "INC-5", actor: "dana", event: .linked(.init(other: "INC-2", reason: "same quota")))))
    let incident = try #require(state.incidents["INC-5"])
    let found = SimilarIncidents.of(incident, in: state.incidents)
    #expect(found.first { $0.id == "INC-2" }?.reasons == ["linked as the same"])
    let other = try #require(state.incidents["INC-2"])
    #expect(SimilarIncidents.of(other, in: state.incidents).map(\.id) == ["INC-5"], "and the other way round")
  }

  @Test func whatHelpedThenIsShown() throws {
    var story = try Story.healthy(mode: .auto)
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    try story.run(atMost: 900) { $0.incidents.incidents.count == 1 && $0.incidents.open.isEmpty }
    let first = try #require(story.state.incidents["INC-1"])
    #expect(story.state.precedents(of: first).isEmpty)
    story.record(Self.opened(2, first.alerts[0].monitor, at: story.second))
    story.record(Self.caused(2, ["prompt": "rag-answer", "prompt_version": "43"]))
    let second = try #require(story.state.incidents["INC-2"])
    let precedent = try #require(story.state.precedents(of: second).first)
    #expect(precedent.incident == "INC-1")
    #expect(precedent.helped.map(\.remediation) == ["REM-1"])
    #expect(precedent.helped.first?.action.hasPrefix("Roll back prompt rag-answer") == true)
  }
}

@Suite struct PostmortemPublicationTests {
  @Test func aPostmortemIsPublishedOnceTheIncidentIsOver() throws {
    var story = Story(cycle: CommandCycle(monitors: [], playbooks: []))
    try story.command(.declare(title: "Tone", severity: .sev3))
    #expect(throws: CommandRefusal.self) { try story.command(.publishPostmortem(incident: "INC-1", text: "# Tone")) }
    try story.command(.resolve(incident: "INC-1", reason: "over"))
    try story.command(.publishPostmortem(incident: "INC-1", text: " # Tone\n\nIt was the prompt. \n"))
    #expect(story.entries.last?.kind == "incident.postmortem_published")
    let published = try #require(story.state.incidents["INC-1"]?.postmortem)
    #expect(published.text == "# Tone\n\nIt was the prompt." && published.author == "dana" && published.revision == 1)
    #expect(throws: CommandRefusal.self, "nothing changed") {
      try story.command(.publishPostmortem(incident: "INC-1", text: "# Tone\n\nIt was the prompt."))
    }
    try story.command(.publishPostmortem(incident: "INC-1", text: "# Tone, revised"))
    #expect(story.state.incidents["INC-1"]?.postmortem?.revision == 2)
    #expect(story.state.incidents["INC-1"]?.timeline.last?.text == "Postmortem published again, revision 2")
    let long = String(repeating: "x", count: Postmortem.byteLimit + 1)
    #expect(throws: CommandRefusal.self) { try story.command(.publishPostmortem(incident: "INC-1", text: long)) }
    let entries = try story.entries.map { try LedgerEntry(json: $0.json()) }
    #expect(CommandState(folding: entries) == story.state && story.state.refusedEntries == 0)
  }

  @Test func everyNumberOfTheDraftHasALinkBesideIt() throws {
    var story = try Story.healthy(mode: .auto)
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    try story.run(atMost: 900) { $0.incidents.incidents.count == 1 && $0.incidents.open.isEmpty }
    let text = Postmortem.markdown(try #require(story.state.incidents["INC-1"]), state: story.state)
    var section = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("## ") { section = String(line.dropFirst(3)) }
      // Tables below a sentence that links all of them, and tasks, which are no measurements.
      guard ["Impact", "Cause"].contains(section) || (section.isEmpty && line.hasPrefix("|")) else { continue }
      guard line.hasPrefix("- ") || line.hasPrefix("|"), line.contains(where: \.isNumber) else { continue }
      if line.hasPrefix("| Severity") { continue }
      #expect(line.contains("](/incidents/INC-1#"), "no evidence for: \(line)")
    }
    for card in ["impact", "cause", "remediation", "timeline", "charts"] { #expect(text.contains("INC-1#\(card))")) }
  }
}

@Suite struct PromotionFreezeTests {
  static func standing(good: Double, valid: Double, freezes: Bool = true, target: Double = 99) -> ObjectiveStanding {
    let all = SLODefinition.Events(MetricCatalogue.requests)
    return ObjectiveStanding(
      SLODefinition(
        name: "availability", title: "Requests succeed", meaning: "", indicator: .good(all, of: all), target: target,
        whenSpent: freezes ? .freezePromotions : nil),
      SLOStatus(
        objective: "availability", at: .second(0), range: .second(-10)..<(.second(0)), valid: valid, good: good, target: target,
        burns: []))
  }

  private func entries(_ standing: ObjectiveStanding, reason: String? = nil) throws -> [LedgerEntry] {
    try PromotionFreeze.entries(
      prompt: "rag", version: "43", standings: [standing], overrideReason: reason, command: "commander prompt promote rag 43",
      actor: "dana", at: .second(9))
  }

  @Test func aSpentBudgetRefusesAndNamesTheObjectiveTheExcessAndTheWayOut() throws {
    let spent = Self.standing(good: 9_850, valid: 10_000)
    let refusal = #expect(throws: CommandRefusal.self) { try entries(spent) }
    let text = refusal?.description ?? ""
    #expect(text.contains("availability (99 % over 30d): 150 bad of 10,000, 50 more than the 100 its error budget allows"))
    #expect(text.contains("`commander prompt promote rag 43 --override-freeze REASON`"))
    #expect(throws: CommandRefusal.self) { try entries(spent, reason: "  ") }
  }

  @Test func aReasonGoesToTheLedger() throws {
    let spent = Self.standing(good: 9_850, valid: 10_000)
    let entry = try #require(try entries(spent, reason: " security fix ").first)
    #expect(entry.kind == "promotion.freeze_overridden" && entry.subject == "rag")
    #expect(try LedgerEntry(json: entry.json()) == entry)
    guard case .promotion(let record) = entry, case .freezeOverridden(let override) = record.event else {
      Issue.record("not an override")
      return
    }
    #expect(override.reason == "security fix" && override.objectives == ["availability"] && record.version == "43")
    var state = CommandState()
    state.apply(entry)
    #expect(state.refusedEntries == 0)
  }

  @Test func nobodyIsHeldUpWithoutNeed() throws {
    // Left over, exactly spent, without data, and without the policy.
    #expect(try entries(Self.standing(good: 9_901, valid: 10_000)).isEmpty)
    #expect(throws: CommandRefusal.self) { try entries(Self.standing(good: 9_900, valid: 10_000)) }
    #expect(throws: CommandRefusal.self) { try entries(Self.standing(good: 995, valid: 1_000, target: 99.5)) }
    #expect(try entries(Self.standing(good: 0, valid: 0)).isEmpty)
    #expect(try entries(Self.standing(good: 0, valid: 10_000, freezes: false)).isEmpty)
    // An override that overrides nothing is not recorded.
    #expect(try entries(Self.standing(good: 10_000, valid: 10_000), reason: "to be sure").isEmpty)
  }
}
