// The grammar of Datadog's queries: what the real API took it takes, what the real API refused for its query it refuses.

import Foundation
import Testing

@testable import Datadog

@Suite struct QueryGrammarTests {
  /// Monitor queries of public documentation and of exchanges with the real API, one of each form.
  @Test(arguments: [
    "avg(last_5m):avg:system.load.5{*} > 0.5",
    "sum(last_15m):sum:llm.errors{env:prod,service:gw} by {model,provider}.as_count() / sum:llm.requests{env:prod,service:gw} by {model,provider}.as_count() > 0.05",
    "avg(current_1mo):avg:system.load.5{*} > 0.5",
    "pct_change(avg(last_5m),last_1h):avg:llm.request.duration{env:prod} > 50",
    "change(min(last_1m),last_5m):sum:llm.cost{*}.rollup(sum, 60) >= 2",
    "avg(last_4h):anomalies(avg:llm.requests{env:prod}.as_count(), 'agile', 3, direction='above', alert_window='last_15m', interval=60, count_default_zero='true', seasonality='weekly') >= 1",
    "max(last_1w):forecast(avg:system.disk.in_use{*} by {host}, 'linear', 1, interval='60m', history='1w', model='default') >= 80",
    "avg(last_30m):outliers(avg:llm.request.duration{*} by {model}, 'dbscan', 7) > 0",
    "sum(last_1h):count(v: v>3):llm.request.duration{env:prod}.as_count() / count:llm.request.duration{env:prod}.as_count() > 0.1",
    "percentile(last_5m):p95:llm.request.duration{env:prod} > 3",
    "avg(last_10m):p95:llm.request.duration{env:prod AND (tenant:a OR tenant:b) AND NOT route:test} by {model} > 3",
    "sum(last_5m):default_zero(sum:llm.requests{!env:dev,model IN (a, b), region NOT IN (eu)}.as_count()) < 1",
    "avg(last_5m):(100 * sum:a.b{*}.as_count()) / (sum:a.c{*}.as_count() + 1) > 1.5e1",
    "logs(\"service:foo AND type:error\").index(\"main\").rollup(\"count\").by(\"source\").last(\"5m\") > 2",
    "trace-analytics(\"service:x status:error\").rollup(\"count\").by(\"resource_name\").last(\"5m\") > 20",
    "llm-observability(\"*\").rollup(\"count\").last(\"2h\") > 0",
    "events(\"source:x \\\"quoted\\\"\").rollup(\"count\").last(\"5m\") > 0",
    "error-tracking-rum(\"service:foo\").rollup(\"count\").by(\"@issue.id\").last(\"1h\") >= 1",
    "formula(\"query1 / query2 * 100\").last(\"15m\") >= 0.8",
    "formula(\"failed_runs(run_query)\").by(job_name,workspace_name).last(10d) > 0",
    "formula(\"exclude_null(query1)\").last(\"7d\").anomaly(direction=\"above\", threshold=10) >= 5",
    "error_budget(\"abc\").over(\"30d\") > 75",
    "burn_rate(\"abc\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 14.4",
    "123 && (456 || !789)",
    "\"http.can_connect\".over(\"url:x\",\"host:y\").by(\"host\").last(3).count_by_status()",
  ])
  func whatIsWrittenRightIsRead(query: String) throws {
    _ = try MonitorQueryParser.parse(query)
  }

  @Test(arguments: [
    ("query", "begins no monitor query"),
    ("avg(last_5m):avg:m{*}", "compares with nothing"),
    ("avg(last_5m):avg:m{*} > avg:m{*} * 2", "a monitor compares one query with one number"),
    ("avg(last_5m):avg:m{*} > 2 * 3", "did not expect `* 3`"),
    ("avg(last_5m):sum:m{*} > sum(last_1h):sum:m{*}", "a monitor compares one query with one number"),
    ("avg(5m):avg:m{*} > 2", "is no window"),
    ("avg(last_5x):avg:m{*} > 2", "is no window"),
    ("mean(last_5m):avg:m{*} > 2", "begins no monitor query"),
    ("avg(last_5m):mean:m{*} > 2", "is no aggregator"),
    ("avg(last_5m):avg:m > 2", "expected `{` with the tags of m"),
    ("avg(last_5m):avg:m{} > 2", "`{*}` stands for everything"),
    ("avg(last_5m):avg:m{env:prod > 2", "expected"),
    ("avg(last_5m):avg:m{*} by {} > 2", "names no tag"),
    ("avg(last_5m):avg:m{*} => 2", "invalid operator"),
    ("logs(\"x\").rollup(\"count\") > 2", "has no window"),
    ("logs(\"x).rollup(\"count\").last(\"5m\") > 2", "expected"),
    ("burn_rate(\"a\").over(\"30d\") > 14.4", "long_window"),
    ("\"check\".over(\"*\").count_by_status()", ".last(N)"),
    ("1 && ", "expected the number of a monitor"),
    ("", "the query is empty"),
  ])
  func whatIsWrittenWrongIsRefusedWithItsPlace(query: String, expected: String) {
    let error = #expect(throws: QueryError.self) { try MonitorQueryParser.parse(query) }
    #expect(error?.description.contains(expected) == true, "\(query): \(error?.description ?? "")")
  }

  @Test(arguments: ["(", "-", "1 && (", "avg(last_5m):avg:m{"])
  func whatIsNestedWithoutEndIsRefused(start: String) {
    let deep = start + String(repeating: start.hasSuffix("{") ? "!" : start == "-" ? "-" : "(", count: 100_000)
    #expect(throws: QueryError.self) { try MonitorQueryParser.parse(deep) }
    #expect(throws: QueryError.self) { try MetricExpressionParser.parse(deep) }
  }

  @Test func aQueryIsReadIntoItsParts() throws {
    let query = try MonitorQueryParser.parse(
      "sum(last_15m):sum:llm.errors{env:prod,!model:x} by {model}.as_count().rollup(sum, 60) / 2 > 0.05")
    guard case .metric(let metric, .above, 0.05) = query else { throw Wrong() }
    #expect(metric.timeAggregator == "sum" && metric.window == 900 && metric.change == nil)
    let inner = try #require(metric.expression.queries.first)
    #expect(inner.aggregator == "sum" && inner.metric == "llm.errors" && inner.groups == ["model"])
    #expect(inner.filter == .and([.tag(key: "env", value: "prod"), .not(.tag(key: "model", value: "x"))]))
    #expect(inner.modifier("rollup")?.arguments == ["sum", "60"] && inner.modifier("as_count")?.arguments == [])
    #expect(inner.filter.neededKeys == [["env"]])
  }

  private struct Wrong: Error {}

  /// Every monitor, SLO and dashboard query that the real API accepted.
  @Test(
    .enabled(
      if: sharedFile("reference/datadog-recorded-exchanges.jsonl") != nil, "the exchanges are not in a clone of the project"))
  func everyQueryOfTheRecordedExchangesIsReadAndTheRefusedOneRefused() throws {
    let lines = try sharedLines("reference/datadog-recorded-exchanges.jsonl")
    var accepted = 0
    var refused = 0
    for line in lines {
      guard let exchange = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        let path = exchange["path"] as? String, let code = exchange["code"] as? Int,
        let request = exchange["req"] as? [String: Any]
      else { continue }
      if path.hasPrefix("/api/v1/monitor"), let query = request["query"] as? String {
        if code < 300 {
          _ = try MonitorQueryParser.parse(query)
          accepted += 1
        } else if ((exchange["resp"] as? [String: Any])?["errors"] as? [String])?.first?.contains("'query' is invalid") == true {
          #expect(throws: QueryError.self, "\(query)") { try MonitorQueryParser.parse(query) }
          refused += 1
        }
      }
      guard code < 300, path.contains("dashboard") || path.contains("slo") else { continue }
      for query in Self.metricQueries(in: request) {
        _ = try MetricExpressionParser.parse(query)
        accepted += 1
      }
    }
    #expect(accepted > 60 && refused >= 1)
  }

  /// The texts under `q`, and under `query` beside a metric data source.
  private static func metricQueries(in value: Any) -> [String] {
    if let list = value as? [Any] { return list.flatMap(metricQueries) }
    guard let object = value as? [String: Any] else { return [] }
    var found: [String] = []
    let source = object["data_source"] as? String
    if let query = object["query"] as? String, source == "metrics" || source == "cloud_cost" { found.append(query) }
    if let query = object["q"] as? String { found.append(query) }
    return found + object.values.flatMap(metricQueries)
  }
}
