// Other people's exports: wrapped in whatever they came in, of every type and widget, judged as a person would.

import Foundation
import Monitors
import Testing

@testable import Datadog

@Suite struct LintExportTests {
  private func verdicts(_ json: String) throws -> [String: LintVerdict] {
    var found = DatadogLint.Objects()
    found.add(try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)))
    return Dictionary(DatadogLint().verdicts(on: found).map { ($0.name, $0) }) { first, _ in first }
  }

  private func dead(_ verdict: LintVerdict?) -> [String] {
    verdict?.findings.filter { $0.weight == .dead }.map(\.rule) ?? ["no such object"]
  }

  // MARK: Types

  /// Type, query, and the rule that says why it cannot fire.
  @Test(
    arguments: [
      ("log alert", #"logs("service:foo").index("*").rollup("count").last("5m") > 5"#, nil),
      ("trace-analytics alert", #"trace-analytics("env:prod").rollup("count").by("service").last("5m") > 100"#, nil),
      ("rum alert", #"rum("@type:error").rollup("cardinality", "@usr.id").last("5m") > 10"#, nil),
      ("synthetics alert", "no_query", nil),
      ("process alert", "processes('python').over('env:prod').rollup('count').last('10m') < 1", nil),
      ("service check", #""datadog.agent.up".over("*").by("host").last(3).count_by_status()"#, nil),
      ("service check", #""http.can_connect".over("a:b","c:d").exclude("e:f").by("host").last(2).count_by_status()"#, nil),
      ("service check", #""http.can_connect".over("*").by("*").last(5).pct_by_status() > 50"#, nil),
      ("service check", #""http.can_connect".by("*").last(5).count_by_status()"#, "query_grammar"),
      (
        "error-tracking alert",
        #"error-tracking("service:x").source("all").impact().rollup("cardinality","usr.id").by("@issue.id").last("1d") > 4"#, nil
      ),
      ("error-tracking alert", #"error-tracking("service:x").source("backend").new().rollup("count").last("1d") > 0"#, nil),
      ("slo alert", #"error_budget("abc").over("7d") > 75"#, nil),
      ("event-v2 alert", #"events("source:deploy status:error").rollup("count").by("service").last("15m") >= 1"#, nil),
      ("audit alert", #"audits("@evt.name:x").rollup("count").last("5m") > 0"#, nil),
      ("network-performance alert", #"network("x").index("netflow").rollup("sum", "network.bytes").last("5m") > 1"#, nil),
      ("a source of tomorrow alert", #"tomorrow("x").rollup("count").last("5m") > 1"#, nil),
      ("log alert", #"logs("service:foo").index("*").last("5m") > 5"#, "query_grammar"),
      ("query alert", "pct_change(avg(last_5m),last_1h):avg:llm.request.duration{*} by {route} > 50", nil),
      (
        "query alert",
        "avg(last_5m):avg:llm.request.duration{(env:prod OR env:qa) AND NOT route:x} by {model}.rollup(avg, 60) > 3", nil
      ),
      ("query alert", "avg(last_5m):avg:llm.latency.p95{*} > window * 2", "query_grammar"),
      ("query alert", "avg(last_5m):avg:llm.requests.duration{*} > 3", "metric_missing"),
      ("query alert", "avg(last_5m):avg:llm.request.duration.95percentile{*} > 3", "metric_suffix"),
      ("composite", "12 & 13", "query_grammar"), ("composite", "( 12 && !13 ) || 14", nil),
    ] as [(String, String, String?)])
  func everyTypeIsJudged(type: String, query: String, rule: String?) throws {
    let object = JSONValue.object([
      "name": .string("m"), "type": .string(type), "query": .string(query), "message": .string("@slack-llm"),
    ])
    let verdict = try verdicts(ObjectText.text(of: .object(["monitors": .array([object])])))["m"]
    #expect(dead(verdict) == (rule.map { [$0] } ?? []), "\(verdict?.findings.map(\.message) ?? [])")
  }

  /// Three bad checks are not among the last two.
  @Test func aServiceCheckCanOnlyCountTheChecksThereAre() throws {
    let text = #"""
      {"name": "m", "type": "service check", "message": "@a", "query": "\"a.b\".over(\"*\").last(2).count_by_status()",
       "options": {"thresholds": {"critical": 3, "ok": 1}}}
      """#
    #expect(dead(try verdicts(text)["m"]) == ["threshold_unreachable"])
    #expect(dead(try verdicts(text.replacing("last(2)", with: "last(4)"))["m"]) == [])
  }

  // MARK: Composites

  @Test func aCompositeIsJudgedByItsParts() throws {
    func text(_ query: String) -> String {
      #"""
      [{"id": 1, "name": "dead", "type": "query alert", "query": "avg(last_5m):avg:llm.nothing{*} > 1", "message": "@a"},
       {"id": 2, "name": "live", "type": "query alert", "query": "avg(last_5m):avg:llm.request.duration{*} > 1", "message": "@a"},
       {"name": "both", "type": "composite", "query": "\#(query)", "message": "@a"}]
      """#
    }
    func canFire(_ query: String) throws -> CanFire? { try verdicts(text(query))["both"]?.canFire }
    #expect(try canFire("1 && 2") == .no)
    #expect(try canFire("1 || 2") == .yes)
    #expect(try canFire("!1 && 2") == .yes)
    #expect(try canFire("2 && 3") == .unknown)
    #expect(try canFire("2 || !2") == .yes)
    #expect(try canFire("$live && $nothing") == .no)
  }

  // MARK: Terraform

  private static let state = #"""
    {"format_version": "1.0", "values": {"root_module": {"resources": [
      {"type": "datadog_monitor", "name": "a", "values": {"name": "dead", "type": "query alert", "message": "@a", "priority": "2",
        "query": "sum(last_5m):sum:llm.errors{*}.as_count() / sum:llm.requests{*}.as_count() > 1.5",
        "monitor_thresholds": [{"critical": "1.5", "warning": ""}], "notify_no_data": false, "no_data_timeframe": 0}},
      {"type": "datadog_monitor", "name": "b", "values": {"name": "fine", "type": "metric alert", "message": "@a",
        "query": "sum(last_5m):sum:llm.errors{*}.as_count() > 5", "monitor_thresholds": [{"critical": "5"}],
        "notify_no_data": true, "no_data_timeframe": 10, "escalation_message": "", "renotify_interval": 0}},
      {"type": "datadog_monitor", "name": "c", "values": {"name": "differs", "type": "metric alert", "message": "@a",
        "query": "sum(last_5m):sum:llm.errors{*}.as_count() > 5", "monitor_thresholds": [{"critical": "6"}]}},
      {"type": "datadog_service_level_objective", "name": "s", "values": {"name": "slo", "type": "metric",
        "query": [{"numerator": "sum:llm.requests{!error_class:*}.as_count()", "denominator": "sum:llm.requests{*}.as_count()"}],
        "thresholds": [{"timeframe": "30d", "target": 99.9, "warning": 0}]}},
      {"type": "datadog_dashboard_json", "name": "d", "values": {"dashboard":
        "{\"title\": \"json\", \"layout_type\": \"ordered\", \"widgets\": [{\"definition\": {\"type\": \"timeseries\", \"requests\": [{\"q\": \"avg:llm.request.duration{$env}\"}]}}]}"}},
      {"type": "datadog_dashboard", "name": "e", "values": {"title": "blocks", "layout_type": "ordered",
        "template_variable": [{"name": "env", "prefix": "env"}],
        "widget": [{"group_definition": [{"widget": [{"timeseries_definition": [{"request": [{"q": "",
          "query": [{"metric_query": [{"name": "q1", "query": "sum:llm.errors{$env}.as_count()"}]}],
          "formula": [{"formula_expression": "q1 / q2"}]}]}]}]}]}]}},
      {"type": "aws_instance", "name": "x", "values": {"name": "no"}}]}}}
    """#

  @Test func terraformsStateIsRead() throws {
    let found = try verdicts(Self.state)
    #expect(Set(found.keys) == ["dead", "fine", "differs", "slo", "json", "blocks"])
    #expect(dead(found["dead"]) == ["threshold_unreachable"])
    #expect(found["fine"]?.findings == [])
    #expect(dead(found["differs"]) == ["thresholds"])
    #expect(found["slo"]?.canFire == .yes)
    #expect(dead(found["json"]) == ["variable_missing"])
    #expect(dead(found["blocks"]) == ["variable_missing"])
  }

  @Test func terraformsConfigurationIsRead() throws {
    let found = try verdicts(
      #"""
      {"resource": {"datadog_monitor": {"a": {"name": "one", "type": "query alert", "message": "@a",
        "query": "avg(last_5m):avg:llm.requests.duration{*} > 2", "monitor_thresholds": {"critical": 2}}}}}
      """#)
    #expect(dead(found["one"]) == ["metric_missing"])
    #expect(found["one"]?.findings.contains { $0.rule == "key_unknown" } == false)
    #expect(found["one"]?.findings.contains { $0.message.contains("did you mean llm.request.duration?") } == true)
  }

  // MARK: Objectives

  @Test func everyFormOfAnObjectiveIsJudged() throws {
    let found = try verdicts(
      #"""
      {"data": [
        {"name": "monitor", "type": "monitor", "monitor_ids": [1], "groups": ["a:b"], "thresholds": [{"timeframe": "7d", "target": 99}]},
        {"name": "count", "type": "metric", "thresholds": [{"timeframe": "7d", "target": 99}], "sli_specification": {"count": {
          "good_events_formula": {"formula": "query1 - query2"}, "total_events_formula": {"formula": "query1"}, "queries": [
          {"data_source": "metrics", "name": "query1", "query": "sum:llm.requests{*}.as_count()"},
          {"data_source": "metrics", "name": "query2", "query": "sum:llm.erors{*}.as_count()"}]}}},
        {"id": "x", "type": "slo", "attributes": {"name": "searched", "slo_type": "metric", "thresholds": [{"timeframe": "7d", "target": 99}],
          "query": {"numerator": "sum:llm.requests{!error_class:*}.as_count()", "denominator": "sum:llm.requests{*}.as_count()"}}}]}
      """#)
    #expect(found["monitor"]?.canFire == .yes)
    #expect(dead(found["count"]) == ["metric_missing"])
    #expect(found["searched"]?.findings == [])
  }

  // MARK: Dashboards

  private func widget(_ definition: String) throws -> LintVerdict? {
    try verdicts(
      #"{"title": "d", "layout_type": "free", "widgets": [{"definition": \#(definition)}], "template_variables": [{"name": "env", "prefix": "env"}]}"#
    )["d"]
  }

  @Test(arguments: [
    "timeseries", "query_value", "toplist", "heatmap", "distribution", "change", "hostmap", "query_table", "sunburst", "treemap",
  ])
  func oldWidgetsAreJudged(type: String) throws {
    let good =
      #"{"type": "\#(type)", "requests": [{"q": "avg:llm.request.duration{$env} by {route}, sum:llm.errors{$env}.as_count()"}]}"#
    #expect(dead(try widget(good)) == [])
    #expect(dead(try widget(good.replacing("llm.errors", with: "llm.erors"))) == ["metric_missing"])
    #expect(dead(try widget(good.replacing("$env", with: "$other"))) == ["variable_missing"])
  }

  @Test func newWidgetsAreJudged() throws {
    func request(_ formula: String, _ source: String = "metrics") -> String {
      #"""
      {"type": "timeseries", "requests": [{"response_format": "timeseries", "formulas": [{"formula": "\#(formula)"}],
        "queries": [{"data_source": "\#(source)", "name": "query1", "query": "sum:llm.errors{$env}.as_count()"}]}]}
      """#
    }
    #expect(dead(try widget(request("query1"))) == [])
    #expect(dead(try widget(request("week_before(query1) / (query1 + 1) * 100"))) == [])
    #expect(dead(try widget(request("top(query1, 10, 'mean', 'desc')"))) == [])
    #expect(dead(try widget(request("query1 / query2"))) == ["variable_missing"])
    #expect(dead(try widget(request("query1 +"))) == ["query_grammar"])
    let split = #"{"type": "split_group", "source_widget_definition": \#(request("query9"))}"#
    #expect(dead(try widget(split)) == ["variable_missing"])
  }

  /// What shows no metric has nothing to be wrong about it here.
  @Test(arguments: [
    #"{"type": "note", "content": "$5 a day $env"}"#, #"{"type": "iframe", "url": "https://a.example"}"#,
    #"{"type": "log_stream", "query": "$env"}"#, #"{"type": "slo", "slo_id": "a"}"#, #"{"type": "check_status", "check": "x"}"#,
    #"{"type": "list_stream", "requests": [{"query": {"data_source": "logs_stream", "query_string": "a"}}]}"#,
    #"{"type": "geomap", "requests": [{"formulas": [{"formula": "query1"}], "queries": [{"data_source": "rum", "name": "query1", "search": {"query": ""}}]}]}"#,
    #"{"type": "timeseries", "requests": [{"log_query": {"index": "*", "search": {"query": "x"}}}], "events": [{"q": "tags:deploy"}]}"#,
  ])
  func otherWidgetsAreLeftAlone(definition: String) throws { #expect(dead(try widget(definition)) == [], "\(definition)") }

  // MARK: Lists of metrics

  @Test func quotedCellsAreCells() throws {
    let text =
      "metric_name,metric_type,description,tags\r\n\"shop.errors\",count,\"a, \"\"b\"\"\nc\",\"env,route\"\nshop.requests,gauge,,env\n"
    let knowledge = try MetricKnowledgeFile.read(Data(text.utf8))
    #expect(knowledge.byName["shop.errors"] == KnownMetric(name: "shop.errors", kind: .count, tags: ["env", "route"]))
    #expect(knowledge.byName["shop.requests"]?.kind == .gauge)
  }

  @Test(arguments: [
    ("<html>\n<body>", "line 1"), ("a.b count\nc.d frobs", "line 2"), ("a.b\n\n# fine\n5xx.errors count", "line 4"),
    ("metric_name,type\na.b,gauge\n,count", "line 3"), ("metric_name,type\n\"a.b,gauge\n", "line 2"),
    ("metric_name,type\na b,gauge", "line 2"),
  ])
  func rubbishIsRefusedWithItsLine(text: String, place: String) {
    #expect { try MetricKnowledgeFile.read(Data(text.utf8)) } throws: { "\($0)".contains(place) }
  }
}
