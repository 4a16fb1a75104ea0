// Objectives, burn rates and dashboards in Datadog's form.

import LLMMetrics
import LLMTelemetry
import Monitors
import Testing

@testable import Datadog

@Suite struct CompileObjectiveTests {
  private func objective(_ indicator: SLODefinition.Indicator, target: Double = 95, rates: [SLODefinition.BurnRate] = [])
    -> SLODefinition
  {
    SLODefinition(name: "promise", title: "Promise", meaning: "It holds.", indicator: indicator, target: target, burnRates: rates)
  }

  private func compile(_ objective: SLODefinition, _ settings: CompileSettings = CompileSettings()) -> Compilation {
    var settings = settings
    settings.services = []
    return PackCompiler(settings: settings).compile(MonitorPack(monitors: [], objectives: [objective]))
  }

  /// Fast failures would make a latency objective better in an outage.
  @Test func failedRequestsAreNeverGood() throws {
    for objective in MonitorPack.default.objectives {
      guard case .good(let good, let all) = objective.indicator else { continue }
      #expect(good.conditions.contains(.lacks(tag: "error_class")), "\(objective.name)")
      #expect(!all.conditions.contains(.lacks(tag: "error_class")), "\(objective.name)")
    }
    let latency = try #require(MonitorPack.default.objectives.first { $0.name == "latency" })
    let query = try #require(compile(latency, CompileSettings(scope: ["env": "prod"])).objects.first).json["query"]
    #expect(query?["numerator"]?.text == "count(v: v<=20):llm.request.duration{env:prod AND !error_class:*}.as_count()")
    #expect(
      query?["denominator"]?.text
        == "count:llm.request.duration{env:prod AND error_class NOT IN (cancelled, invalid_request, context_overflow)}.as_count()"
    )
  }

  @Test func badEventsAreTakenFromAll() throws {
    let slo = objective(.bad(.init(MetricCatalogue.answersUngrounded), of: .init(MetricCatalogue.answersScored)))
    let json = try #require(compile(slo).objects.first).json
    #expect(json["type"] == .string("metric"))
    #expect(
      json["query"]?["numerator"]?.text
        == "sum:llm.answers.scored{*}.as_count() - sum:llm.answers.ungrounded{*}.as_count()")
    #expect(json["thresholds"]?.list?.first == .object(["target": .number(95), "timeframe": .string("30d")]))
  }

  @Test func timeSlicesSayWhatIsGood() throws {
    let query = try MonitorQuery(parsing: "sum(llm.cost) / sum(llm.requests)")
    let json = try #require(compile(objective(.timeSlice(query, good: .below, bound: 0.05, seconds: 60))).objects.first).json
    let slice = json["sli_specification"]?["time_slice"]
    #expect(slice?["comparator"] == .string("<") && slice?["threshold"] == .number(0.05))
    #expect(slice?["query_interval_seconds"] == .number(60))
    #expect(slice?["query"]?["formulas"]?.list?.first?["formula"] == .string("default_zero(query1) / query2"))
    #expect(compile(objective(.timeSlice(query, good: .below, bound: 0.05, seconds: 30))).objects == [])
    #expect(compile(objective(.timeSlice(query, good: .below, bound: 0.05, seconds: 30))).refusals.map(\.field) == ["slice"])
  }

  @Test func burnRatesNameTheirObjective() throws {
    let slo = objective(.good(.init(MetricCatalogue.requests), of: .init(MetricCatalogue.requests)), rates: [.fast])
    let monitor = try #require(compile(slo).objects.first { $0.id.kind == .monitor })
    #expect(monitor.id.name == "slo-promise-burn-1h" && monitor.json["type"] == .string("slo alert"))
    #expect(
      monitor.json["query"]?.text
        == "burn_rate(\"slo:promise\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 14.4")
    #expect(monitor.json["options"]?["thresholds"] == .object(["critical": .number(14.4)]))
    #expect(monitor.json["message"]?.text?.contains("2 % of 30 days' budget") == true)
  }

  /// With a target of 90 % nothing burns faster than 10 times.
  @Test(arguments: [(90, 14.4, true), (93, 14.4, true), (94, 14.4, false), (90, 10, true), (90, 9.9, false)])
  func aBurnRateThatCannotHappenIsRefused(target: Double, factor: Double, isRefused: Bool) {
    let rate = SLODefinition.BurnRate(factor: factor, long: .seconds(3_600), short: .seconds(300), severity: .sev2)
    let slo = objective(
      .good(.init(MetricCatalogue.requests), of: .init(MetricCatalogue.requests)), target: target, rates: [rate])
    #expect(compile(slo).refusals.isEmpty == !isRefused)
    #expect(compile(slo).objects.count == (isRefused ? 1 : 2))
  }

  @Test(arguments: [(1_800, 300), (180_000, 300), (3_600, 3_600), (3_600, 10)])
  func burnWindowsThatDatadogLacksAreRefused(long: Int64, short: Int64) {
    let rate = SLODefinition.BurnRate(factor: 6, long: .seconds(long), short: .seconds(short), severity: .sev2)
    let slo = objective(.good(.init(MetricCatalogue.requests), of: .init(MetricCatalogue.requests)), rates: [rate])
    #expect(compile(slo).refusals.map(\.field) == ["windows"])
  }

  @Test(arguments: [0.0, 100, 120])
  func aTargetWithoutABudgetIsRefused(target: Double) {
    let slo = objective(
      .good(.init(MetricCatalogue.requests), of: .init(MetricCatalogue.requests)), target: target, rates: [.slow])
    #expect(compile(slo).objects.filter { $0.id.kind == .slo } == [])
    #expect(compile(slo).refusals.contains { $0.field == "target" })
  }

  @Test(arguments: [
    (SLODefinition.Timeframe.calendarWeek, "7d"), (.calendarMonth, "30d"), (.calendarQuarter, "90d"), (.sevenDays, "7d"),
  ])
  func calendarsBecomeTheNearestDaysWithANote(timeframe: SLODefinition.Timeframe, datadog: String) throws {
    var slo = objective(.good(.init(MetricCatalogue.requests), of: .init(MetricCatalogue.requests)), rates: [.slow])
    slo.timeframe = timeframe
    let compiled = compile(slo)
    let json = try #require(compiled.objects.first { $0.id.kind == .slo }).json
    #expect(json["thresholds"]?.list?.first?["timeframe"] == .string(datadog))
    #expect(compiled.notes.contains { $0.field == "timeframe" && $0.weight == .approximated } == timeframe.isCalendar)
    let monitor = try #require(compiled.objects.first { $0.id.kind == .monitor })
    #expect(monitor.json["query"]?.text?.contains(".over(\"\(datadog)\")") == true)
  }

  @Test func anObjectiveOnMonitorsNamesThem() throws {
    let json = try #require(compile(objective(.uptime(of: ["requests-failing", "odd name"]))).objects.first).json
    #expect(json["type"] == .string("monitor"))
    #expect(json["monitor_ids"] == .strings(["$requests-failing", "$odd-name"]))
  }

  // MARK: Dashboards

  private func widgets(_ content: [DashboardDefinition.Content], variables: [Dimension] = [.env]) throws -> [JSONValue] {
    let dashboard = DashboardDefinition(
      name: "board", title: "Board", meaning: "Shows.", variables: variables,
      sections: [.init("Section", content.map { .init("Widget", $0) })])
    let compiled = try #require(DashboardCompiler(settings: CompileSettings()).compile(dashboard).objects.first)
    return compiled.json["widgets"]?.list?.first?["definition"]?["widgets"]?.list ?? []
  }

  private func line(_ text: String, by: [String] = []) throws -> DashboardDefinition.Line {
    .init("line", try MonitorQuery(parsing: text), by: by)
  }

  @Test func variablesNarrowWhatHasTheirTag() throws {
    let all = try widgets(
      [
        .series(.line, [try line("sum(llm.errors{error_class=\"timeout\"}) / sum(llm.requests)", by: ["route"])]),
        .value(try line("sum(llm.commander.heartbeat)"), decimals: 0),
        .value(try line("sum(llm.cost) per minute"), decimals: 2),
        .top(try line("p95(llm.request.duration)", by: ["model"]), limit: 5),
      ], variables: [.env, .route])
    let first = all[0]["definition"]?["requests"]?.list?.first
    #expect(
      first?["queries"]?.list?.map { $0["query"]?.text } == [
        "sum:llm.errors{$env,$route,error_class:timeout} by {route}.as_count()",
        "sum:llm.requests{$env,$route} by {route}.as_count()",
      ])
    #expect(first?["formulas"]?.list?.first?["formula"] == .string("default_zero(query1) / query2"))
    #expect(first?["response_format"] == .string("timeseries"))
    func only(_ index: Int) -> JSONValue? { all[index]["definition"]?["requests"]?.list?.first }
    #expect(only(1)?["queries"]?.list?.first?["query"]?.text == "sum:llm.commander.heartbeat{*}.as_count()")
    #expect(only(1)?["queries"]?.list?.first?["aggregator"] == .string("sum"))
    #expect(only(2)?["queries"]?.list?.first?["query"]?.text == "sum:llm.cost{$env,$route}.as_rate()")
    #expect(only(2)?["formulas"]?.list?.first?["formula"] == .string("query1 * 60"))
    #expect(only(3)?["queries"]?.list?.first?["aggregator"] == .string("percentile"))
  }

  /// Nothing lies on anything else or beside the page, in any dashboard of the pack.
  @Test func widgetsDoNotOverlap() throws {
    for dashboard in MonitorPack.default.dashboards {
      let compiled = try #require(DashboardCompiler(settings: CompileSettings()).compile(dashboard).objects.first)
      let groups = try #require(compiled.json["widgets"]?.list)
      for list in [groups] + groups.map({ $0["definition"]?["widgets"]?.list ?? [] }) {
        var taken: Set<[Int]> = []
        for widget in list {
          let place = ["x", "y", "width", "height"].compactMap { widget["layout"]?[$0]?.double.map { Int($0) } }
          try #require(place.count == 4)
          #expect(place[0] + place[2] <= 12)
          for x in place[0]..<place[0] + place[2] {
            for y in place[1]..<place[1] + place[3] { #expect(taken.insert([x, y]).inserted, "\(dashboard.name) \(x) \(y)") }
          }
        }
      }
    }
  }
}
