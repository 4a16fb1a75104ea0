// Packs as text: what is written reads back to the same pack, the default pack and ones that nobody would write.

import Foundation
import LLMMetrics
import LLMTelemetry
import Monitors
import StrictYAML
import TestSeries
import Testing

@testable import Commander

@Suite struct PackTextTests {
  private func reread(_ pack: MonitorPack) throws -> MonitorPack { try PackFile.parse(pack.yamlText, file: "pack.yaml") }

  @Test func theDefaultPackReadsBack() throws {
    #expect(try reread(.default) == .default)
    #expect(try PackFile.parse("packs: [default]\n", file: "pack.yaml") == .default)
  }

  @Test(arguments: 0..<40)
  func anyPackReadsBack(seed: UInt64) throws {
    var random = PackGenerator(seed: seed)
    let pack = random.pack()
    let text = pack.yamlText
    let again = try PackFile.parse(text, file: "pack.yaml")
    #expect(again == pack, "\(text)")
    #expect(again.yamlText == text)
  }

  /// Texts that YAML would take for something else.
  @Test(arguments: [
    "yes", "No", "null", "~", "1", "1.5", "0x1F", "2026-11-24", "a: b", "a #b", "- a", "[a]", "{a}", "*a", "&a", "!a", "%a", "@a",
    "`a",
    "'a'", "\"a\"", "a\nb", "a\tb", " a", "a ", "a:", "#a", "?", "? a", "a\u{85}b", "a\u{2028}b", "ä ö 漢字", "👩‍💻", "a\\nb", "\u{7}",
    "true", ">", "|", "=", "<<", "---", "...", "a\r\nb", "e\u{301}", "12:30:00", "0o7", ".inf", "_1",
  ])
  func anyTextSurvives(text: String) throws {
    var pack = MonitorPack(monitors: [PackGenerator.plainMonitor])
    pack.monitors[0].meaning = text
    pack.monitors[0].steps = [text, text]
    pack.monitors[0].notify = [text]
    #expect(try reread(pack) == pack)
  }
}

/// Packs of every kind of definition with odd texts and numbers, the same for the same seed.
struct PackGenerator {
  private var random: SplitMix

  init(seed: UInt64) { random = SplitMix(state: seed) }

  static let plainMonitor = PackedMonitor(
    MonitorDefinition(
      name: "plain", title: "Plain", severity: .sev2, query: MonitorQuery(.value(.init(.sum, MetricCatalogue.errors))),
      window: .seconds(300), threshold: Threshold(.above, critical: 5)),
    meaning: "", steps: [])

  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  private mutating func flip() -> Bool { Bool.random(using: &random) }
  private mutating func pick<Item>(_ items: [Item]) -> Item { items[number(0...items.count - 1)] }
  private mutating func seconds(_ range: ClosedRange<Int>) -> Duration { .seconds(Int64(number(range)) * 10) }

  private mutating func text() -> String {
    let parts = ["Slow", "a: b", "5 %", "\"x\"", "it's", "#1", "{{value}}", "ü", "\n", "[", "yes", "-", "\\"]
    return (0..<number(1...5)).map { _ in pick(parts) }.joined(separator: " ")
  }

  private mutating func query() throws -> MonitorQuery {
    let texts = [
      "sum(llm.errors{route=\"a: b\"}) / sum(llm.requests{route=\"a: b\"})", "p95(llm.request.duration)",
      "sum(llm.cost) per minute",
      "sum(llm.requests)", "avg(llm.request.time_to_first_token{model=\"x #y\"})",
    ]
    return try MonitorQuery(parsing: pick(texts))
  }

  private mutating func kind(_ names: [String]) -> MonitorKind {
    switch number(0...8) {
    case 0: return .threshold
    case 1: return .change(.init(pick(ChangeComparison.Measure.allCases), shift: pick([.seconds(3_600), .seconds(86_400)])))
    case 2:
      return .anomaly(
        .init(
          direction: pick(AnomalySettings.Direction.allCases), seasonality: .daily, history: .seconds(7 * 86_400),
          falseAlarmsPerWeek: pick([0.25, 1])))
    case 3: return .outlier(.init(leastShare: pick([0, 0.05])))
    case 4: return .forecast(.init(horizon: .seconds(43_200)))
    case 5: return .events(.init(kind: flip() ? pick(ChangeEvent.Kind.allCases) : nil, subject: flip() ? text() : nil))
    case 6: return .absence
    case 7: return .detection(.init(signals: flip() ? ["refusal", "traffic_loss"] : []))
    default:
      let others = names.filter { $0 != "plain" }
      return others.isEmpty ? .threshold : .composite(.and(.monitor(pick(others)), .not(.monitor("plain"))))
    }
  }

  private mutating func monitor(_ index: Int, _ names: [String]) throws -> PackedMonitor {
    let kind = kind(names)
    let above = Double(number(1...200)) / pick([1, 8, 1_000])
    var monitor = MonitorDefinition(
      name: "m\(index)", title: text(), severity: pick(Severity.allCases), query: try query(), kind: kind,
      window: .seconds(Int64(number(1...60)) * 60), threshold: Threshold(.above, critical: above))
    let isState =
      switch kind {
      case .composite, .detection: true
      default: false
      }
    if isState {
      monitor.threshold = Threshold(.above, critical: 0.5)
    } else {
      if flip() { monitor.threshold.recovery = above / 2 }
      if case .ratio = monitor.query.form { monitor.threshold = Threshold(.above, critical: 0.5) }
      if case .outlier = kind { monitor.groupBy = ["provider"] }
      if kind == .absence {
        monitor.window = .seconds(3_600)
        monitor.threshold = Threshold(.above, critical: Double(number(1...59)))
      }
      if kind == .threshold, flip() { monitor.trafficGate = Int64(number(1...500)) }
    }
    if flip() { monitor.holdFor = seconds(1...60) }
    if flip() { monitor.evaluationDelay = seconds(1...6) }
    monitor.isShadow = flip()
    if flip() { monitor.renotify = .seconds(Int64(number(1...60)) * 60) }
    if flip() {
      if kind == .threshold { monitor.groupBy = ["route"] }
      let start = Timestamp(unixSeconds: 1_793_491_200 + Int64(number(0...1_000)))
      monitor.mutes = [
        MuteWindow(
          start..<start + seconds(1...100), scope: kind == .threshold ? ["route": text()] : [:], reason: flip() ? text() : "")
      ]
    }
    return PackedMonitor(
      monitor, meaning: flip() ? text() : "", steps: flip() ? [text(), text()] : [], owner: flip() ? "search" : nil,
      runbook: flip() ? "https://runbooks.example/a?b=c#d" : nil, notify: flip() ? ["@slack-llm", text()] : [],
      tags: flip() ? ["team:search", "a:b:c"] : [])
  }

  private mutating func objective(_ index: Int) throws -> SLODefinition {
    let all = SLODefinition.Events(MetricCatalogue.requests, [.isNoneOf(tag: "error_class", ["cancelled", "invalid_request"])])
    let indicators: [SLODefinition.Indicator] = [
      .good(.init(MetricCatalogue.requests, [.lacks(tag: "error_class"), .isOneOf(tag: "route", [text()])]), of: all),
      .bad(.init(MetricCatalogue.answersUngrounded), of: .init(MetricCatalogue.answersScored)),
      .good(.init(MetricCatalogue.duration, atMost: 2.5), of: .init(MetricCatalogue.duration)),
      .timeSlice(try query(), good: pick([.above, .below]), bound: 0.05, seconds: pick([60, 300])), .uptime(of: ["plain"]),
    ]
    return SLODefinition(
      name: "s\(index)", title: text(), meaning: flip() ? text() : "", indicator: pick(indicators),
      target: pick([90, 99.5, 99.95]),
      timeframe: pick(SLODefinition.Timeframe.allCases),
      burnRates: flip() ? [] : [.init(factor: 2.5, long: .seconds(7_200), short: .seconds(600), severity: .sev4)],
      steps: flip() ? [text()] : [], owner: flip() ? "search" : nil, runbook: flip() ? "https://a.example" : nil,
      notify: flip() ? [text()] : [], tags: flip() ? ["a:b"] : [], whenSpent: flip() ? .freezePromotions : nil)
  }

  private mutating func dashboard(_ index: Int) throws -> DashboardDefinition {
    func line(_ text: String, _ by: [String]) throws -> DashboardDefinition.Line {
      .init("line", try MonitorQuery(parsing: text), by: by)
    }
    let contents: [DashboardDefinition.Content] = [
      .series(pick(DashboardDefinition.Content.Display.allCases), [try line("sum(llm.requests)", ["route"])]),
      .value(try line("p95(llm.request.duration)", []), decimals: number(0...10)),
      .top(try line("sum(llm.cost)", ["tenant"]), limit: number(1...100)),
      .table([try line("sum(llm.cost)", ["tenant"]), try line("sum(llm.tokens)", ["tenant"])], limit: 10), .note(text()),
      .objectives,
      .monitors,
    ]
    return DashboardDefinition(
      name: "d\(index)", title: text(), meaning: flip() ? text() : "", variables: flip() ? [.env, .promptVersion] : [],
      sections: [.init(text(), contents.map { .init(text(), $0) }), .init("Empty", [])])
  }

  mutating func pack() -> MonitorPack {
    var pack = MonitorPack(monitors: [Self.plainMonitor])
    do {
      for index in 0..<number(1...6) {
        let names = pack.monitors.map(\.definition.name)
        pack.monitors.append(try monitor(index, names))
      }
      for index in 0..<number(0...3) { pack.objectives.append(try objective(index)) }
      for index in 0..<number(0...2) { pack.dashboards.append(try dashboard(index)) }
    } catch {
      Issue.record("the generator's own text is wrong: \(error)")
    }
    return pack
  }
}

extension PackGenerator {
  /// Every key there is, once at least; `nil` when the text of a query in it is wrong.
  static var everything: MonitorPack? {
    guard let ratio = try? MonitorQuery(parsing: "sum(llm.errors) / sum(llm.requests)"),
      let quantile = try? MonitorQuery(parsing: "p95(llm.request.duration)"),
      let budget = try? MonitorQuery(parsing: "max(llm.budget.used)")
    else { return nil }
    func monitor(
      _ name: String, _ query: MonitorQuery, _ kind: MonitorKind, _ threshold: Threshold = Threshold(.above, critical: 3),
      window: Int64 = 3_600, by: [String] = []
    ) -> PackedMonitor {
      PackedMonitor(
        MonitorDefinition(
          name: name, title: name, severity: .sev3, query: query, kind: kind, window: .seconds(window), threshold: threshold,
          groupBy: by), meaning: "", steps: [])
    }
    let start = Timestamp(unixSeconds: 1_793_491_200)
    var full = monitor("full", ratio, .threshold, Threshold(.above, critical: 0.5, recovery: 0.25), by: ["route"])
    full.definition.holdFor = .seconds(60)
    full.definition.trafficGate = 20
    full.definition.noData = .ok
    full.definition.playbooks = ["roll-back"]
    full.definition.evaluationDelay = .seconds(30)
    full.definition.isShadow = true
    full.definition.renotify = .seconds(1_800)
    full.definition.mutes = [MuteWindow(start..<start + .seconds(60), scope: ["route": "chat"], reason: "Load test")]
    full.meaning = "It means something."
    (full.steps, full.owner, full.runbook) = (["Look."], "search", "https://runbooks.example")
    (full.notify, full.tags) = (["@slack-llm"], ["team:search"])
    var monitors = [
      full, monitor("change", quantile, .change(.init(.percent, shift: .seconds(86_400))), Threshold(.above, critical: 50)),
      monitor("below", quantile, .change(.init(.percent, shift: .seconds(86_400))), Threshold(.below, critical: -50)),
      monitor("anomaly", quantile, .anomaly(.init())),
      monitor("outlier", quantile, .outlier(.init(leastShare: 0.05)), by: ["provider"]),
      monitor("forecast", budget, .forecast(.init(horizon: .seconds(43_200), season: .seconds(1_800))), by: ["budget"]),
      monitor("composite", ratio, .composite(.and(.monitor("full"), .monitor("change"))), Threshold(.above, critical: 0.5)),
      monitor(
        "detection", ratio, .detection(.init(signals: ["refusal"])), Threshold(.above, critical: 0.5)),
      monitor("absence", ratio, .absence), monitor("events", ratio, .events(.init(kind: .deploy, subject: "chat"))),
    ]
    let all = SLODefinition.Events(MetricCatalogue.duration, [.isNoneOf(tag: "error_class", ["cancelled"])])
    let good = SLODefinition.Events(
      MetricCatalogue.duration, [.lacks(tag: "error_class"), .isOneOf(tag: "route", ["chat"])], atMost: 3)
    func objective(_ name: String, _ indicator: SLODefinition.Indicator) -> SLODefinition {
      SLODefinition(
        name: name, title: name, meaning: "It holds.", indicator: indicator, target: 99, burnRates: [.fast], steps: ["Look."],
        owner: "search", runbook: "https://runbooks.example", notify: ["@slack-llm"], tags: ["a:b"],
        whenSpent: .freezePromotions)
    }
    let objectives = [
      objective("good", .good(good, of: all)), objective("bad", .bad(good, of: all)),
      objective("slice", .timeSlice(quantile, good: .below, bound: 3, seconds: 300)), objective("uptime", .uptime(of: ["full"])),
    ]
    monitors.append(monitor("burn", quantile, .burnRate(.init(objective: "good", shortWindow: .seconds(300)))))
    let line = DashboardDefinition.Line("line", ratio, by: ["route"])
    let contents: [DashboardDefinition.Content] = [
      .series(.bars, [line]), .value(line, decimals: 1), .top(line, limit: 3), .table([line], limit: 3), .note("Text"),
      .objectives,
    ]
    let dashboard = DashboardDefinition(
      name: "board", title: "Board", meaning: "Shows.", variables: [.env],
      sections: [.init("Section", contents.map { .init("Widget", $0) })])
    return MonitorPack(monitors: monitors, objectives: objectives, dashboards: [dashboard])
  }
}
