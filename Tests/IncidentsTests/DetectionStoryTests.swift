// What the cycle makes of detection's findings: causes that change, incidents that turn out to be one, remedies judged by what fired.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation
import TestSeries
import Testing

@Suite struct DetectionStoryTests {
  /// Charts errors, whatever its signals are.
  private static let quality = monitor("detected-quality", ["ungrounded", "refusal"])
  private static let cost = monitor("detected-cost", ["cost_per_request"])
  private static let failures = monitor("detected-failures", ["provider_error"])
  private static let silence = monitor("detected-silence", ["traffic_loss"], playbooks: [])

  private static func monitor(_ name: String, _ signals: [String], playbooks: [String] = RemedyStoryTests.names)
    -> MonitorDefinition
  {
    MonitorDefinition(
      name: name, title: "Detected", severity: .sev2, query: failing.query, kind: .detection(.init(signals: signals)),
      window: .seconds(300), threshold: Threshold(.above, critical: 0.5), noData: .ok, playbooks: playbooks)
  }

  private static let failing = RemedyStoryTests.failing

  private func story(
    _ only: Set<Playbook.Action>, shares: [RouteShare] = [], change: (inout Playbook) -> Void = { _ in }
  ) throws -> Story {
    let fallback = RouteFallback(
      route: "classify", models: ["*"], provider: "vertex", toProvider: "openai", toModel: "gpt-4.1-nano", leavesProvider: true)
    var playbooks = RemedyStoryTests.playbooks(only: only)
    for index in playbooks.indices { change(&playbooks[index]) }
    var story = Story(
      cycle: CommandCycle(
        monitors: [Self.quality, Self.cost, Self.failures, Self.silence], playbooks: playbooks,
        settings: CommandSettings(fallbacks: [fallback], shares: shares, quietPeriod: .seconds(60))))
    story.streams = Story.twoRoutes()
    try story.run(seconds: 300)
    return story
  }

  private func found(
    _ signals: [String], _ group: [String: String], at: Timestamp, confidence: Double = 0.7, onset: Timestamp? = nil
  ) -> DetectionFinding {
    DetectionFinding(
      signals: signals, group: group, opened: at, onset: onset ?? at - .seconds(60), severity: .sev2, dimensions: group,
      confidence: confidence, evidence: ["seen"])
  }

  private static let version = ["prompt": "rag-answer", "prompt_version": "43"]

  // MARK: Causes

  @Test func aCauseIsRevisedWhenMoreIsKnownAndThenMended() throws {
    var story = try story([.promptRollback])
    story.ship("43")
    try story.run(seconds: 60)
    story.findings = [found(["ungrounded"], ["route": "answer"], at: story.now)]
    try story.step()
    #expect(story.state.incidents.open.first?.cause?.title == "Route answer")
    story.findings[0].dimensions = Self.version
    try story.step()
    let incident = try #require(story.state.incidents.open.first)
    #expect(incident.cause?.dimensions == Self.version && incident.causeRevisedAt == story.now)
    #expect(incident.title == "Answers of rag-answer became poorly grounded")
    #expect(
      incident.timeline.contains { $0.text.hasPrefix("Likely cause: Prompt rag-answer version 43, and no longer Route answer: ") }
    )
    #expect(story.state.remediations["REM-1"]?.plan.sentence == "Roll back prompt rag-answer from version 43 to 42")
    #expect(CommandState(folding: story.entries) == story.state)
  }

  @Test func aCauseStaysWhereTheOtherIsNoSurer() throws {
    var story = try story([])
    story.findings = [found(["refusal"], ["route": "answer"], at: story.now)]
    try story.step()
    story.findings[0].dimensions = Self.version
    story.findings[0].confidence = 0.6
    try story.step()
    #expect(story.state.incidents.open.first?.cause?.title == "Route answer")
    // Later it takes more than a little.
    try story.run(seconds: 660)
    story.findings[0].confidence = 0.8
    try story.step()
    #expect(story.state.incidents.open.first?.cause?.title == "Route answer")
    story.findings[0].confidence = 0.95
    try story.step()
    #expect(story.state.incidents.open.first?.cause?.dimensions == Self.version)
  }

  @Test func findingsThatContradictEachOtherDoNotTakeTurns() throws {
    var story = try story([])
    story.findings = [found(["refusal"], ["route": "answer"], at: story.now)]
    try story.step()
    // The same slice to begin with, and then another cause.
    story.findings.append(found(["cost_per_request"], ["route": "answer"], at: story.now, confidence: 0.8))
    try story.step()
    #expect(story.state.incidents.incidents.count == 1)
    story.findings[1].dimensions = Self.version
    try story.run(seconds: 60)
    #expect(story.state.incidents.open.first?.cause?.title == "Route answer")
    story.findings[1].confidence = 0.95
    try story.run(seconds: 60)
    #expect(story.state.incidents.open.first?.cause?.dimensions == Self.version)
    #expect(story.entries.count { $0.kind == "incident.cause_revised" } == 1)
  }

  @Test func whatIsSeenUnderARemedyRevisesNothing() throws {
    var story = try story([.promptRollback])
    story.ship("43")
    story.findings = [found(["ungrounded"], Self.version, at: story.now)]
    try story.step()
    #expect(story.state.remediations["REM-1"]?.state == .applied)
    story.findings[0].dimensions = ["tenant": "acme"]
    story.findings[0].confidence = 0.95
    try story.run(seconds: 20)
    #expect(story.state.incidents.open.first?.cause?.dimensions == Self.version)
  }

  @Test func incidentsOfOneRevisedCauseBecomeOne() throws {
    var story = try story([])
    story.findings = [
      found(["refusal"], ["route": "answer"], at: story.now), found(["cost_per_request"], ["tenant": "acme"], at: story.now),
    ]
    try story.step()
    #expect(story.state.incidents.open.count == 2)
    for index in story.findings.indices { story.findings[index].dimensions = Self.version }
    try story.step()
    let incidents = story.state.incidents.incidents
    #expect(incidents.map(\.isOpen) == [true, false] && incidents[1].mergedInto == "INC-1")
    #expect(incidents[0].alerts.count == 2)
    #expect(CommandState(folding: story.entries) == story.state && story.state.refusedEntries == 0)
    // What a person takes apart stays apart.
    try story.step()
    try story.command(.split(incident: "INC-1", alerts: "detected-cost", reason: "another matter"))
    try story.run(seconds: 30)
    #expect(story.state.incidents.open.count == 2)
  }

  // MARK: Remedies

  @Test func aRemedyIsJudgedByTheSignalThatFired() throws {
    var story = try story([.promptRollback])
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.6 : 0.03 }
    try story.run(seconds: 120)
    story.findings = [found(["ungrounded"], Self.version, at: story.now, onset: story.now - .seconds(120))]
    try story.run(atMost: 300) { $0.remediations["REM-1"]?.state == .verified }
    let remediation = try #require(story.state.remediations["REM-1"])
    #expect(remediation.state == .verified && remediation.plan.signal == "ungrounded")
    #expect(remediation.reason.hasPrefix("share of ungrounded answers was "))
  }

  @Test(arguments: [(1, RemediationState.verified), (1_000, .escalated)])
  func aThrottleIsJudgedByWhatItLetsThrough(perMinute: Int, state: RemediationState) throws {
    var story = try story([.throttle]) { $0.parameters.requestsPerMinute = perMinute * 6 }
    story.costEach = { $0["tenant"] == "acme" ? 20_000_000 : 1_000_000 }
    try story.run(seconds: 60)
    story.findings = [found(["cost_per_request"], ["tenant": "acme"], at: story.now)]
    try story.run(atMost: 300) { $0.remediations["REM-1"].map { $0.state != .applied } ?? false }
    let remediation = try #require(story.state.remediations["REM-1"])
    #expect(remediation.state == state, "\(remediation.reason)")
    #expect(remediation.reason.contains("spending per minute was "))
  }

  /// Whatever a cause may name, a throttle is of exactly those requests, or a person is told where to look it up.
  @Test(arguments: [
    (["tenant": "acme"], RequestScope(tenant: "acme")), (["virtual_key": "batch"], RequestScope(key: "batch")),
    (["tenant": "acme", "virtual_key": "batch"], RequestScope(tenant: "acme", key: "batch")),
    (["feature": "rag"], RequestScope(feature: "rag")), (["route": "answer"], RequestScope(route: "answer")),
    (["model": "gemini-2.5-flash"], RequestScope(model: "gemini-2.5-flash")),
    (["prompt": "rag-answer"], RequestScope(prompt: "rag-answer")),
    (["prompt": "rag-answer", "prompt_version": "42"], RequestScope(prompt: "rag-answer", promptVersion: "42")),
    (["provider": "vertex"], nil), (["region": "us-central1"], nil), (["version": "1.4"], nil),
    (["tenant": "acme", "provider": "vertex"], nil), (["virtual_key": "batch", "region": "us-central1"], nil),
  ])
  func aThrottleIsOfExactlyThoseToBlame(cause: [String: String], scope: RequestScope?) throws {
    var story = try story([.throttle, .tellPerson]) { $0.parameters.requestsPerMinute = 60 }
    story.findings = [found(["cost_per_request"], cause, at: story.now)]
    try story.step()
    let plan = try #require(story.state.remediations["REM-1"]?.plan)
    #expect(plan.action == scope.map { .throttle($0, requestsPerMinute: 60) })
    if scope == nil {
      let task = try #require(story.state.incidents.open.first?.tasks.first)
      #expect(task.id == "REM-1" && task.runbook == "https://wiki.example/llm")
    }
  }

  @Test func errorsThatNoSenderCausesAreNotThrottled() throws {
    var story = try story([.throttle, .tellPerson]) { $0.parameters.requestsPerMinute = 60 }
    story.findings = [found(["provider_error"], ["route": "answer"], at: story.now)]
    try story.step()
    #expect(story.state.remediations.remediations.map(\.plan.action) == [nil])
  }

  /// Refused requests show no failure: that detection sees none any more does not say that the throttle helps.
  @Test func aThrottleIsNotBelievedBecauseItsAlertIsSilent() throws {
    var story = try story([.throttle]) { $0.parameters.requestsPerMinute = 6_000 }
    story.costEach = { $0["tenant"] == "acme" ? 20_000_000 : 1_000_000 }
    try story.run(seconds: 60)
    story.findings = [found(["cost_per_request"], ["tenant": "acme"], at: story.now)]
    try story.step()
    #expect(story.state.remediations["REM-1"]?.state == .applied)
    story.findings = []
    try story.run(seconds: 20)
    #expect(story.state.remediations["REM-1"]?.state == .applied, "not before it was watched for long enough")
    try story.run(atMost: 300) { $0.remediations["REM-1"]?.state != .applied }
    let remediation = try #require(story.state.remediations["REM-1"])
    #expect(remediation.state == .escalated && remediation.reason.contains("spending per minute was "), "\(remediation.reason)")
  }

  @Test func everyRouteOfAFailingProviderGetsItsRemedy() throws {
    let shares = [("vertex", "gemini-2.5-flash"), ("openai", "gpt-4.1-mini")].map {
      RouteShare(route: "answer", providerName: $0.0, provider: $0.0, model: $0.1, weight: 1, retries: 0)
    }
    var story = try story([.weightShift, .modelFallback], shares: shares)
    story.findings = [found(["provider_error"], ["provider": "vertex"], at: story.now)]
    try story.step()
    #expect(
      story.state.remediations.remediations.map(\.plan.sentence) == [
        "Send route answer to its other targets instead of gemini-2.5-flash at vertex",
        "Send requests on route classify to gpt-4.1-nano at openai",
      ])
  }

  // MARK: Own doing

  @Test func requestsThatARemedySentAwayAreNotMissed() throws {
    var story = try story([.modelFallback])
    story.findings = [found(["provider_error"], ["provider": "vertex"], at: story.now)]
    try story.step()
    #expect(story.state.overrides.overrides.count == 1)
    try story.run(seconds: 20)
    let loss = found(["traffic_loss"], ["model": "gemini-2.5-flash-lite"], at: story.now, onset: story.now)
    story.findings.append(loss)
    try story.run(seconds: 30)
    #expect(story.state.incidents.incidents.count == 1)
    // Nor while they come back.
    try story.command(.withdraw(override: "OVR-1", reason: "it is well again"))
    try story.run(seconds: 30)
    #expect(story.state.incidents.incidents.count == 1)
    // What no override moves is missed all the same.
    story.findings.append(found(["traffic_loss"], ["tenant": "acme"], at: story.now))
    try story.step()
    #expect(story.state.incidents.incidents.count == 2)
  }

  @Test func requestsThatWereMissedBeforeTheRemedyAre() throws {
    var story = try story([.modelFallback])
    let before = story.now
    story.findings = [found(["provider_error"], ["provider": "vertex"], at: before)]
    try story.run(seconds: 20)
    story.findings.append(found(["traffic_loss"], ["model": "gemini-2.5-flash-lite"], at: before - .seconds(10)))
    try story.step()
    #expect(story.state.incidents.incidents.contains { $0.alerts.contains { $0.monitor == "detected-silence" } })
  }
}
