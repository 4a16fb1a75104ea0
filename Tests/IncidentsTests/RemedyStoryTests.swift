// One story for each remedy: the cause is found, the fitting playbook is chosen, it is applied in steps, verified, and kept.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation
import TestSeries
import Testing

@Suite struct RemedyStoryTests {
  static let spending = MonitorDefinition(
    name: "spending", title: "Cost per minute", severity: .sev3,
    query: MonitorQuery(.perMinute(.init(.sum, MetricCatalogue.cost))), window: .seconds(60), holdFor: .seconds(20),
    threshold: Threshold(.above, critical: 0.8, recovery: 0.6), playbooks: names)
  static let failing = MonitorDefinition(
    name: "errors", title: "Error rate", severity: .sev1,
    query: MonitorQuery(.ratio(.init(.sum, MetricCatalogue.errors), .init(.sum, MetricCatalogue.requests))),
    window: .seconds(60), holdFor: .seconds(20), threshold: Threshold(.above, critical: 0.1, recovery: 0.05), trafficGate: 20,
    playbooks: names, groupBy: ["route"])
  static let poor = MonitorDefinition(
    name: "ungrounded", title: "Ungrounded answers", severity: .sev2,
    query: MonitorQuery(.ratio(.init(.sum, MetricCatalogue.answersUngrounded), .init(.sum, MetricCatalogue.answersScored))),
    window: .seconds(60), holdFor: .seconds(20), threshold: Threshold(.above, critical: 0.25, recovery: 0.12), trafficGate: 20,
    playbooks: names, groupBy: ["prompt"])

  static let names = Playbook.Action.allCases.map(\.rawValue)

  /// A playbook of every kind, all auto.
  static func playbooks(steps: [Int] = [1_000], only: Set<Playbook.Action> = Set(Playbook.Action.allCases)) -> [Playbook] {
    Playbook.Action.allCases.filter(only.contains).map { action in
      var parameters = Playbook.Parameters()
      parameters.outputTokens = 256
      parameters.dollarsPerHour = Nanodollars(5_000_000_000)
      parameters.tool = "search"
      return Playbook(
        name: action.rawValue, action: action, mode: .auto, steps: steps, verifyAfter: .seconds(30), giveUpAfter: .seconds(120),
        timeToLive: .seconds(3_600), parameters: parameters, runbook: "https://wiki.example/llm")
    }
  }

  static func story(
    _ monitor: MonitorDefinition, steps: [Int] = [1_000], only: Set<Playbook.Action> = Set(Playbook.Action.allCases),
    volume: Int64 = 8
  ) throws -> Story {
    var story = Story(
      cycle: CommandCycle(
        monitors: [monitor], playbooks: playbooks(steps: steps, only: only),
        settings: CommandSettings(
          fallbacks: [
            RouteFallback(
              route: "answer", models: ["gemini-2.5-flash"], provider: "vertex", toProvider: "openai", toModel: "gpt-4.1-mini",
              leavesProvider: true)
          ],
          shares: [
            RouteShare(
              route: "chat", providerName: "openai-main", provider: "openai", model: "gpt-4.1-mini", weight: 9, retries: 2),
            RouteShare(
              route: "chat", providerName: "azure", provider: "azure", model: "gpt-4.1-mini-azure", weight: 1, retries: 2),
          ], quietPeriod: .seconds(60))))
    story.streams = Story.twoRoutes(volume: volume)
    story.otherTarget["chat"] = ("azure", "gpt-4.1-mini-azure")
    try story.run(seconds: 300)
    #expect(story.entries.isEmpty, "healthy traffic must stay silent")
    return story
  }

  private func action(_ story: Story) -> RoutingOverride.Action? { story.state.remediations["REM-1"]?.plan.action }

  private func isVerifiedAndOver(_ story: inout Story) throws {
    try story.run(atMost: 900) { $0.remediations["REM-1"]?.state == .verified }
    #expect(story.state.remediations["REM-1"]?.state == .verified, "\(story.state.remediations["REM-1"]?.reason ?? "none")")
    try story.run(atMost: 600) { $0.incidents.open.isEmpty }
    #expect(story.state.incidents.incidents.map(\.state) == [.resolved])
    #expect(story.state.refusedEntries == 0 && CommandState(folding: story.entries) == story.state)
  }

  // MARK: The right remedy

  @Test func aCanaryThatIsWorseIsStopped() throws {
    var story = try Self.story(Self.poor)
    story.change(.promptVersion, "rag-answer@canary", from: nil, to: "43 30%")
    story.streams = Story.twoRoutes() + Story.twoRoutes(version: "43").filter { $0.tags["prompt"] != nil }
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.8 : 0.03 }
    try story.run(atMost: 180) { !$0.remediations.remediations.isEmpty }
    #expect(action(story) == .stopCanary(prompt: "rag-answer", version: "43"))
    try isVerifiedAndOver(&story)
    let items = FollowUps.items(
      try #require(story.state.incidents["INC-1"]), remediations: story.state.remediations.of(incident: "INC-1"))
    #expect(items.contains { $0.text.hasPrefix("Correct version 43 of prompt rag-answer") })
  }

  @Test func aProviderThatFailsIsLeftForTheOthersOfItsRoute() throws {
    var story = try Self.story(Self.failing)
    story.errorClass = "overloaded"
    story.errorShare = { $0["provider"] == "openai" ? 0.7 : 0.01 }
    try story.run(atMost: 180) { !$0.remediations.remediations.isEmpty }
    #expect(action(story) == .shiftWeight(route: "chat", provider: "openai-main", model: "gpt-4.1-mini", toPercent: 0))
    try isVerifiedAndOver(&story)
  }

  @Test func aProviderWithoutASecondTargetFallsBack() throws {
    var story = try Self.story(Self.failing)
    story.errorClass = "overloaded"
    story.errorShare = { $0["model"] == "gemini-2.5-flash" ? 0.7 : 0.01 }
    try story.run(atMost: 180) { !$0.remediations.remediations.isEmpty }
    #expect(
      action(story)
        == .fallBackModel(route: "answer", from: "gemini-2.5-flash", toProvider: "openai", toModel: "gpt-4.1-mini"))
    try isVerifiedAndOver(&story)
  }

  @Test func aTenantThatFloodsIsThrottledToTwiceItsUsualRate() throws {
    var story = try Self.story(Self.spending)
    story.streams = Story.twoRoutes().map { stream in
      var stream = stream
      if stream.tags["tenant"] == "acme" { stream.requests *= 20 }
      return stream
    }
    try story.run(atMost: 240) { !$0.remediations.remediations.isEmpty }
    guard case .throttle(let scope, let perMinute) = action(story) else {
      Issue.record("\(String(describing: action(story)))")
      return
    }
    #expect(scope.tenant == "acme")
    // 20 requests in ten seconds were usual, over all routes or over the one that the cause names.
    #expect((40...260).contains(perMinute))
    try isVerifiedAndOver(&story)
  }

  @Test func aTenantThatSpendsGetsABudgetWhereThatIsWhatThereIs() throws {
    var story = try Self.story(Self.spending, only: [.budget])
    story.costEach = { $0["tenant"] == "acme" ? 12_000_000 : 1_000_000 }
    try story.run(atMost: 240) { !$0.remediations.remediations.isEmpty }
    #expect(action(story) == .limitSpending(tenant: "acme", perHour: Nanodollars(5_000_000_000)))
    try isVerifiedAndOver(&story)
  }

  @Test func answersThatExplodeAreCapped() throws {
    var story = try Self.story(Self.spending, only: [.outputCap, .tellPerson])
    story.costEach = { $0["route"] == "answer" && $0["capped"] == nil ? 12_000_000 : 1_000_000 }
    try story.run(atMost: 240) { !$0.remediations.remediations.isEmpty }
    guard case .capOutputTokens(let scope, 256) = action(story) else {
      Issue.record("\(String(describing: action(story)))")
      return
    }
    #expect(!scope.isEmpty)
    try isVerifiedAndOver(&story)
  }

  @Test func aToolThatLoopsIsTakenAway() throws {
    var story = try Self.story(Self.spending, only: [.toolOff])
    story.costEach = { $0["route"] == "answer" && $0["without_tool"] == nil ? 12_000_000 : 1_000_000 }
    try story.run(atMost: 240) { !$0.remediations.remediations.isEmpty }
    guard case .removeTool(_, "search") = action(story) else {
      Issue.record("\(String(describing: action(story)))")
      return
    }
    try isVerifiedAndOver(&story)
  }

  @Test func retriesThatFeedAnOverloadAreStopped() throws {
    var story = try Self.story(Self.failing, only: [.retryLimit])
    story.errorClass = "overloaded"
    story.errorShare = { $0["route"] == "chat" && $0["retries"] == nil ? 0.6 : 0.01 }
    try story.run(atMost: 240) { !$0.remediations.remediations.isEmpty }
    #expect(action(story) == .limitRetries(route: "chat", attempts: 0))
    try isVerifiedAndOver(&story)
  }

  @Test func whatATenantRepeatsIsAnsweredFromTheCache() throws {
    var story = try Self.story(Self.spending, only: [.cacheOn])
    story.streams.append(
      Story.Stream(tags: ["tenant": "acme", "route": "chat", "provider": "openai", "model": "gpt-4.1-mini"], requests: 160))
    // Nine in ten ask what was asked before.
    story.costEach = { $0["cached"] == nil ? 1_000_000 : 100_000 }
    try story.run(atMost: 240) { !$0.remediations.remediations.isEmpty }
    guard case .cacheAnswers(let scope, 600) = action(story) else {
      Issue.record("\(String(describing: action(story)))")
      return
    }
    #expect(scope.tenant == "acme")
    if story.state.remediations["REM-1"]?.plan.mode == .approve { try story.command(.approve(remediation: "REM-1")) }
    try isVerifiedAndOver(&story)
    let items = FollowUps.items(
      try #require(story.state.incidents["INC-1"]), remediations: story.state.remediations.of(incident: "INC-1"))
    #expect(items.contains { $0.text.hasPrefix("Find out why tenant acme") && $0.text.contains("repeats requests") })
  }

  @Test func ofAnOutageWithoutAFallbackRepeatedRequestsAreSpared() throws {
    var story = try Self.story(Self.failing, only: [.cacheOn])
    story.errorClass = "provider_error"
    story.errorShare = { $0["provider"] == "openai" && $0["cached"] == nil ? 0.9 : 0.01 }
    try story.run(atMost: 240) { !$0.remediations.remediations.isEmpty }
    #expect(action(story) == .cacheAnswers(RequestScope(route: "chat"), maxAgeSeconds: 600))
    try isVerifiedAndOver(&story)
  }

  @Test func aCacheThatAnswersNothingIsTakenBack() throws {
    var story = try Self.story(Self.failing, only: [.cacheOn])
    story.errorClass = "overloaded"
    story.errorShare = { $0["route"] == "chat" ? 0.6 : 0.01 }
    try story.run(atMost: 600) { $0.remediations["REM-1"]?.state == .escalated }
    #expect(story.state.remediations["REM-1"]?.state == .escalated && story.state.overrides.overrides.isEmpty)
  }

  @Test func wrongAnswersAndAttacksAreNotGivenAgain() throws {
    var story = try Self.story(Self.poor, only: [.cacheOn])
    story.ungroundedShare = { $0["tenant"] == "acme" ? 0.7 : 0.03 }
    try story.run(seconds: 300)
    #expect(!story.state.incidents.incidents.isEmpty && story.state.remediations.remediations.isEmpty)
    story = try Self.story(Self.failing, only: [.cacheOn])
    story.errorClass = "context_overflow"
    story.errorShare = { $0["route"] == "chat" ? 0.6 : 0.01 }
    try story.run(seconds: 300)
    #expect(!story.state.incidents.incidents.isEmpty && story.state.remediations.remediations.isEmpty)
  }

  @Test func aRouteMayBeClosed() throws {
    var story = try Self.story(Self.failing, only: [.routeClose])
    story.errorShare = { $0["route"] == "chat" ? 0.6 : 0.01 }
    try story.run(atMost: 240) { !$0.remediations.remediations.isEmpty }
    #expect(action(story) == .closeRoute(route: "chat"))
    if story.state.remediations["REM-1"]?.plan.mode == .approve { try story.command(.approve(remediation: "REM-1")) }
    try isVerifiedAndOver(&story)
    let items = FollowUps.items(
      try #require(story.state.incidents["INC-1"]), remediations: story.state.remediations.of(incident: "INC-1"))
    #expect(items.contains { $0.text.hasPrefix("Mend what route chat serves, then open it") })
  }

  @Test func aCredentialThatIsRefusedIsForAPerson() throws {
    var story = try Self.story(Self.failing)
    story.errorClass = "auth"
    story.errorShare = { $0["provider"] == "openai" ? 0.9 : 0.01 }
    try story.run(seconds: 120)
    let incident = try #require(story.state.incidents["INC-1"])
    #expect(story.state.remediations.remediations.map(\.plan.action) == [nil], "nothing at the gateway helps")
    #expect(incident.tasks.map(\.id) == ["REM-1"] && incident.tasks.first?.runbook == "https://wiki.example/llm")
    #expect(story.state.overrides == RoutingOverrides())
    try story.command(.finishTask(incident: "INC-1", task: "REM-1"))
    #expect(story.state.incidents["INC-1"]?.tasks.first?.doneBy == "dana")
    #expect(throws: CommandRefusal.self) { try story.command(.finishTask(incident: "INC-1", task: "REM-1")) }
  }

  // MARK: In steps, against a control group

  @Test func aRemedyGrowsStepByStepAndOnlyWhileItHelps() throws {
    var story = try Self.story(Self.poor, steps: [100, 500, 1_000], volume: 40)
    story.change(.promptVersion, "rag-answer", from: "42", to: "43")
    story.streams = Story.twoRoutes(version: "43", volume: 40)
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    var shares: [Int] = []
    for _ in 0..<60 {
      try story.step()
      let share = story.state.overrides.overrides.first?.sharePerMille
      if let share, share != shares.last { shares.append(share) }
      if story.state.remediations["REM-1"]?.state == .verified { break }
    }
    #expect(shares == [100, 500, 1_000])
    let advances = story.entries.compactMap { entry -> String? in
      if case .remediation(let record) = entry, case .advanced(let advance) = record.event { advance.reason } else { nil }
    }
    #expect(advances.count == 2 && advances.allSatisfy { $0.contains("with it and") })
    #expect(story.state.overrides.generation == 3)
    try isVerifiedAndOver(&story)
  }

  @Test func aRemedyThatHurtsIsTakenBackAtOnceAndTouchedOnlyItsShare() throws {
    var story = try Self.story(Self.poor, steps: [100, 1_000], only: [.promptRollback], volume: 40)
    story.change(.promptVersion, "rag-answer", from: "42", to: "43")
    story.streams = Story.twoRoutes(version: "43", volume: 40)
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.4 : 0.03 }
    try story.run(atMost: 180) { !$0.overrides.overrides.isEmpty }
    // The world moved on: version 42 calls a service that is gone.
    story.errorShare = { $0["prompt_version"] == "42" ? 0.6 : 0.01 }
    let appliedAt = try #require(story.state.remediations["REM-1"]?.appliedAt)
    try story.run(atMost: 300) { $0.overrides.overrides.isEmpty }
    let remediation = try #require(story.state.remediations["REM-1"])
    #expect(remediation.state == .escalated && remediation.reason.contains("made things worse"))
    #expect(remediation.since - appliedAt <= .seconds(60), "within its verification window, not at its end")
    let shares = story.entries.compactMap { entry -> Int? in
      if case .remediation(let record) = entry, case .applied(let application) = record.event {
        application.override.sharePerMille
      } else {
        nil
      }
    }
    #expect(shares == [100])
    try story.run(seconds: 600)
    #expect(story.state.remediations.remediations.count == 1, "not repeated for this incident")
  }

  @Test func withoutAControlGroupHarmIsSeenAgainstBefore() throws {
    var story = try Self.story(Self.failing, only: [.modelFallback])
    story.errorShare = { $0["model"] == "gemini-2.5-flash" ? 0.3 : 0.01 }
    try story.run(atMost: 240) { !$0.remediations.remediations.isEmpty }
    story.errorShare = { $0["model"] == "gemini-2.5-flash" ? 0.3 : $0["route"] == "answer" ? 0.95 : 0.01 }
    try story.run(atMost: 200) { $0.remediations["REM-1"]?.state == .escalated }
    let remediation = try #require(story.state.remediations["REM-1"])
    #expect(remediation.reason.contains("made things worse"), "\(remediation.state) \(remediation.reason)")
    #expect(remediation.since - (remediation.appliedAt ?? remediation.since) < .seconds(120))
  }

  @Test func aFailureThatEndsByItselfIsNotTheRemedysDoing() throws {
    var story = try Self.story(Self.poor, steps: [500, 1_000], only: [.promptRollback], volume: 40)
    story.change(.promptVersion, "rag-answer", from: "42", to: "43")
    story.streams = Story.twoRoutes(version: "43", volume: 40)
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    try story.run(atMost: 180) { !$0.overrides.overrides.isEmpty }
    story.ungroundedShare = { _ in 0.03 }
    try story.run(atMost: 300) { $0.overrides.overrides.isEmpty }
    let remediation = try #require(story.state.remediations["REM-1"])
    #expect(remediation.state == .expired && remediation.reason.contains("not what helps"))
  }

  // MARK: Guardrails

  @Test func autoIsForTheSeveritiesAndTheBlastRadiusThePlaybookNames() throws {
    for (modes, radius, expected) in [
      ([Severity.sev2: Playbook.Mode.approve], nil as Double?, Playbook.Mode.approve), ([:], 0.05, .approve), ([:], 0.9, .auto),
    ] {
      var story = try Self.story(Self.poor)
      var playbook = Self.playbooks(only: [.promptRollback])[0]
      playbook.modes = modes
      playbook.maximumBlastRadius = radius
      story.cycle = CommandCycle(monitors: [Self.poor], playbooks: [playbook], settings: story.cycle.settings)
      story.ship("43")
      story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
      try story.run(atMost: 180) { !$0.remediations.remediations.isEmpty }
      let plan = try #require(story.state.remediations["REM-1"]?.plan)
      #expect(plan.mode == expected)
      #expect(((plan.touchedShare ?? 0) - 0.4).magnitude < 0.15)
    }
  }

  @Test func onlyTheNamedMayApprove() throws {
    var story = try Self.story(Self.poor)
    var playbook = Self.playbooks(only: [.promptRollback])[0]
    (playbook.mode, playbook.approvers) = (.approve, ["sre-lead"])
    story.cycle = CommandCycle(monitors: [Self.poor], playbooks: [playbook], settings: story.cycle.settings)
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    try story.run(atMost: 180) { !$0.remediations.remediations.isEmpty }
    #expect { try story.command(.approve(remediation: "REM-1")) } throws: { "\($0)".contains("sre-lead; dana is not among them") }
    try story.command(.approve(remediation: "REM-1"), actor: "sre-lead")
    try story.step()
    #expect(story.state.overrides.overrides.count == 1)
  }

  @Test func twoPlansOnTheSameRequestsDoNotFight() throws {
    // The answers of the new prompt are poor, and its route's model fails: two causes, two plans, one after the other.
    var story = try Self.story(Self.poor, only: [.promptRollback, .modelFallback])
    story.cycle = CommandCycle(
      monitors: [Self.poor, Self.failing], playbooks: Self.playbooks(only: [.promptRollback, .modelFallback]),
      settings: story.cycle.settings)
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    try story.run(atMost: 180) { !$0.overrides.overrides.isEmpty }
    story.errorClass = "overloaded"
    story.errorShare = { $0["model"] == "gemini-2.5-flash" || $0["model"] == "gemini-2.5-flash-lite" ? 0.6 : 0.01 }
    var mostUnverified = 0
    for _ in 0..<90 {
      try story.step()
      mostUnverified = max(mostUnverified, story.state.remediations.remediations.count { $0.state == .applied })
    }
    #expect(mostUnverified == 1)
    #expect(story.state.refusedEntries == 0)
  }
}
