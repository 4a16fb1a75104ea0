// Applying definitions: what is made in which order, what is left alone, and what one object's failure means for the others.

import Foundation
import Testing

@testable import Datadog

@Suite struct ApplyTests {
  private let wanted = SmallPack.objects

  @Test func afterAnApplyNothingIsPlanned() async throws {
    let runner = ApplyRunner(DatadogStub())
    let report = try await runner.apply(wanted)
    #expect(report.isComplete && report.count(.created) == wanted.count, "\(report.results.map(\.line))")
    #expect(report.results.allSatisfy { $0.kept.isEmpty })
    let plan = try await runner.plan(wanted)
    #expect(plan.isEmpty, "\(PlanReport(plan, isLive: true).text)")
    // Nor without the state of the apply.
    #expect(ObjectPlan(wanted: wanted, live: try await runner.stub.objects().live(), state: nil).isEmpty)
    // Nothing is sent a second time.
    let before = runner.stub.requests.count
    let again = try await runner.apply(wanted)
    #expect(again.count(.unchanged) == wanted.count)
    #expect(runner.stub.requests[before...].allSatisfy { $0.method == "GET" })
  }

  @Test func theDefaultPackIsAppliedAsAWhole() async throws {
    let wanted = PackCompiler().compile().objects
    let runner = ApplyRunner(DatadogStub { $0.longestPage = 7 })
    let report = try await runner.apply(wanted)
    #expect(report.isComplete && report.count(.created) == wanted.count)
    #expect(try await runner.plan(wanted, pruning: true).isEmpty)
    #expect(runner.identities == wanted.map(\.id).sorted())
  }

  /// What is named exists before whatever names it, and is named by Datadog's number.
  @Test func referencesBecomeNumbers() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(wanted)
    let numbers = runner.state.withLock { $0.numbers }
    func stored(_ kind: DatadogObjectKind, _ name: String) throws -> JSONValue {
      try #require(runner.stub.objects(kind).first { DatadogIdentity.id(of: $0, as: kind)?.name == name })
    }
    let (slo, plain) = (try #require(numbers[.init(.slo, "availability")]), try #require(numbers[.init(.monitor, "plain")]))
    let another = try #require(numbers[.init(.monitor, "another")])
    #expect(try stored(.monitor, "burn")["query"]?.text?.hasPrefix("burn_rate(\"\(slo)\")") == true)
    #expect(try stored(.monitor, "both")["query"] == .string("\(plain) && !\(another)"))
    #expect(try stored(.slo, "of-monitors")["monitor_ids"] == .array([.number(Double(plain) ?? 0)]))
    let widgets = try #require(try stored(.dashboard, "board")["widgets"]?.list)
    #expect(widgets[0]["definition"]?["slo_id"] == .string(slo) && widgets[1]["definition"]?["alert_id"] == .string(plain))
  }

  @Test func aChangeIsOneRequestAndWhatIsNotSaidGoes() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(wanted)
    let changed = SmallPack.changed("plain") { members in
      members["priority"] = nil
      members["message"] = nil
      members["options"] = .object(["thresholds": .object(["critical": .number(5)]), "evaluation_delay": .number(60)])
    }
    let report = try await runner.apply(changed)
    #expect(report.count(.updated) == 1 && report.count(.unchanged) == wanted.count - 1)
    let plain = try #require(runner.stub.objects(.monitor).first { DatadogIdentity.id(of: $0)?.name == "plain" })
    #expect(plain["priority"] == .null && plain["message"] == .string("") && plain["options"]?["evaluation_delay"] == .number(60))
    #expect(try await runner.plan(changed).isEmpty)
  }

  // MARK: Others' objects

  @Test func whatIsNotOursIsNeverTouched() async throws {
    let stub = DatadogStub()
    let theirs = stub.add(
      .monitor,
      .object(["name": .string("theirs"), "type": .string("query alert"), "query": .string("avg(last_5m):avg:m{*} > 1")]))
    stub.add(.dashboard, .object(["title": .string("theirs"), "layout_type": .string("ordered"), "widgets": .array([])]))
    stub.add(.slo, SmallPack.slo("theirs", ["tags": .array([])]).json)
    let runner = ApplyRunner(stub)
    try await runner.apply(wanted)
    try await runner.apply([], pruning: true, options: .init(forces: true))
    #expect(runner.identities.isEmpty && stub.all.count == 3)
    #expect(stub.objects(.monitor) == [theirs])
    #expect(stub.requests.allSatisfy { $0.method == "GET" || !$0.path.hasSuffix("/\(StoredObject.number(of: theirs) ?? "?")") })
  }

  @Test func deletionsComeInReverseAndOnlyWhenAsked() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(wanted)
    let kept = try await runner.apply([])
    #expect(kept.results.isEmpty && runner.identities.count == wanted.count)
    let report = try await runner.apply([], pruning: true)
    // The stub refuses to delete what another object uses.
    #expect(report.count(.deleted) == wanted.count && report.isComplete, "\(report.results.map(\.line))")
    #expect(runner.state.withLock { $0.entries.isEmpty })
  }

  /// Deleted on Datadog's pages, and no longer wanted: it is forgotten.
  @Test func whatIsNeitherThereNorWantedIsForgotten() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(wanted)
    runner.stub.remove(.dashboard) { _ in true }
    #expect(try await runner.apply(wanted.filter { $0.id.kind != .dashboard }).isComplete)
    #expect(runner.state.withLock { $0.entries.count } == wanted.count - 1)
  }

  @Test func whatAnotherUsesIsDeletedByForceOnly() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(wanted)
    runner.stub.edit(.monitor, where: { DatadogIdentity.id(of: $0)?.name == "burn" }) { $0["tags"] = .array([]) }
    let without = wanted.filter { !["availability", "board", "burn"].contains($0.id.name) }
    let refused = try await runner.apply(without, pruning: true)
    let failure = try #require(refused.results.first { $0.outcome == .failed })
    #expect(failure.id.name == "availability" && failure.reason?.contains("in use") == true)
    #expect(try await runner.apply(without, pruning: true, options: .init(forces: true)).isComplete)
  }

  // MARK: Failures

  @Test func oneFailureStopsOnlyWhatDependsOnIt() async throws {
    let stub = DatadogStub {
      $0.fault = { _, request in
        request.method == "POST" && request.path == "/api/v1/slo" && request.body?["name"] == .string("availability")
          ? .answer(status: 400, body: #"{"errors":["Invalid payload: bad query"]}"#) : nil
      }
    }
    let runner = ApplyRunner(stub)
    let report = try await runner.apply(wanted)
    let outcomes = Dictionary(uniqueKeysWithValues: report.results.map { ($0.id.name, $0.outcome) })
    #expect(
      outcomes == [
        "availability": .failed, "burn": .skipped, "board": .skipped, "plain": .created, "another": .created, "both": .created,
        "of-monitors": .created,
      ])
    #expect(
      report.results.first { $0.outcome == .failed }?.reason
        == "slo availability: Datadog refuses it (400): Invalid payload: bad query")
    #expect(report.results.first { $0.id.name == "burn" }?.reason == "depends on slo availability")
    stub.set { $0.fault = { _, _ in nil } }
    #expect(try await runner.apply(wanted).isComplete)
    #expect(try await runner.plan(wanted).isEmpty && runner.identities == wanted.map(\.id).sorted())
  }

  @Test func aNameOfNothingIsSaid() async throws {
    let report = try await ApplyRunner(DatadogStub()).apply([
      SmallPack.monitor("both", type: "composite", query: "$gone && $there")
    ])
    #expect(report.results.first?.reason?.hasPrefix("names monitor gone, which is not in Datadog") == true)
  }

  @Test func aChangedTypeNeedsAReplacement() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(wanted)
    let changed = SmallPack.changed("another") {
      $0["type"] = .string("log alert")
      $0["query"] = .string(#"logs("error").index("*").rollup("count").last("5m") > 7"#)
    }
    let refused = try await runner.apply(changed)
    #expect(refused.results.first { $0.outcome == .failed }?.reason?.contains("--replace") == true)
    let report = try await runner.apply(changed, options: .init(replaces: true, forces: true))
    #expect(report.count(.replaced) == 1 && report.count(.updated) == 1 && report.isComplete, "\(report.results.map(\.line))")
    // The composite names the new one.
    #expect(try await runner.plan(changed).isEmpty)
  }

  // MARK: Drift

  @Test func whatSomebodyChangedIsShownAndKept() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(wanted)
    runner.stub.edit(.monitor, where: { DatadogIdentity.id(of: $0)?.name == "plain" }) { $0["message"] = .string("Mine now.") }
    let plan = try await runner.plan(wanted)
    #expect(plan.drifted.map(\.id.name) == ["plain"] && plan.drifted[0].drift.map(\.field) == ["message"])
    let held = try await runner.apply(wanted)
    #expect(held.count(.held) == 1 && !held.isComplete)
    #expect(runner.stub.objects(.monitor).contains { $0["message"] == .string("Mine now.") })
    #expect(try await runner.apply(wanted, options: .init(overwritesDrift: true)).count(.updated) == 1)
    #expect(try await runner.plan(wanted).isEmpty)
    // The same change written into the definition is no drift.
    runner.stub.edit(.monitor, where: { DatadogIdentity.id(of: $0)?.name == "plain" }) { $0["message"] = .string("Ours.") }
    #expect(try await runner.plan(SmallPack.changed("plain") { $0["message"] = .string("Ours.") }).isEmpty)
  }

  @Test func whatWasDeletedIsMadeAnewWithWhatNamesIt() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(wanted)
    runner.stub.remove(.slo) { DatadogIdentity.id(of: $0)?.name == "availability" }
    let plan = try await runner.plan(wanted)
    #expect(plan.steps.filter(\.vanished).map(\.id.name) == ["availability"] && plan.drifted.isEmpty)
    let report = try await runner.apply(wanted)
    #expect(report.isComplete && report.count(.created) == 1 && report.count(.updated) == 2, "\(report.results.map(\.line))")
    #expect(try await runner.plan(wanted).isEmpty)
  }

  /// Between the plan and the request somebody saves the monitor.
  @Test func whatChangesMeanwhileIsLeftAlone() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(wanted)
    let changed = SmallPack.changed("plain") { $0["message"] = .string("Ours.") }
    let objects = try runner.stub.objects()
    let state = runner.state.withLock { $0 }
    let plan = ObjectPlan(wanted: changed, live: try await objects.live(), state: state)
    runner.stub.edit(.monitor, where: { DatadogIdentity.id(of: $0)?.name == "plain" }) { $0["message"] = .string("Theirs.") }
    let report = await ObjectApply(objects: objects, remember: { _, _ in }).run(plan, wanted: changed, state: state)
    #expect(
      report.results.first { $0.outcome == .failed }?.reason?.contains("was changed in Datadog while this ran (message)") == true)
    #expect(runner.stub.objects(.monitor).contains { $0["message"] == .string("Theirs.") })
  }

  /// Datadog writes something in a way of its own: said once, and not planned for ever.
  @Test func whatDatadogKeepsOtherwiseIsNotSentAgain() async throws {
    let runner = ApplyRunner(
      DatadogStub {
        $0.rewrite = { kind, json in
          guard kind == .monitor, case .object(var members) = json, let name = members["name"]?.text else { return json }
          members["name"] = .string(name.uppercased())
          return .object(members)
        }
      })
    let report = try await runner.apply([SmallPack.monitor("plain")])
    #expect(report.results[0].kept.map(\.field) == ["name"])
    #expect(report.results[0].line.contains(#"Datadog keeps name as "THE PLAIN", not as "The plain""#))
    #expect(try await runner.plan([SmallPack.monitor("plain")]).isEmpty)
    let other = SmallPack.monitor("plain", query: "sum(last_5m):sum:llm.errors{*} by {route}.as_count() > 6", critical: 6)
    #expect(try await runner.plan([other]).count(.update) == 1)
  }

  @Test func aCloneIsLeftAloneAndSaid() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(wanted)
    let plain = try #require(runner.stub.objects(.monitor).first { DatadogIdentity.id(of: $0)?.name == "plain" })
    runner.stub.add(.monitor, plain)
    let report = try await runner.apply(SmallPack.changed("plain") { $0["message"] = .string("New.") })
    #expect(report.ambiguous.map(\.name) == ["plain"] && !report.isComplete)
    #expect(!runner.stub.objects(.monitor).contains { $0["message"] == .string("New.") })
  }
}
