// What is written on the command line, and what is read there of a plan.

import Foundation
import LLMMetrics
import Monitors
import Testing

@testable import Datadog

@Suite struct CompileOptionsTests {
  private func settings(
    team: String = "llm", notify: [String] = [], scope: [String] = [], tags: [String] = [], runbooks: String? = nil
  ) throws -> CompileSettings {
    try CompileOptions.settings(
      team: team, notify: notify, scope: scope, tags: tags, runbooks: runbooks, trafficGate: .composite)
  }

  @Test func handlesAreForOneSeverityOrForAll() throws {
    let settings = try settings(notify: ["@slack-llm", "SEV-1=@pagerduty-llm", "sev-1=@slack-llm", "@me@example.com"])
    #expect(settings.handles(for: .sev1) == ["@pagerduty-llm", "@slack-llm"])
    #expect(settings.handles(for: .sev3) == ["@slack-llm", "@me@example.com"])
    #expect(try self.settings().handles(for: .sev2) == ["@team-llm"])
  }

  @Test func tagsHaveAKeyAndAValue() throws {
    #expect(try settings(scope: ["env:prod", "service:a:b"]).scope == ["env": "prod", "service": "a:b"])
    #expect(try settings(runbooks: "https://r.example").runbooks == "https://r.example/")
    #expect(try settings(runbooks: "https://r.example/#").runbooks == "https://r.example/#")
  }

  @Test(arguments: [
    ["notify", "slack"], ["notify", "@"], ["notify", "SEV-9=@x"], ["notify", "SEV-1=x"], ["notify", "@a b"], ["scope", "prod"],
    ["scope", ":prod"], ["tag", "a b:c"], ["team", "a team"], ["team", ""],
  ])
  func whatIsWrittenWrongIsRefused(option: [String]) {
    #expect(throws: CompileOptions.Malformed.self) {
      switch option[0] {
      case "notify": _ = try settings(notify: [option[1]])
      case "scope": _ = try settings(scope: [option[1]])
      case "tag": _ = try settings(tags: [option[1]])
      default: _ = try settings(team: option[1])
      }
    }
    #expect(throws: CompileOptions.Malformed.self) { try settings(scope: ["env:a", "env:b"]) }
  }

  /// Every setting together still makes objects that can fire.
  @Test func aScopedPackCanFire() throws {
    let settings = try settings(scope: ["env:prod", "service:chat"])
    var found = DatadogLint.Objects()
    let compiled = PackCompiler(settings: settings).compile()
    for object in compiled.objects { found.add(object.json) }
    for verdict in DatadogLint().verdicts(on: found) { #expect(verdict.canFire == .yes, "\(verdict.name): \(verdict.findings)") }
    let anomaly = try #require(compiled.objects.first { $0.id.name == "cache-hits-lost-signal" })
    #expect(
      anomaly.json["query"]?.text?.contains("{env:prod,service:chat,token_type:cache_read}") == true,
      "\(anomaly.json["query"]?.text ?? "")")
  }

  @Test func aConfigurationsMonitorReplacesThePacks() throws {
    let query = try MonitorQuery(parsing: "sum(llm.errors)")
    func definition(_ name: String) -> MonitorDefinition {
      MonitorDefinition(
        name: name, title: "Own", severity: .sev1, query: query, window: .seconds(60), threshold: Threshold(.above, critical: 7))
    }
    let own = ["requests-failing", "mine"].map { PackedMonitor(definition($0), meaning: "", steps: []) }
    let pack = MonitorPack.default.overlaid(by: MonitorPack(monitors: own))
    #expect(pack.monitors.count == MonitorPack.default.monitors.count + 1)
    let compiled = PackCompiler().compile(pack)
    #expect(compiled.refusals == [])
    let replaced = try #require(compiled.objects.first { $0.id.name == "requests-failing" })
    #expect(replaced.json["query"] == .string("sum(last_1m):sum:llm.errors{*}.as_count() > 7"))
    #expect(replaced.json["message"]?.text?.contains("one request in twenty") == false)
    let mine = try #require(compiled.objects.first { $0.id.name == "mine" })
    #expect(mine.json["message"]?.text?.hasPrefix("{{#is_alert}}\nOwn.\n") == true)
  }

  @Test func aPlanNamesObjectsFieldsAndValues() throws {
    let objects = PackCompiler().compile().objects
    let cost = try #require(objects.first { $0.id.name == "cost" && $0.id.kind == .slo })
    guard case .object(var members) = cost.json else { return }
    members["thresholds"] = .array([.object(["timeframe": .string("30d"), "target": .number(90)])])
    let saved = objects.filter { $0.id != cost.id && $0.id.name != "commander-heartbeat" }.map(\.json) + [.object(members)]
    let report = PlanReport(ObjectPlan(wanted: objects, saved: saved))
    #expect(report.text.contains("update  slo cost\n        thresholds[0].target: 90 -> 95\n"))
    #expect(report.text.contains("create  monitor commander-heartbeat\n"))
    #expect(
      report.text.hasSuffix(
        "1 to create, 1 to update, 0 to delete, \(objects.count - 2) as they should be; 0 saved objects are not ours."))
    let json = try JSONDecoder().decode(JSONValue.self, from: Data(report.json.utf8))
    #expect(json["summary"]?["update"] == .number(1) && json["objects"]?.list?.count == objects.count)
  }
}
