// How long it took, by the ledger's own times; a failure that flaps, which is one incident; charts that outlive their series.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation
import TestSeries
import Testing

@Suite struct IncidentTimesTests {
  private func at(_ minute: Int64) -> Timestamp { .second(minute * 60) }

  private func book(_ events: [(minute: Int64, event: IncidentEvent)]) throws -> Incident {
    let opened = IncidentEvent.opened(
      .init(number: 1, title: "x", severity: .sev2, onset: at(10), alert: AlertKey(monitor: "errors"), reason: "x"))
    var state = CommandState()
    for (minute, event) in [(13, opened)] + events {
      state.apply(.incident(IncidentRecord(at: at(minute), incident: "INC-1", actor: "dana", event: event)))
    }
    #expect(state.refusedEntries == 0)
    return try #require(state.incidents["INC-1"])
  }

  @Test func timesAreCountedFromWhereUsersSufferedOrSomebodyWasTold() throws {
    let fresh = try book([])
    #expect(fresh.timeToDetect == .seconds(180))
    #expect(fresh.timeToAcknowledge == nil && fresh.timeToMitigate == nil && fresh.timeToResolve == nil)
    let over = try book([
      (17, .acknowledged), (25, .mitigated(.init("it helps"))), (40, .resolved(.init("calm"))),
    ])
    #expect(over.timeToDetect == .seconds(180), "from the onset")
    #expect(over.timeToAcknowledge == .seconds(240), "from the opening: before it nobody was told")
    #expect(over.timeToMitigate == .seconds(900) && over.timeToResolve == .seconds(1_800), "from the onset")
  }

  @Test func whatCameBackIsNeitherMitigatedNorOver() throws {
    let again = try book([
      (17, .acknowledged), (25, .mitigated(.init("it helps"))), (40, .resolved(.init("calm"))), (50, .reopened(.init("again"))),
    ])
    #expect(again.timeToMitigate == nil && again.timeToResolve == nil)
    #expect(again.timeToAcknowledge == .seconds(240), "who acknowledged it did")
    let over = try book([
      (25, .mitigated(.init("x"))), (26, .relapsed(.init(alert: AlertKey(monitor: "errors"), reason: "x"))),
      (30, .mitigated(.init("x"))), (40, .resolved(.init("calm"))),
    ])
    #expect(over.timeToMitigate == .seconds(1_200), "the last time is what counts")
  }

  /// Fails for half a minute in every two, for forty minutes.
  @Test func aFlappingFailureIsOneIncidentAndNobodyIsToldOfEachFlap() throws {
    var story = try RemedyStoryTests.story(RemedyStoryTests.failing, only: [.tellPerson])
    for _ in 0..<20 {
      story.errorShare = { $0["route"] == "chat" ? 0.9 : 0.01 }
      try story.run(seconds: 60)
      story.errorShare = { _ in 0.01 }
      try story.run(seconds: 60)
    }
    #expect(story.state.incidents.incidents.count == 1)
    let incident = try #require(story.state.incidents.incidents.first)
    #expect(incident.isOpen, "it was never calm for long enough to be called over")
    #expect(story.entries.count { $0.kind == "incident.opened" } == 1)
  }

  @Test func chartsAreFrozenAtTheOpeningAndOutliveTheSeries() throws {
    var story = try RemedyStoryTests.story(RemedyStoryTests.failing, only: [.tellPerson])
    story.errorShare = { $0["route"] == "chat" ? 0.9 : 0.01 }
    try story.run(atMost: 240) { !$0.incidents.open.isEmpty }
    let frozen = try #require(story.state.incidents.open.first?.charts)
    #expect(!frozen.isEmpty && frozen.allSatisfy { $0.points.count > 5 })
    // Retention takes every series; the incident goes on with what it has.
    story.table = SeriesTable()
    story.streams = []
    try story.run(seconds: 60)
    try story.command(.resolve(incident: "INC-1", reason: "over"))
    let read = try story.entries.map { try LedgerEntry(json: try $0.json()) }
    #expect(CommandState(folding: read).incidents["INC-1"]?.charts == frozen)
  }
}
