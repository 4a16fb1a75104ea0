// A forecast counts what would be sent: the same series the meter makes, times what Datadog bills for each.

import Foundation
import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct MetricForecastTests {
  private func spans(_ count: Int) -> [LLMSpan] {
    (0..<count).map { index in
      var span = exampleSpan(start: Timestamp(unixSeconds: 1_000_000 + Int64(index)))
      span.dimensions.tenant = "t\(index % 8)"
      span.dimensions.model = "m\(index % 2)"
      span.usage = TokenUsage(input: 1, output: 1)
      return span
    }
  }

  @Test func countsAndDistributionsAreMultipliedAsDatadogBills() throws {
    let forecast = MetricForecast(of: spans(80), settings: CardinalitySettings())
    let requests = try #require(forecast.metrics.first { $0.name == "llm.requests" })
    #expect(requests.size.series == 8 && requests.size.customMetrics == 8 && requests.size.ungovernedSeries == 8)
    let duration = try #require(forecast.metrics.first { $0.name == "llm.request.duration" })
    #expect(duration.customMetricsPerSeries == 10 && duration.size.customMetrics == 80)
    let tokens = try #require(forecast.metrics.first { $0.name == "llm.tokens" })
    #expect(tokens.size.series == 16)
    let type = try #require(tokens.tags.first { $0.tag == "token_type" })
    #expect(type.values == 2 && type.seriesWithout == 8)
    // requests, attempts, cost.unknown: 8 each; tokens 16; duration 80.
    #expect(forecast.total.customMetrics == 120 && forecast.total.ungovernedCustomMetrics == 120)
    #expect(forecast.metrics.first?.name == "llm.request.duration")
    // Eight tenants, of which each has one model: without the tenant there are two of everything.
    let tenant = try #require(forecast.tags.first { $0.tag == "tenant" })
    #expect(tenant.values == 8 && tenant.folded == 0 && tenant.customMetricsWithout == 30 && tenant.factor == 4)
    #expect(forecast.tags.first { $0.tag == "model" }?.factor == 1)
  }

  @Test func governorFoldsAndTheForecastSaysHowMuch() throws {
    let forecast = MetricForecast(of: spans(80), settings: CardinalitySettings(valuesPerDimension: [.tenant: 2]))
    let requests = try #require(forecast.metrics.first { $0.name == "llm.requests" })
    // t0, t1, and other under both models.
    #expect(requests.size.series == 4 && requests.size.ungovernedSeries == 8)
    let tenant = try #require(forecast.tags.first { $0.tag == "tenant" })
    #expect(tenant.values == 8 && tenant.folded == 6)
    #expect(forecast.total.customMetrics < forecast.total.ungovernedCustomMetrics)
  }

  @Test func windowIsStatedAndNothingIsNothing() {
    let forecast = MetricForecast(of: spans(80).shuffled(), settings: CardinalitySettings())
    #expect(forecast.spans == 80 && forecast.from == Timestamp(unixSeconds: 1_000_000))
    #expect(forecast.until == Timestamp(unixSeconds: 1_000_079) + .milliseconds(1500))
    #expect(forecast.window.contains("80 spans from 1970-01-12T13:46:40Z"))
    let none = MetricForecast(of: [], settings: CardinalitySettings())
    #expect(none.total.ungovernedCustomMetrics == 0 && none.metrics.isEmpty && none.tags.isEmpty && none.from == nil)
    #expect(none.window == "No span was read.")
  }

  @Test func tablesHaveARowEachAndJSONItsDocumentedKeys() throws {
    let forecast = MetricForecast(of: spans(80), settings: CardinalitySettings())
    #expect(forecast.metricRows.allSatisfy { $0.count == MetricForecast.metricHeader.count })
    #expect(forecast.metricRows.count == forecast.metrics.count + 1 && forecast.metricRows.last?.first == "total")
    #expect(forecast.tagRows.allSatisfy { $0.count == MetricForecast.tagHeader.count })
    let data = try JSONEncoder().encode(forecast)
    let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(Set(object.keys) == ["spans", "from", "until", "budgets", "total", "metrics", "tags"])
    let total = try #require(object["total"] as? [String: Int])
    #expect(total["custom_metrics"] == 120 && total["ungoverned_series"] == 48)
    let page = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/cardinality.md").standardized,
      encoding: .utf8)
    let keys =
      try #require((object["metrics"] as? [[String: Any]])?.first).keys.map { $0 }
      + (try #require((object["tags"] as? [[String: Any]])?.first).keys.map { $0 }) + total.keys.map { $0 }
    for key in Set(keys).union(object.keys) { #expect(page.contains("`\(key)`"), "docs/cardinality.md says nothing of \(key)") }
  }
}
