// What we expose, read by the strict parser of prometheus_client, by promtool and by a real Prometheus.
import Foundation
import LLMMetrics
import LLMTelemetry
import OpenTelemetry
import Testing

@Suite struct PrometheusConformanceTests {
  struct Sample: Decodable {
    struct Exemplar: Decodable {
      var labels: [String: String]
      var value: Double
      var timestamp: Double
    }
    var family: String
    var type: String
    var unit: String
    var name: String
    var labels: [String: String]
    var value: Double
    var exemplar: Exemplar?
  }

  struct Report: Decodable {
    /// The labels and the value of one series.
    struct Entry: Decodable {
      var labels: [String: String]
      var value: String
      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        labels = try container.decode([String: String].self)
        value = try container.decode(String.self)
      }
    }
    var promtool: String
    var health: String
    var error: String
    var values: [String: [Entry]]
    var exemplars: [String: [[String: String]]]
  }

  private static let tenant = "a\"c\\m\ne é"

  /// A registry that has seen a thousand exchanges of several tenants until now.
  private static func registry(now: Timestamp) throws -> PrometheusRegistry {
    let registry = PrometheusRegistry()
    var meter = SpanMeter()
    var batch = MeasurementBatch()
    let spans = try (1...1000).map { number in
      var span = LLMSpan(
        traceID: try #require(TraceID(high: 1, low: UInt64(number))), spanID: try #require(SpanID(bits: UInt64(number))),
        kind: .llm,
        name: "chat m", start: now - .seconds(30) - .milliseconds(number), duration: .milliseconds(number))
      span.dimensions.tenant = number % 2 == 0 ? tenant : "b"
      span.usage = TokenUsage(input: number, output: 3)
      span.cost = .exact(Nanodollars(1), priceVersion: "1")
      span.risk.ungrounded = Double(number) / 1000
      return span
    }
    meter.measure(spans, into: &batch)
    registry.add(batch, spans: spans, now: now)
    return registry
  }

  private static func withFiles(_ body: (URL) async throws -> Void) async throws {
    let now = Timestamp.now()
    let registry = try registry(now: now)
    let file = FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID().uuidString)")
    let classic = URL(filePath: file.path + ".classic")
    defer { for file in [file, classic] { try? FileManager.default.removeItem(at: file) } }
    try Data(registry.exposition(accept: "application/openmetrics-text", now: now).body).write(to: file)
    try Data(registry.exposition(accept: nil, now: now).body).write(to: classic)
    try await body(file)
  }

  @Test func strictParsersReadBothFormats() async throws {
    try await Self.withFiles { file in
      let verifier = PythonVerifier(environment: .openTelemetry)
      let open = try await verifier.run("prometheus_parse.py", [file.path, "openmetrics"], decoding: Sample.self)
      let classic = try await verifier.run("prometheus_parse.py", [file.path + ".classic", "classic"], decoding: Sample.self)
      for samples in [open, classic] {
        #expect(samples.filter { $0.name == "llm_requests_total" }.map(\.value) == [500, 500])
        #expect(Set(samples.compactMap { $0.labels["tenant"] }) == [Self.tenant, "b"])
      }
      #expect(open.map(\.name) == classic.map(\.name))
      let buckets = open.filter { $0.name == "llm_request_duration_seconds_bucket" }
      #expect(buckets.allSatisfy { $0.unit == "seconds" && $0.type == "histogram" })
      #expect(buckets.contains { $0.exemplar?.labels["trace_id"]?.count == 32 })
      let cost = open.filter { $0.name == "llm_cost_dollars_total" }
      #expect(cost.map(\.value) == [5e-7, 5e-7])
      #expect(cost.allSatisfy { $0.exemplar?.value == 1e-9 })
    }
  }

  @Test func prometheusScrapesNumbersAndExemplars() async throws {
    try await Self.withFiles { file in
      let programs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../.build/prometheus").standardized
      let queries = ["llm_requests_total", "histogram_quantile(0.5, sum by (le) (llm_request_duration_seconds_bucket))"]
      let reports = try await PythonVerifier(environment: .openTelemetry)
        .run("prometheus_scrape.py", [programs.path, file.path] + queries, decoding: Report.self)
      let report = try #require(reports.first)
      #expect(report.promtool == "")
      #expect(report.health == "up")
      #expect(report.error == "")
      #expect(report.values[queries[0]]?.map(\.value) == ["500", "500"])
      #expect(Set(report.values[queries[0]]?.compactMap { $0.labels["tenant"] } ?? []) == [Self.tenant, "b"])
      let median = try #require(report.values[queries[1]]?.first.flatMap { Double($0.value) })
      #expect((0.32...0.64).contains(median))
      let traces = report.exemplars[queries[0]]?.compactMap { $0["trace_id"] } ?? []
      #expect(Set(traces) == ["000000000000000100000000000003e8", "000000000000000100000000000003e7"])
    }
  }
}
