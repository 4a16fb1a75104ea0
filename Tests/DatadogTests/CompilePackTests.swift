// The default pack as Datadog's JSON: everything in it can fire, and what is committed is what is compiled.

import Foundation
import LLMMetrics
import Monitors
import Testing

@testable import Datadog

@Suite struct CompilePackTests {
  private let compilation = PackCompiler().compile()

  private func objects(_ kind: DatadogObjectKind) -> [CompiledObject] { compilation.objects.filter { $0.id.kind == kind } }

  @Test func nothingIsRefused() {
    #expect(compilation.refusals == [])
    #expect(objects(.monitor).count > 60 && objects(.slo).count == 5 && objects(.dashboard).count == 6)
    #expect(objects(.service).map(\.id.name) == ["llm-gateway"])
  }

  /// The linter that holds other people's monitors to the catalogue finds nothing against ours.
  @Test func everythingCanFire() throws {
    var found = DatadogLint.Objects()
    for object in compilation.objects { found.add(object.json) }
    #expect(found.monitors.count == objects(.monitor).count)
    #expect(found.objectives.count == objects(.slo).count && found.dashboards.count == objects(.dashboard).count)
    let byName = Dictionary(grouping: objects(.monitor)) { $0.json["name"]?.text ?? "" }
    for verdict in DatadogLint().verdicts(on: found) {
      #expect(verdict.canFire == .yes, "\(verdict.name): \(verdict.findings)")
      for finding in verdict.findings {
        // Silence is told by traffic-lost and commander-heartbeat, once, and not by every monitor; parts of composites tell nobody.
        let same = byName[verdict.name] ?? []
        let isPart = same.contains { $0.json["tags"]?.list?.contains { $0.text?.hasPrefix("commander_part:") == true } == true }
        let isMeant = finding.rule == "no_data" || finding.rule == "nobody_notified" && isPart
        #expect(isMeant, "\(verdict.name): \(finding)")
      }
    }
  }

  /// The two monitors that tell of silence do.
  @Test(arguments: ["traffic-lost", "commander-heartbeat"])
  func silenceIsTold(name: String) throws {
    let monitor = try #require(objects(.monitor).first { $0.id.name == name })
    #expect(monitor.json["options"]?["notify_no_data"] == .bool(true))
    #expect(monitor.json["query"]?.text?.contains("default_zero(") == true)
    #expect(monitor.json["message"]?.text?.contains("{{#is_no_data}}") == true)
  }

  @Test func everyQueryIsOfTheGrammar() throws {
    for monitor in objects(.monitor) { _ = try MonitorQueryParser.parse(monitor.json["query"]?.text ?? "") }
  }

  /// Metrics cannot be misspelled in definitions; tags can.
  @Test func everyTagIsOneOfItsMetric() {
    for packed in MonitorPack.default.monitors {
      #expect(packed.definition.lint() == [], "\(packed.definition.name)")
      let query = packed.definition.query
      for tag in packed.definition.groupBy + query.subject.filter.keys {
        #expect(query.subject.metric.carries(tag), "\(query): \(tag)")
      }
    }
    for objective in MonitorPack.default.objectives {
      let events: [SLODefinition.Events] =
        switch objective.indicator {
        case .good(let part, let whole), .bad(let part, let whole): [part, whole]
        case .timeSlice, .uptime: []
        }
      for part in events { for condition in part.conditions { #expect(part.metric.carries(condition.tag)) } }
    }
    for line in MonitorPack.default.dashboards.flatMap(\.lines) {
      for tag in line.by + line.query.subject.filter.keys {
        #expect(line.query.subject.metric.carries(tag), "\(line.query): \(tag)")
      }
    }
  }

  /// The issue's list, each by a monitor that would speak of it.
  @Test(arguments: [
    "latency-regressed", "first-token-regressed", "answers-slow", "first-token-slow", "requests-failing", "provider-errors",
    "provider-timeouts", "rate-limit-storm", "quota-exhausted", "circuit-open", "fallbacks-many", "cost-anomalous",
    "cost-per-answer", "token-explosion", "cache-hits-lost", "budget-burning", "answers-ungrounded", "answers-refused",
    "injections-many", "documents-inject", "sensitive-data", "output-malformed", "retrievals-empty", "answers-truncated",
    "answers-blocked", "streams-stalling", "traffic-lost", "commander-heartbeat", "slo-availability-burn-1h",
    "slo-latency-burn-6h", "slo-cost-burn-6h", "token-use-jumped", "traffic-anomalous", "errors-anomalous", "budget-running-out",
  ])
  func theListIsCovered(name: String) throws {
    let monitor = try #require(objects(.monitor).first { $0.id.name == name })
    #expect(monitor.json["message"]?.text?.contains("@team-llm-platform") == true)
    #expect(monitor.json["message"]?.text?.contains("{{#is_alert}}") == true)
  }

  @Test func identitiesAreInTheObjects() {
    for object in compilation.objects { #expect(DatadogIdentity.id(of: object.json) == object.id) }
    let files = compilation.objects.map { ObjectFolder.file(of: $0.id) }
    #expect(Set(files).count == files.count)
  }

  /// A composite's parts exist, and say nothing themselves.
  @Test func partsOfCompositesExist() throws {
    let names = Set(objects(.monitor).map(\.id.name))
    var parts: Set<String> = []
    for monitor in objects(.monitor) where monitor.json["type"] == .string("composite") {
      guard case .composite(let references) = try MonitorQueryParser.parse(monitor.json["query"]?.text ?? "") else {
        Issue.record("\(monitor.id) is no composite")
        continue
      }
      for reference in references.monitors { parts.insert(String(reference.dropFirst())) }
    }
    #expect(parts.count > 20 && parts.isSubset(of: names))
    for monitor in objects(.monitor) where parts.contains(monitor.id.name) {
      #expect(monitor.json["message"]?.text?.contains("@") == false)
    }
  }

  @Test func compilingTwiceGivesTheSameBytes() {
    let again = PackCompiler().compile()
    #expect(again.objects.map { ObjectText.text(of: $0.json) } == compilation.objects.map { ObjectText.text(of: $0.json) })
  }

  /// `commander datadog export --to datadog --prune` after a change of the pack or the compiler.
  @Test func theCommittedExportIsCurrent() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let present = try ObjectFolder(path: root.appending(path: "datadog").path).texts()
    let export = ObjectFolder.export(compilation.objects, present: present)
    #expect(export.new == [] && export.changed == [] && export.stale == [])
    #expect(export.unchanged.count == compilation.objects.count)
  }
}
