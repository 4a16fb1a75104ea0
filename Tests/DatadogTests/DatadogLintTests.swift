// Monitors, SLOs and dashboards that look healthy because they can never fire, told from those that can.

import Foundation
import Testing

@testable import Datadog

@Suite struct DatadogLintTests {
  private static let list = """
    {"metrics": [
      {"name": "llm.request.latency", "type": "histogram", "tags": ["model", "env", "service"]},
      {"name": "llm.request.tokens", "type": "count", "tags": ["model", "env", "service"]},
      {"name": "llm.request.cost", "type": "gauge", "tags": ["model", "env", "service"]},
      {"name": "llm.risk", "type": "distribution", "tags": ["model", "env", "service"]}
    ]}
    """

  private func theirs() throws -> DatadogLint { DatadogLint(knowledge: try MetricKnowledgeFile.read(Data(Self.list.utf8))) }

  /// One monitor of which only the query and options matter here.
  private func monitor(
    _ query: String, type: String = "query alert", options: String = "{\"notify_no_data\": true, \"no_data_timeframe\": 10}"
  )
    throws -> JSONValue
  {
    let query = query.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let text = #"{"name": "m", "type": "\#(type)", "query": "\#(query)", "message": "see @slack-llm", "options": \#(options)}"#
    return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }

  private func verdict(_ query: String, type: String = "query alert", options: String? = nil, lint: DatadogLint = DatadogLint())
    throws -> LintVerdict
  {
    var objects = DatadogLint.Objects()
    objects.add(try options.map { try monitor(query, type: type, options: $0) } ?? monitor(query, type: type))
    return try #require(lint.verdicts(on: objects).first)
  }

  @Test(arguments: [
    "sum(last_5m):sum:llm.errors{env:production}.as_count() / sum:llm.requests{env:production}.as_count() > 0.05",
    "sum(last_5m):sum:llm.errors{*} by {model,error_class}.as_count() > 20",
    "avg(last_10m):p95:llm.request.duration{route:answers} by {model} > 4",
    "avg(last_10m):avg:llm.semantic_risk.ungrounded{*} > 0.5",
    "avg(last_1h):avg:llm.semantic_risk.ungrounded{*}.rollup(sum, 60) > 5",
    "avg(last_1h):sum:llm.errors{*}.rollup(sum, 300) / sum:llm.requests{*}.rollup(sum, 60) > 2",
    "sum(last_10m):default_zero(sum:llm.requests{*}.as_count()) < 1",
    "pct_change(sum(last_30m),last_1d):sum:llm.cost{*}.as_count() > 80",
    "sum(last_1h):sum:llm.cost{*} by {tenant}.as_count() > 25",
    "avg(last_5m):100 * sum:llm.errors{*}.as_count() / sum:llm.requests{*}.as_count() > 5",
  ])
  func whatCanFireIsSaidTo(query: String) throws {
    let verdict = try verdict(query)
    #expect(verdict.canFire == .yes, "\(verdict.findings)")
  }

  /// The ways in which the monitors of public LLM projects are dead.
  @Test(arguments: [
    ("avg(last_5m):avg:llm.request.duration.p95{*} > 3", "metric_suffix"),
    ("avg(last_5m):avg:llm.request.duration.95percentile{*} > 3", "metric_suffix"),
    ("avg(last_5m):avg:llm.request.latency_ms{*} > 3000", "metric_missing"),
    ("sum(last_5m):sum:llm.errors{status:500}.as_count() > 3", "tag_missing"),
    ("sum(last_5m):sum:llm.errors{error_class:timeouts}.as_count() > 3", "tag_value"),
    ("sum(last_5m):sum:llm.errors{*} by {endpoint}.as_count() > 3", "group_missing"),
    ("avg(last_5m):avg:llm.semantic_risk.ungrounded{*} > 1", "threshold_unreachable"),
    ("sum(last_5m):sum:llm.errors{*}.as_count() / sum:llm.requests{*}.as_count() > 5", "threshold_unreachable"),
    ("sum(last_5m):100 * sum:llm.errors{*}.as_count() / sum:llm.requests{*}.as_count() > 100", "threshold_unreachable"),
    ("sum(last_5m):sum:llm.errors{*}.as_count() < 0", "threshold_unreachable"),
    ("avg(last_5m):p95:llm.requests{*} > 3", "percentile"),
    ("sum(last_5m):sum:llm.tokens{*}.as_count() > sum(last_1h):sum:llm.tokens{*}.as_count() * 2", "query_grammar"),
    ("avg(last_5m):avg:llm.request.duration{*}.rollup(avg, 600) > 3", "rollup"),
    (
      "avg(last_4h):anomalies(avg:llm.request.duration{*}, 'agile', 3, direction='above', alert_window='last_15m', interval=600) >= 1",
      "anomalies"
    ),
    ("avg(last_30m):outliers(avg:llm.request.duration{*}, 'dbscan', 7) > 0", "outliers"),
    ("pct_change(avg(last_5m),last_1h):avg:llm.request.duration{*} < -100", "threshold_unreachable"),
    ("burn_rate(\"x\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 2000", "type"),
  ])
  func whatCannotFireIsFoundWithItsReason(query: String, rule: String) throws {
    let verdict = try verdict(query)
    #expect(verdict.canFire == .no, "\(query)")
    #expect(verdict.findings.contains { $0.rule == rule && $0.weight == .dead }, "\(verdict.findings)")
  }

  @Test func whatFiresOnlyWhenNothingComesNeedsAPolicy() throws {
    let query = "sum(last_10m):sum:llm.requests{*}.as_count() < 1"
    #expect(try verdict(query, options: "{}").findings.contains { $0.rule == "silent_fall" && $0.weight == .dead })
    #expect(try verdict(query, options: "{\"on_missing_data\": \"show_and_notify_no_data\"}").canFire == .yes)
  }

  @Test func metricsOfAnotherListAreHeldToTheirTypes() throws {
    let lint = try theirs()
    for (query, rule) in [
      ("avg(last_5m):avg:llm.request.latency{*} > 3", "histogram_base"),
      ("avg(last_5m):p95:llm.request.latency{*} > 3", "histogram_base"),
      ("avg(last_5m):avg:llm.request.latency.p95{*} > 3", "metric_suffix"),
      ("avg(last_5m):p95:llm.request.tokens{*} > 3", "percentile"),
      ("avg(last_5m):avg:llm.request.duration{*} > 3", "metric_missing"),
      ("avg(last_5m):avg:other.metric{*} > 3", "metric_missing"),
    ] {
      let verdict = try verdict(query, lint: lint)
      let isSuffix = rule == "metric_suffix" && verdict.findings.contains { $0.rule == "metric_missing" }
      #expect(
        verdict.canFire == .no && (isSuffix || verdict.findings.contains { $0.rule == rule }), "\(query): \(verdict.findings)")
    }
    #expect(try verdict("avg(last_5m):avg:llm.request.latency.95percentile{env:prod} by {model} > 3", lint: lint).canFire == .yes)
    #expect(try verdict("avg(last_5m):p95:llm.risk{*} > 3", lint: lint).canFire == .yes)
    let summed = try verdict("sum(last_1h):sum:llm.request.cost{*} > 10", lint: lint)
    #expect(summed.canFire == .yes && summed.findings.contains { $0.rule == "gauge_sum" })
    #expect(try verdict("avg(last_5m):avg:system.cpu.user{*} > 90", lint: lint).canFire == .unknown)
  }

  @Test func listsAreReadInEveryFormPeopleHave() throws {
    let forms = [
      "[{\"metric\": \"a.b\", \"type\": \"gauge\", \"tags\": [\"env:prod\"]}]",
      "{\"a.b\": {\"type\": \"gauge\", \"tags\": [\"env\"]}}",
      "metric_name,metric_type,tags\na.b,gauge,env\n", "# comment\na.b gauge env\n",
    ]
    for form in forms {
      let metric = try MetricKnowledgeFile.read(Data(form.utf8)).byName["a.b"]
      #expect(metric?.kind == .gauge && metric?.tags == ["env"], "\(form)")
    }
    #expect(throws: MetricKnowledgeFile.Malformed.self) { try MetricKnowledgeFile.read(Data("{".utf8)) }
    #expect(throws: MetricKnowledgeFile.Malformed.self) { try MetricKnowledgeFile.read(Data("[]".utf8)) }
  }

  @Test(arguments: [
    ("{\"thresholds\": {\"critical\": 6}}", "thresholds", "differs from the query's 5"),
    ("{\"thresholds\": {\"critical\": 5, \"warning\": 7}}", "thresholds", "comes no earlier"),
    ("{\"thresholds\": {\"critical\": 5, \"critical_recovery\": 6}}", "thresholds", "healthy side"),
    ("{}", "no_data", "nothing is said when the data stops"),
    ("{\"notify_nodata\": true}", "key_unknown", "knows no key notify_nodata"),
    ("{\"silenced\": {\"*\": null}}", "muted", "muted for ever"),
    ("{\"require_full_window\": true}", "full_window", "gaps"),
  ])
  func optionsAreRead(options: String, rule: String, words: String) throws {
    let verdict = try verdict("sum(last_5m):sum:llm.errors{*}.as_count() > 5", options: options)
    #expect(verdict.findings.contains { $0.rule == rule && $0.message.contains(words) }, "\(verdict.findings)")
  }

  @Test func aBurnRateIsHeldToItsTarget() throws {
    let objective = """
      {"id": "abc", "name": "answers", "type": "metric", "thresholds": [{"timeframe": "30d", "target": 95}],
       "query": {"numerator": "sum:llm.requests{!error_class:*}.as_count()", "denominator": "sum:llm.requests{*}.as_count()"}}
      """
    func canFire(_ threshold: String, of slo: String) throws -> CanFire? {
      var objects = DatadogLint.Objects()
      objects.add(try JSONDecoder().decode(JSONValue.self, from: Data(objective.utf8)))
      objects.add(
        try monitor(
          "burn_rate(\"\(slo)\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > \(threshold)", type: "slo alert"))
      return DatadogLint().verdicts(on: objects).first { $0.kind == .monitor }?.canFire
    }
    #expect(try canFire("14.4", of: "abc") == .yes)
    #expect(try canFire("20", of: "abc") == .no)
    #expect(try canFire("25", of: "slo:answers") == .no)
    #expect(try canFire("14.4", of: "elsewhere") == .unknown)
  }

  @Test(arguments: [
    (
      #"{"name":"a","type":"metric","thresholds":[{"timeframe":"30d","target":99}],"query":{"numerator":"sum:llm.requests{*}.as_count()","denominator":"sum:llm.requests{*}.as_count()"}}"#,
      "always_good", CanFire.no
    ),
    (
      #"{"name":"a","type":"metric","thresholds":[{"timeframe":"30d","target":100}],"query":{"numerator":"sum:llm.requests{!error_class:*}.as_count()","denominator":"sum:llm.requests{*}.as_count()"}}"#,
      "target", .no
    ),
    (
      #"{"name":"a","type":"metric","thresholds":[{"timeframe":"30d","target":99}],"query":{"numerator":"count(v: v<3):llm.request.duration{*}","denominator":"count:llm.request.duration{*}"}}"#,
      "fast_errors", .yes
    ),
    (
      #"{"name":"a","type":"metric","thresholds":[{"timeframe":"30d","target":99}],"query":{"numerator":"count(v: v<3):llm.request.duration{!error_class:*}","denominator":"count:llm.request.duration{*}"}}"#,
      "", .yes
    ),
    (
      #"{"name":"a","type":"metric","thresholds":[{"timeframe":"30d","target":99}],"query":{"numerator":"count:llm.request.duration{route:fast}","denominator":"count:llm.request.duration{*}"}}"#,
      "fast_errors", .yes
    ),
    (#"{"name":"a","type":"monitor","thresholds":[{"timeframe":"30d","target":99}],"monitor_ids":[]}"#, "monitor_ids", .no),
    (
      #"{"name":"a","type":"time_slice","thresholds":[{"timeframe":"30d","target":99}],"sli_specification":{"time_slice":{"comparator":"<=","threshold":1,"query":{"formulas":[{"formula":"q"}],"queries":[{"data_source":"metrics","name":"q","query":"avg:llm.semantic_risk.ungrounded{*}"}]}}}}"#,
      "always_good", .no
    ),
  ])
  func objectives(json: String, rule: String, expected: CanFire) throws {
    var objects = DatadogLint.Objects()
    objects.add(try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)))
    let verdict = try #require(DatadogLint().verdicts(on: objects).first)
    let isFound = rule.isEmpty ? verdict.findings.isEmpty : verdict.findings.contains { $0.rule == rule }
    #expect(verdict.canFire == expected && isFound, "\(verdict.findings)")
  }

  @Test func dashboardsAreHeldToTheirMetricsAndVariables() throws {
    let json = """
      {"title": "LLM", "layout_type": "ordered", "template_variables": [{"name": "env", "prefix": "env"}, {"name": "spare"}],
       "widgets": [{"definition": {"type": "group", "widgets": [{"definition": {"type": "timeseries", "requests": [
         {"q": "sum:llm.requests{$env} by {model}.as_count(), sum:llm.errors{$tenant}.as_count()"},
         {"queries": [{"data_source": "metrics", "name": "a", "query": "p95:llm.request.latency{$env}"}], "formulas": [{"formula": "a"}]}]}}]}}]}
      """
    var objects = DatadogLint.Objects()
    objects.add(try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)))
    let verdict = try #require(DatadogLint().verdicts(on: objects).first)
    #expect(verdict.kind == .dashboard && verdict.canFire == .no)
    let rules = verdict.findings.map { "\($0.rule) \($0.place)" }
    #expect(rules.contains("metric_missing widgets[0].definition.widgets[0].definition.requests[1].queries[0].query"))
    #expect(verdict.findings.contains { $0.rule == "variable_missing" && $0.message.contains("$tenant") })
    #expect(verdict.findings.contains { $0.rule == "variable_unused" && $0.message.contains("$spare") })
  }

  /// What the real API accepted is never called dead for its form.
  @Test(
    .enabled(
      if: sharedFile("reference/datadog-recorded-exchanges.jsonl") != nil, "the exchanges are not in a clone of the project"))
  func theRecordedObjectsAreNotCalledMalformed() throws {
    let lines = try sharedLines("reference/datadog-recorded-exchanges.jsonl")
    var objects = DatadogLint.Objects()
    for line in lines {
      let exchange = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
      guard let path = exchange["path"]?.text, let code = exchange["code"]?.double, code < 300, let request = exchange["req"],
        path == "/api/v1/monitor" || path == "/api/v1/slo" || path == "/api/v1/dashboard"
      else { continue }
      objects.add(request)
    }
    #expect(objects.monitors.count > 15 && objects.dashboards.count > 100 && objects.objectives.count > 5)
    let formal: Set<String> = ["query_grammar", "key_unknown", "type", "thresholds", "timeframe", "period"]
    for verdict in DatadogLint().verdicts(on: objects) {
      let wrong = verdict.findings.filter { formal.contains($0.rule) }
      #expect(wrong.isEmpty, "\(verdict.name): \(wrong)")
    }
  }
}
