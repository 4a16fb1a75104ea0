// What an outsider brings: monitors of every type, sound and dead, as teams write them for their LLM applications.

import Foundation
import Testing

@testable import Datadog

@Suite struct LintFieldTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let title: String
    let type: String
    let query: String
    let expected: CanFire
    let options: String
    var testDescription: String { title }

    init(_ title: String, _ type: String, _ query: String, _ expected: CanFire, _ options: String) {
      (self.title, self.type, self.query, self.expected, self.options) = (title, type, query, expected, options)
    }
  }

  static let cases: [Case] = [
    Case(
      "plain p95", "query alert", #"avg(last_5m):p95:llm.request.duration{env:prod} by {model} > 4"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "foreign metric", "query alert", #"avg(last_5m):avg:system.cpu.user{*} by {host} > 90"#,
      .unknown, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "ratio above one", "query alert", #"sum(last_5m):sum:llm.errors{*}.as_count() / sum:llm.requests{*}.as_count() > 5"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "anomalies sound", "query alert",
      #"avg(last_4h):anomalies(sum:llm.tokens{*}.as_count(), 'agile', 3, direction='above', alert_window='last_15m', interval=60, count_default_zero='true', seasonality='daily') >= 1"#,
      .yes,
      #"{"notify_no_data": true, "threshold_windows": {"recovery_window": "last_15m", "trigger_window": "last_15m"}, "thresholds": {"critical": 1, "critical_recovery": 0}}"#
    ),
    Case(
      "anomalies above one", "query alert",
      #"avg(last_4h):anomalies(sum:llm.tokens{*}.as_count(), 'agile', 3, direction='above', alert_window='last_15m', interval=60) > 1"#,
      .no, #"{"notify_no_data": true, "threshold_windows": {"recovery_window": "last_15m", "trigger_window": "last_15m"}}"#),
    Case(
      "anomalies no windows", "query alert", #"avg(last_4h):anomalies(avg:llm.request.duration{*}, 'basic', 2) >= 1"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "forecast sound", "query alert",
      #"max(next_1w):forecast(max:llm.budget.used{*}, 'linear', 1, interval='60m', history='1w', model='default') >= 0.9"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "forecast bad algorithm", "query alert", #"max(next_1w):forecast(max:llm.budget.used{*}, 'prophet', 1) >= 0.9"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "forecast last", "query alert", #"avg(last_1w):forecast(max:llm.budget.used{*}, 'linear', 1) >= 0.9"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "outliers sound", "query alert", #"avg(last_30m):outliers(avg:llm.request.duration{*} by {provider}, 'DBSCAN', 3) > 0"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "outliers bad algorithm", "query alert",
      #"avg(last_30m):outliers(avg:llm.request.duration{*} by {provider}, 'kmeans', 3) > 0"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "outliers above one", "query alert",
      #"avg(last_30m):outliers(avg:llm.request.duration{*} by {provider}, 'MAD', 3, 80) > 1"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "change sound", "query alert", #"pct_change(avg(last_5m),last_1h):avg:llm.request.duration{*} > 50"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "change fall", "query alert", #"pct_change(sum(last_1h),last_1d):sum:llm.requests{*}.as_count() < -120"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "event", "event-v2 alert", #"events("source:github status:error").rollup("count").by("service").last("15m") > 2"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 2}}"#),
    Case(
      "event below zero", "event-v2 alert", #"events("source:github").rollup("count").last("15m") < 0"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 0}}"#),
    Case(
      "logs", "log alert", #"logs("service:llm status:error").index("*").rollup("count").by("service").last("5m") > 10"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 10}}"#),
    Case(
      "logs below zero", "log alert", #"logs("service:llm").index("*").rollup("count").last("5m") < 0"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 0}}"#),
    Case(
      "logs none", "log alert", #"logs("service:llm").index("*").rollup("count").last("15m") < 1"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 1}}"#),
    Case(
      "logs equal minus", "log alert", #"logs("service:llm").index("*").rollup("count").last("15m") <= -1"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": -1}}"#),
    Case(
      "logs avg", "log alert", #"logs("service:llm").index("*").rollup("avg", "@duration").last("5m") < 0"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 0}}"#),
    Case(
      "logs cardinality", "log alert", #"logs("service:llm").index("*").rollup("cardinality", "@usr.id").last("5m") < 0"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 0}}"#),
    Case(
      "logs always", "log alert", #"logs("service:llm").index("*").rollup("count").last("5m") >= 0"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 0}}"#),
    Case(
      "logs type wrong", "query alert", #"logs("service:llm").index("*").rollup("count").last("5m") > 5"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 5}}"#),
    Case(
      "trace", "trace-analytics alert",
      #"trace-analytics("service:llm @http.status_code:500").rollup("count").by("resource_name").last("5m") > 10"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 10}}"#),
    Case(
      "trace window bad", "trace-analytics alert", #"trace-analytics("service:llm").rollup("count").last("five minutes") > 10"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 10}}"#),
    Case(
      "rum", "rum alert", #"rum("@type:error").rollup("count").last("5m") > 10"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 10}}"#),
    Case(
      "process", "process alert", #"processes('python').over('env:prod').rollup('count').last('10m') < 0"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 0}}"#),
    Case(
      "process ok", "process alert", #"processes('python').over('env:prod').rollup('count').last('10m') < 1"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 1}}"#),
    Case(
      "slo burn unknown", "slo alert",
      #"burn_rate("aaaabbbbccccddddeeeeffff00001111").over("30d").long_window("1h").short_window("5m") > 14.4"#,
      .unknown, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 14.4}}"#),
    Case(
      "slo burn too high", "slo alert", #"burn_rate("target95").over("30d").long_window("1h").short_window("5m") > 20"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 20}}"#),
    Case(
      "slo budget", "slo alert", #"error_budget("target95").over("7d") > 75"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 75}}"#),
    Case(
      "slo budget neg", "slo alert", #"error_budget("target95").over("7d") < 20"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 20}}"#),
    Case(
      "error tracking", "error-tracking alert",
      #"error-tracking-rum("service:x").rollup("count").by("@issue.id").last("5m") > 0"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 0}}"#),
    Case(
      "ci", "ci-pipelines alert",
      #"ci-pipelines("ci_level:pipeline @ci.status:error").rollup("count").by("@git.branch").last("1h") > 3"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 3}}"#),
    Case(
      "cost formula", "cost alert", #"formula("exclude_null(query1)").last("7d").anomaly(direction="above", threshold=10) >= 5"#,
      .yes,
      #"{"thresholds": {"critical": 5}, "variables": [{"data_source": "cloud_cost", "name": "query1", "query": "sum:aws.cost.net.amortized{*} by {aws_product}.rollup(sum, 86400)"}]}"#
    ),
    Case(
      "formula undefined", "query alert", #"formula("query1 / query2").last("15m") >= 0.8"#,
      .no,
      #"{"thresholds": {"critical": 0.8}, "variables": [{"data_source": "metrics", "name": "query1", "query": "sum:llm.errors{*}.as_count()"}]}"#
    ),
    Case(
      "formula ratio above 1", "query alert", #"formula("query1 / query2").last("15m") >= 1.5"#,
      .no,
      #"{"thresholds": {"critical": 1.5}, "variables": [{"data_source": "metrics", "name": "query1", "query": "sum:llm.errors{*}.as_count()"}, {"data_source": "metrics", "name": "query2", "query": "sum:llm.requests{*}.as_count()"}]}"#
    ),
    Case(
      "formula logs below 0", "log alert", #"formula("a").last("15m") < 0"#,
      .no,
      #"{"thresholds": {"critical": 0}, "variables": [{"compute": {"aggregation": "count"}, "data_source": "logs", "group_by": [], "indexes": ["*"], "name": "a", "search": {"query": "status:error"}}]}"#
    ),
    Case(
      "llm obs", "llm-observability alert",
      #"llm-observability("@ml_app:chat @event_type:span @status:error").rollup("count").last("5m") > 5"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 5}}"#),
    Case(
      "count tiny", "query alert", #"sum(last_5m):sum:llm.requests{*}.as_count() < 0"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "hallucination score", "query alert", #"avg(last_10m):avg:llm.semantic_risk.ungrounded{*} > 1"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "window*k", "query alert", #"avg(last_5m):avg:llm.request.duration{*} > avg(last_1h):avg:llm.request.duration{*} * 2"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "ms threshold", "query alert", #"avg(last_5m):p95:llm.request.duration{*} > 5000"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "negated tag", "query alert", #"sum(last_5m):sum:llm.errors{!error_class:timeout,env:prod}.as_count() > 10"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "unknown tag", "query alert", #"sum(last_5m):sum:llm.errors{modle:gpt-4o}.as_count() > 10"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "threshold mismatch", "query alert", #"avg(last_5m):avg:llm.request.duration{*} > 3"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 4}}"#),
    Case(
      "database", "database-monitoring alert", #"database-monitoring("dbm_type:activity").rollup("count").last("5m") < 0"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 0}}"#),
    Case(
      "ci tests", "ci-tests alert", #"ci-tests("test_level:test @test.status:fail").rollup("count").last("15m") >= 1"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 1}}"#),
    Case(
      "audit", "audit alert", #"audits("@evt.name:x").rollup("count").last("5m") > 0"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true, "thresholds": {"critical": 0}}"#),
    Case(
      "count default zero", "query alert", #"sum(last_15m):default_zero(sum:llm.requests{*}.as_count()) < 1"#,
      .yes, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
    Case(
      "change of ratio", "query alert",
      #"change(sum(last_5m),last_1h):sum:llm.errors{*}.as_count() / sum:llm.requests{*}.as_count() > 1"#,
      .no, #"{"no_data_timeframe": 20, "notify_no_data": true}"#),
  ]

  private func verdicts(_ monitors: [JSONValue]) -> [LintVerdict] {
    var objects = DatadogLint.Objects()
    objects.monitors = monitors
    objects.objectives = [
      .object([
        "id": .string("target95"), "name": .string("Answers"), "type": .string("metric"),
        "query": .object([
          "numerator": .string("sum:llm.requests{!error_class:*}.as_count()"),
          "denominator": .string("sum:llm.requests{*}.as_count()"),
        ]),
        "thresholds": .array([.object(["timeframe": .string("30d"), "target": .number(95)])]),
      ])
    ]
    return DatadogLint().verdicts(on: objects)
  }

  private func monitor(_ name: String, _ type: String, _ query: String, options: String = "{}", id: Double? = nil) throws
    -> JSONValue
  {
    JSONValue(members: [
      "id": id.map { .number($0) }, "name": .string(name), "type": .string(type), "query": .string(query),
      "message": .string("look @slack-llm"), "options": try JSONDecoder().decode(JSONValue.self, from: Data(options.utf8)),
    ])
  }

  @Test(arguments: cases) func theVerdictIsRight(_ one: Case) throws {
    let verdict = verdicts([try monitor(one.title, one.type, one.query, options: one.options)])[0]
    #expect(verdict.canFire == one.expected, "\(verdict.findings.map { "\($0.rule): \($0.message)" })")
  }

  @Test(
    arguments: [
      ("1 && 2", .no, #"it cannot hold without monitor 2 "Errors", which can never fire"#), ("1 || 2", .yes, nil),
      ("1 && !2", .yes, nil),
      ("1 && !1", .no, "no states of its parts make 1 && !1 true"),
      ("1 && 9", .unknown, "monitor 9 is not among these files, so nothing is known of it"),
      ("1 && 3", .unknown, #"monitor 3 "Processors" is needed, and it is not known whether it can fire"#), ("1 || 3", .yes, nil),
    ] as [(String, CanFire, String?)])
  func compositesNameTheirParts(query: String, expected: CanFire, message: String?) throws {
    let verdict = verdicts([
      try monitor("Slow", "query alert", "avg(last_5m):p95:llm.request.duration{*} > 4", id: 1),
      try monitor(
        "Errors", "query alert", "sum(last_5m):sum:llm.errors{*}.as_count() / sum:llm.requests{*}.as_count() > 5", id: 2),
      try monitor("Processors", "query alert", "avg(last_5m):avg:system.cpu.user{*} > 90", id: 3),
      try monitor("Both", "composite", query),
    ])[3]
    #expect(verdict.canFire == expected, "\(verdict.findings.map(\.message))")
    if let message { #expect(verdict.findings.contains { $0.message == message }, "\(verdict.findings.map(\.message))") }
  }

  @Test func theNearestNamesAreGiven() throws {
    for (query, hint) in [
      ("sum(last_5m):sum:llm.errors{modle:gpt-4o}.as_count() > 10", "model"),
      ("sum(last_5m):sum:llm.errors{*} by {rout}.as_count() > 10", "route"),
      ("sum(last_5m):sum:llm.errors{error_class:time_out}.as_count() > 10", "timeout"),
      ("sum(last_5m):sum:llm.error{*}.as_count() > 10", "llm.errors"),
    ] {
      let reasons = verdicts([try monitor("m", "query alert", query)])[0].findings.map(\.message).joined(separator: "; ")
      #expect(reasons.contains("did you mean") && reasons.contains(hint), "\(reasons)")
    }
  }

  /// Keys of Datadog's own answers are known, all of them.
  @Test func noKeyOfARecordedAnswerIsUnknown() throws {
    guard let file = sharedFile("reference/datadog-recorded-exchanges.jsonl") else { return }
    var objects = DatadogLint.Objects()
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let entry = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
      guard let path = entry["path"]?.text, path.contains("/monitor") || path.contains("/slo"), let answer = entry["resp"] else {
        continue
      }
      objects.add(answer)
    }
    #expect(objects.monitors.count > 20 && objects.objectives.count > 15)
    let unknown = DatadogLint().verdicts(on: objects).flatMap(\.findings).filter { $0.rule == "key_unknown" }
    #expect(unknown.isEmpty, "\(Set(unknown.map(\.place)))")
  }

  @Test func aWidgetThatNamesNoQueryIsDead() throws {
    let text = """
      {"title": "d", "layout_type": "ordered", "widgets": [{"definition": {"type": "timeseries", "requests": [{
        "formulas": [{"formula": "100 * errors / requests"}],
        "queries": [{"data_source": "metrics", "name": "errors", "query": "sum:llm.errors{*}.as_count()"}]}]}}]}
      """
    var objects = DatadogLint.Objects()
    objects.add(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
    let verdict = try #require(DatadogLint().verdicts(on: objects).first)
    #expect(verdict.canFire == .no && verdict.findings.contains { $0.message.contains("the formula names requests") })
  }
}
