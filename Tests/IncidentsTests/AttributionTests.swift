// Who is blamed, and when nobody is: contrasts over dimensions on traffic with a known truth.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct AttributionTests {
  /// Runs a world without monitors for twenty minutes, breaks it for two, and asks for the cause.
  static func attribute(
    _ definition: MonitorDefinition, group: [String: String] = [:], streams: [Story.Stream] = Story.twoRoutes(),
    then broken: [Story.Stream]? = nil, changes: [ChangeEvent] = [], breaking: (inout Story) -> Void
  ) throws -> Attribution {
    var story = Story(cycle: CommandCycleOfNothing.cycle)
    story.streams = streams
    try story.run(seconds: 1_200)
    if let broken { story.streams = broken }
    breaking(&story)
    try story.run(seconds: 120)
    return try CauseAttribution.attribute(
      definition, group: TagSet(group), onset: .second(1_240), at: story.now, changes: changes, read: story.table.read)
  }

  static func change(_ kind: ChangeEvent.Kind, _ subject: String, to: String?) -> ChangeEvent {
    ChangeEvent(at: .second(1_190), kind: kind, subject: subject, from: nil, to: to, author: nil)
  }

  @Test func canaryOfAFewPercentIsNamed() throws {
    let canary = Story.twoRoutes(volume: 20) + Story.twoRoutes(version: "43", volume: 2)
    let result = try Self.attribute(Story.ungrounded, streams: Story.twoRoutes(volume: 20), then: canary) {
      $0.ungroundedShare = { $0["prompt_version"] == "43" ? 0.8 : 0.03 }
    }
    #expect(result.cause?.dimensions == ["prompt": "rag-answer", "prompt_version": "43"])
    #expect(result.startedAt == .second(1_200))
    #expect(result.cause?.evidence.contains { $0.contains("it is new: its parent's baseline") } == true)
  }

  @Test func tenantWithItsOwnTroubleIsNamed() throws {
    let result = try Self.attribute(Story.errors) { $0.errorShare = { $0["tenant"] == "globex" ? 0.6 : 0.01 } }
    #expect(result.cause?.dimensions == ["tenant": "globex"])
    #expect(result.contrast.first?.value == "globex")
    #expect(!result.rejected.isEmpty)
  }

  @Test func conjunctionIsDrilledToWhereSiblingsAreHealthy() throws {
    let result = try Self.attribute(Story.errors) {
      $0.errorShare = { $0["tenant"] == "globex" && $0["route"] == "chat" ? 0.7 : 0.01 }
    }
    #expect(result.cause?.dimensions["tenant"] == "globex")
    #expect(result.cause?.dimensions.count == 2)
  }

  @Test func providerIsNamedOverItsModels() throws {
    let result = try Self.attribute(Story.errors) { $0.errorShare = { $0["provider"] == "vertex" ? 0.5 : 0.01 } }
    #expect(result.cause?.dimensions == ["provider": "vertex"])
  }

  @Test func latencyAndCostUseTheSameContrast() throws {
    let latency = try Self.attribute(Story.latency) { $0.latency = { $0["model"] == "gemini-2.5-flash" ? 6 : 1 } }
    #expect(latency.cause?.dimensions == ["model": "gemini-2.5-flash"])
    let cost = try Self.attribute(Story.cost, changes: [Self.change(.promptVersion, "rag-answer", to: "43")]) {
      $0.streams = Story.twoRoutes(version: "43")
      $0.costEach = { $0["prompt_version"] == "43" ? 5_000_000 : 1_000_000 }
    }
    #expect(cost.cause?.dimensions == ["prompt": "rag-answer", "prompt_version": "43"])
  }

  @Test func changeDecidesBetweenSlicesThatCountingCannotTellApart() throws {
    let deploy = Self.change(.route, "answer", to: nil)
    let result = try Self.attribute(Story.errors, changes: [deploy]) { $0.errorShare = { $0["route"] == "answer" ? 0.5 : 0.01 } }
    #expect(result.cause?.dimensions == ["route": "answer"])
    #expect(result.cause?.change == deploy)
    let without = try Self.attribute(Story.errors) { $0.errorShare = { $0["route"] == "answer" ? 0.5 : 0.01 } }
    #expect(without.cause?.dimensions == ["model": "gemini-2.5-flash"])
    #expect((without.cause?.confidence ?? 1) < (result.cause?.confidence ?? 0))
  }

  @Test func abstainsWhenEverythingRisesAlike() throws {
    let result = try Self.attribute(Story.errors) { $0.errorShare = { _ in 0.4 } }
    #expect(result.cause == nil)
    #expect(result.abstention?.contains("upstream or global") == true)
    #expect(SliceNaming.incidentTitle(Story.errors, group: [:], attribution: result) == "Errors everywhere: upstream or global")
  }

  @Test func abstainsWithoutABaselineAndOnNoise() throws {
    var story = Story(cycle: CommandCycleOfNothing.cycle)
    story.streams = Story.twoRoutes()
    story.errorShare = { _ in 0.5 }
    try story.run(seconds: 60)
    let early = try CauseAttribution.attribute(
      Story.errors, group: TagSet([String: String]()), onset: .second(20), at: story.now, changes: [], read: story.table.read)
    #expect(early.cause == nil)
    let quiet = try Self.attribute(Story.errors) { _ in }
    #expect(quiet.cause == nil)
  }

  /// A tenant that always failed more sends more: the rate rises, nobody got worse.
  @Test func abstainsOnAShiftOfTheMix() throws {
    func streams(globex: Int64) -> [Story.Stream] {
      Story.twoRoutes(volume: 8).map { stream in
        var stream = stream
        if stream.tags["tenant"] == "globex" { stream.requests *= globex }
        return stream
      }
    }
    var story = Story(cycle: CommandCycleOfNothing.cycle)
    story.errorShare = { $0["tenant"] == "globex" ? 0.3 : 0.01 }
    story.streams = streams(globex: 1)
    try story.run(seconds: 1_200)
    story.streams = streams(globex: 8)
    try story.run(seconds: 120)
    let result = try CauseAttribution.attribute(
      Story.errors, group: TagSet([String: String]()), onset: .second(1_240), at: story.now, changes: [], read: story.table.read)
    #expect(result.cause == nil)
    #expect(result.abstention?.contains("the mix of the traffic explains") == true)
    #expect(result.abstention?.contains("tenant globex went from") == true)
  }

  @Test func volumesNameWhoSendsMoreAndWhoFellSilent() throws {
    func attribute(_ comparison: Threshold.Comparison, globex: Int64) throws -> Attribution {
      let monitor = MonitorDefinition(
        name: "requests", title: "Requests", severity: .sev3,
        query: MonitorQuery(.perMinute(.init(.sum, MetricCatalogue.requests))), window: .seconds(60), holdFor: .seconds(20),
        threshold: Threshold(comparison, critical: 1))
      let changed = Story.twoRoutes(volume: 8).map { stream in
        var stream = stream
        if stream.tags["tenant"] == "globex" { stream.requests = globex }
        return stream
      }
      return try Self.attribute(monitor, then: changed) { _ in }
    }
    let surge = try attribute(.above, globex: 60)
    #expect(surge.cause?.dimensions == ["tenant": "globex"])
    #expect(surge.startedAt == .second(1_200))
    let silence = try attribute(.below, globex: 0)
    #expect(silence.cause?.dimensions == ["tenant": "globex"])
    #expect(silence.cause?.evidence.contains { $0.contains("fewer") } == true)
  }

  @Test func costThatRoseByRequestsIsLaidAtWhoSendsThem() throws {
    func streams(_ factor: (String) -> Int64) -> [Story.Stream] {
      Story.twoRoutes(volume: 8).map { stream in
        var stream = stream
        stream.requests *= factor(stream.tags["tenant"] ?? "")
        return stream
      }
    }
    let abuse = try Self.attribute(Story.cost, then: streams { $0 == "globex" ? 10 : 1 }) { _ in }
    #expect(abuse.cause?.dimensions == ["tenant": "globex"])
    #expect(abuse.cause?.evidence.contains { $0.contains("not dearer ones") } == true)
    // A peak of everybody's is nobody's fault.
    let peak = try Self.attribute(Story.cost, then: streams { _ in 4 }) { _ in }
    #expect(peak.cause == nil)
    #expect(peak.abstention?.contains("not dearer ones") == true)
  }

  @Test func secondCauseIsNamedBesideTheFirst() throws {
    let result = try Self.attribute(Story.errors) {
      $0.errorShare = { $0["tenant"] == "acme" && $0["route"] == "answer" ? 0.8 : $0["model"] == "gpt-4.1-mini" ? 0.5 : 0.01 }
    }
    let causes = ([result.cause].compactMap { $0 } + (result.further ?? [])).map(\.dimensions)
    #expect(causes.count == 2)
    #expect(causes.contains(["model": "gpt-4.1-mini"]))
    #expect(causes.contains { $0["tenant"] == "acme" && $0["model"] == "gemini-2.5-flash" })
  }

  @Test func evidenceSeparatesRateFromMixAndSaysHowMuchIsCovered() throws {
    let result = try Self.attribute(Story.errors) { $0.errorShare = { $0["tenant"] == "globex" ? 0.6 : 0.01 } }
    #expect(result.cause?.evidence.contains { $0.contains("from rates within slices") } == true)
    #expect(result.cause?.evidence.contains { $0.contains("of the traffic") } == true)
    #expect(result.rejected.contains { $0.reason.contains("stayed healthy") })
  }

  @Test func neverContradictsTheGroupOfItsAlert() throws {
    let result = try Self.attribute(Story.errors, group: ["route": "chat"]) {
      $0.errorShare = { $0["route"] == "answer" ? 0.9 : $0["route"] == "chat" ? 0.3 : 0.01 }
    }
    #expect(result.cause?.dimensions["model"] != "gemini-2.5-flash")
    #expect(result.cause?.dimensions["route"] != "answer")
  }
}

/// A cycle that watches nothing: the story only makes traffic.
enum CommandCycleOfNothing {
  static let cycle = Story.cycle(mode: .suggest, monitors: [])
}
