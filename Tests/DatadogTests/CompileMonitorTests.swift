// Definitions in Datadog's language, form by form, and a note for everything that it says otherwise.

import LLMMetrics
import Monitors
import Testing

@testable import Datadog

@Suite struct CompileMonitorTests {
  private func definition(_ query: String, _ change: (inout MonitorDefinition) -> Void = { _ in }) throws -> PackedMonitor {
    var monitor = MonitorDefinition(
      name: "m", title: "It happens", severity: .sev2, query: try MonitorQuery(parsing: query), window: .seconds(300),
      threshold: Threshold(.above, critical: 0.05, recovery: 0.01))
    change(&monitor)
    return PackedMonitor(monitor, meaning: "Users see it.", steps: ["Look.", "Look again."])
  }

  private func compile(_ packed: PackedMonitor, _ settings: CompileSettings = CompileSettings()) throws -> JSONValue {
    let compilation = MonitorCompiler(settings: settings).compile(packed)
    return try #require(compilation.objects.first { $0.id.name == packed.definition.name }).json
  }

  private func notes(_ packed: PackedMonitor, _ settings: CompileSettings = CompileSettings()) -> [String: CompileNote] {
    Dictionary(MonitorCompiler(settings: settings).compile(packed).notes.map { ($0.field, $0) }) { first, _ in first }
  }

  @Test(arguments: [
    ("sum(llm.errors)", "sum(last_5m):sum:llm.errors{*}.as_count() > 0.05"),
    (
      "sum(llm.errors{route=\"chat\"}) / sum(llm.requests{route=\"chat\"})",
      "sum(last_5m):default_zero(sum:llm.errors{route:chat}.as_count()) / sum:llm.requests{route:chat}.as_count() > 0.05"
    ),
    ("sum(llm.cost) per minute", "sum(last_5m):sum:llm.cost{*}.as_count() / 5 > 0.05"),
    ("p95(llm.request.duration)", "percentile(last_5m):p95:llm.request.duration{*} > 0.05"),
    ("max(llm.request.duration)", "max(last_5m):max:llm.request.duration{*} > 0.05"),
    ("avg(llm.request.duration)", "avg(last_5m):avg:llm.request.duration{*} > 0.05"),
    (
      "p95(llm.request.duration) / p50(llm.request.duration)",
      "avg(last_5m):p95:llm.request.duration{*} / p50:llm.request.duration{*} > 0.05"
    ),
  ])
  func everyFormHasItsQuery(ours: String, theirs: String) throws {
    let monitor = try compile(definition(ours))
    #expect(monitor["query"] == .string(theirs))
    #expect(monitor["options"]?["thresholds"] == .object(["critical": .number(0.05), "critical_recovery": .number(0.01)]))
    _ = try MonitorQueryParser.parse(theirs)
  }

  @Test(arguments: [(10, "last_1m"), (90, "last_2m"), (3_600, "last_1h"), (5_400, "last_90m"), (86_400, "last_1d")])
  func windowsAreWholeMinutes(seconds: Int64, window: String) throws {
    let packed = try definition("sum(llm.errors)") { $0.window = .seconds(seconds) }
    #expect(try compile(packed)["query"]?.text?.hasPrefix("sum(\(window)):") == true)
    #expect((notes(packed)["window"] != nil) == (seconds % 60 != 0))
  }

  @Test func groupsBecomeAlertsOfTheirOwn() throws {
    let packed = try definition("sum(llm.errors) / sum(llm.requests)") { $0.groupBy = ["provider", "prompt_version"] }
    let monitor = try compile(packed)
    #expect(
      monitor["query"]?.text
        == "sum(last_5m):default_zero(sum:llm.errors{*} by {provider,prompt_version}.as_count()) / sum:llm.requests{*} by {provider,prompt_version}.as_count() > 0.05"
    )
    #expect(
      monitor["message"]?.text?.contains("for provider {{provider.name}}, prompt version {{prompt_version.name}}") == true)
  }

  @Test func severityOwnerAndScopeAreInTheObject() throws {
    var packed = try definition("p95(llm.request.duration{route=\"Chat Bot\"})")
    packed.owner = "search"
    let settings = CompileSettings(
      team: "llm", handles: [.sev2: ["@pagerduty-llm"]], scope: ["env": "prod"], runbooks: "https://runbooks.example/",
      renotify: [.sev2: 45], tags: ["cost_centre:7"])
    let monitor = try compile(packed, settings)
    #expect(monitor["priority"] == .number(2))
    #expect(monitor["query"]?.text == "percentile(last_5m):p95:llm.request.duration{env:prod,route:chat_bot} > 0.05")
    #expect(
      monitor["tags"]
        == .strings([
          "commander_id:m", "cost_centre:7", "managed_by:llm-incident-commander", "severity:sev-2", "team:search",
        ]))
    let message = try #require(monitor["message"]?.text)
    #expect(message.hasSuffix("@pagerduty-llm") && message.contains("Runbook: https://runbooks.example/m"))
    #expect(message.contains("1. Look.\n2. Look again."))
    #expect(monitor["options"]?["renotify_interval"] == .number(45))
    #expect(monitor["options"]?["require_full_window"] == .bool(false))
    #expect(notes(packed)["query"]?.message.contains("chat_bot") == true)
  }

  /// What this product knows of itself has no environment.
  @Test func theScopeLeavesOwnMetricsAlone() throws {
    let packed = try definition("sum(llm.commander.heartbeat)")
    #expect(
      try compile(packed, CompileSettings(scope: ["env": "prod"]))["query"]?.text
        == "sum(last_5m):sum:llm.commander.heartbeat{*}.as_count() > 0.05")
  }

  @Test func missingDataIsSaidOrNoted() throws {
    let silence = try definition("sum(llm.requests)") {
      $0.noData = .alert
      $0.threshold = Threshold(.below, critical: 1)
    }
    let options = try compile(silence)["options"]
    #expect(options?["notify_no_data"] == .bool(true) && options?["no_data_timeframe"] == .number(10))
    #expect(options?["renotify_statuses"] == .strings(["alert", "no data"]))
    #expect(options?["thresholds"] == .object(["critical": .number(1)]))
    #expect(try compile(silence)["query"]?.text == "sum(last_5m):default_zero(sum:llm.requests{*}.as_count()) < 1")
    // A count that is ok without data is zero; nothing is lost, so nothing is noted.
    let fine = try definition("sum(llm.errors)") { $0.noData = .ok }
    #expect(try compile(fine)["query"]?.text == "sum(last_5m):default_zero(sum:llm.errors{*}.as_count()) > 0.05")
    #expect(notes(fine)["no_data"] == nil)
    // A percentile of nothing is nothing.
    let quiet = try definition("p95(llm.request.duration)") { $0.noData = .ok }
    #expect(try compile(quiet)["options"]?["timeout_h"] == .number(1))
    #expect(notes(quiet)["no_data"]?.weight == .approximated)
    #expect(notes(try definition("sum(llm.errors)"))["no_data"]?.weight == .approximated)
  }

  @Test func aTrafficGateBecomesAComposite() throws {
    let packed = try definition(
      "sum(llm.semantic_risk.flagged{scorer=\"injection\"}) / sum(llm.semantic_risk.scored{scorer=\"injection\"})"
    ) {
      $0.trafficGate = 50
      $0.groupBy = ["route"]
    }
    let compilation = MonitorCompiler(settings: CompileSettings()).compile(packed)
    let gate = "gate-llm-semantic_risk-scored-scorer-injection-5m-50-by-route"
    #expect(compilation.objects.map(\.id.name) == ["m-signal", gate, "m"])
    let (signal, gateObject, composite) = (compilation.objects[0].json, compilation.objects[1].json, compilation.objects[2].json)
    #expect(composite["type"] == .string("composite") && composite["query"]?.text == "$m-signal && $\(gate)")
    #expect(composite["message"]?.text?.contains("@team-llm-platform") == true)
    #expect(composite["message"]?.text?.contains("{{value}}") == false, "a composite has no value")
    #expect(signal["message"]?.text?.contains("@") == false)
    #expect(
      gateObject["query"]?.text
        == "sum(last_5m):sum:llm.semantic_risk.scored{scorer:injection} by {route}.as_count() >= 50")
    #expect(compilation.notes.contains { $0.field == "traffic_gate" && $0.weight == .approximated })
  }

  /// Requests are counted where the query has no count of its own.
  @Test func theGateOfAPercentileCountsRequests() throws {
    let packed = try definition("p95(llm.request.duration{model=\"m\"})") { $0.trafficGate = 20 }
    let gate = MonitorCompiler(settings: CompileSettings()).compile(packed).objects[1].json
    #expect(gate["query"]?.text == "sum(last_5m):sum:llm.requests{model:m}.as_count() >= 20")
  }

  @Test func aTrafficGateMayBeReportedInstead() throws {
    let packed = try definition("sum(llm.errors) / sum(llm.requests)") { $0.trafficGate = 50 }
    let settings = CompileSettings(trafficGate: .reported)
    #expect(MonitorCompiler(settings: settings).compile(packed).objects.count == 1)
    #expect(notes(packed, settings)["traffic_gate"]?.weight == .unsaid)
  }

  @Test func whatDatadogCannotSayIsNoted() throws {
    let packed = try definition("avg(llm.request.duration)") {
      $0.holdFor = .seconds(120)
      $0.playbooks = ["roll-back"]
    }
    #expect(notes(packed)["for"]?.message.contains("2 min") == true && notes(packed)["for"]?.weight == .unsaid)
    #expect(notes(packed)["playbooks"]?.weight == .unsaid)
    #expect(notes(packed)["query"]?.weight == .approximated)
    #expect(try compile(packed)["message"]?.text?.contains("roll-back") == true)
  }

  /// Two definitions of one name are no definition.
  @Test func aNameIsGivenOnce() throws {
    let (first, second) = (try definition("sum(llm.errors)"), try definition("sum(llm.requests)"))
    let pack = MonitorPack(monitors: [first, second])
    #expect(PackCompiler().compile(pack).refusals.map(\.field) == ["name"])
    #expect(PackCompiler().compile(MonitorPack(monitors: [first, first])).refusals == [])
  }
}
