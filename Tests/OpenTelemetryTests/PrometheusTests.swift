// The numbers and the text that Prometheus scrapes.

import LLMMetrics
import LLMTelemetry
import Testing

@testable import OpenTelemetry

struct PrometheusTests {
  private static let start = Timestamp(unixSeconds: 1_795_464_000)

  private func call(_ seconds: Double, tenant: String = "acme", id: UInt64 = 1) throws -> LLMSpan {
    let end = Self.start + .seconds(1)
    let duration = Duration.nanoseconds(Int64(seconds * 1e9))
    var span = LLMSpan(
      traceID: try #require(TraceID(high: 7, low: id)), spanID: try #require(SpanID(bits: id)), kind: .llm, name: "chat m",
      start: end - duration, duration: duration)
    span.dimensions.tenant = tenant
    span.usage = TokenUsage(input: 100, output: 20)
    span.cost = .exact(Nanodollars(1_500_000), priceVersion: "1")
    return span
  }

  private func registry(_ spans: [LLMSpan], settings: PrometheusRegistry.Settings = .init()) -> PrometheusRegistry {
    let registry = PrometheusRegistry(settings: settings)
    var meter = SpanMeter()
    var batch = MeasurementBatch()
    meter.measure(spans, into: &batch)
    registry.add(batch, spans: spans, now: Self.start)
    return registry
  }

  private func lines(
    _ registry: PrometheusRegistry, _ accept: String? = "application/openmetrics-text", at time: Timestamp = start
  ) -> [String] {
    String(decoding: registry.exposition(accept: accept, now: time).body, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func countersAndHistogramsAreCumulative() throws {
    let lines = lines(registry([try call(0.03, id: 1), try call(0.3, id: 2), try call(500, id: 3)]))
    let labels = #"span_kind="llm",tenant="acme""#
    func exemplar(_ id: String) -> String {
      #" # {trace_id="0000000000000007000000000000000\#(id)",span_id="000000000000000\#(id)"}"#
    }
    #expect(lines.contains("# TYPE llm_requests counter"))
    #expect(lines.contains("llm_requests_total{\(labels)} 3\(exemplar("3")) 1 1795464001.000"))
    #expect(lines.contains("# UNIT llm_cost_dollars dollars"))
    #expect(
      lines.contains(#"llm_cost_dollars_total{cost_exactness="exact",\#(labels)} 0.0045\#(exemplar("3")) 0.0015 1795464001.000"#))
    #expect(lines.contains("# TYPE llm_request_duration_seconds histogram"))
    #expect(lines.contains("llm_request_duration_seconds_bucket{\(labels),le=\"0.02\"} 0"))
    #expect(lines.contains("llm_request_duration_seconds_bucket{\(labels),le=\"0.04\"} 1\(exemplar("1")) 0.03 1795464001.000"))
    #expect(lines.contains("llm_request_duration_seconds_bucket{\(labels),le=\"0.32\"} 2\(exemplar("2")) 0.3 1795464001.000"))
    #expect(lines.contains("llm_request_duration_seconds_bucket{\(labels),le=\"163.84\"} 2"))
    #expect(lines.contains("llm_request_duration_seconds_bucket{\(labels),le=\"+Inf\"} 3\(exemplar("3")) 500.0 1795464001.000"))
    #expect(lines.contains("llm_request_duration_seconds_count{\(labels)} 3"))
    #expect(lines.contains("llm_request_duration_seconds_sum{\(labels)} 500.33"))
    #expect(lines.last == "# EOF")
  }

  @Test func theClassicFormatHasNoExemplarsAndOtherNames() throws {
    let lines = lines(registry([try call(0.03)]), nil)
    #expect(lines.contains("# TYPE llm_requests_total counter"))
    #expect(!lines.contains { $0.hasPrefix("# UNIT") || $0.hasPrefix("# EOF") || $0.contains("trace_id") })
  }

  @Test(
    arguments: [
      (nil, false), ("*/*", false), ("text/plain;version=0.0.4", false), ("application/openmetrics-text", true),
      (
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        true
      ), ("text/plain, application/openmetrics-text; q=0.5", false), ("application/openmetrics-text;q=0", false),
    ] as [(String?, Bool)])
  func theScraperChoosesTheFormat(accept: String?, isOpenMetrics: Bool) {
    let exposition = PrometheusRegistry().exposition(accept: accept, now: Self.start)
    #expect(
      exposition.contentType.hasPrefix(
        isOpenMetrics ? "application/openmetrics-text; version=1.0.0" : "text/plain; version=0.0.4"))
  }

  @Test func labelsAreEscaped() throws {
    let lines = lines(registry([try call(1, tenant: "a\"b\\c\nd é")]))
    #expect(lines.contains { $0.hasPrefix(#"llm_requests_total{span_kind="llm",tenant="a\"b\\c\nd é"} 1"#) })
    #expect(PrometheusText.labels(TagSet(["le": "1", "a-b": "2"])) == Array(#"a_b="2",tag_le="1""#.utf8))
    #expect(PrometheusFamily.identifier("9x.y-z") == "_9x_y_z")
  }

  @Test func spansThatAreNotMeasuredShiftNoExemplar() throws {
    var task = try call(9, id: 4)
    task.kind = .task
    var copy = try call(9, id: 5)
    copy.accountsForExchange = false
    var unsampled = try call(0.03, id: 6)
    unsampled.isSampled = false
    let lines = lines(registry([task, copy, try call(0.3, id: 7), unsampled]))
    #expect(
      lines.contains {
        $0.hasPrefix("llm_requests_total{") && $0.contains("} 2 # ") && $0.contains("span_id=\"0000000000000007\"")
      })
    #expect(lines.contains { $0.contains("le=\"0.04\"} 1") && !$0.contains("span_id") })
  }

  @Test func generationsAddUpToOneSeries() throws {
    let registry = PrometheusRegistry()
    for _ in 0..<3 {
      // Each meter numbers anew.
      var meter = SpanMeter()
      var batch = MeasurementBatch()
      let spans = [try call(1, tenant: "b"), try call(1, tenant: "a")]
      meter.measure(spans, into: &batch)
      registry.add(batch, spans: spans, now: Self.start)
      meter.measure(spans, into: &batch)
    }
    #expect(lines(registry).filter { $0.hasPrefix("llm_requests_total{") && $0.contains("} 3 #") }.count == 2)
  }

  @Test func seriesAreBoundedAndWhatIsDroppedIsCounted() throws {
    var settings = PrometheusRegistry.Settings()
    settings.series = 10
    let registry = registry(try (0..<100).map { try call(1, tenant: "t\($0)") }, settings: settings)
    #expect(registry.seriesCount == 10)
    #expect(registry.takeDropped() > 0)
    #expect(registry.takeDropped() == 0)
  }

  @Test func seriesWithoutNewValuesGo() throws {
    let old = try call(1, tenant: "old")
    let registry = registry([old, try call(0.03, tenant: "kept")])
    var meter = SpanMeter()
    var batch = MeasurementBatch()
    var later = try call(0.03, tenant: "kept", id: 8)
    later.start = later.start + .seconds(3000)
    meter.measure([later], into: &batch)
    registry.add(batch, spans: [later], now: Self.start + .seconds(3001))
    let now = Self.start + .seconds(4000)
    let lines = lines(registry, at: now)
    #expect(!lines.contains { $0.contains("tenant=\"old\"") })
    #expect(lines.contains { $0.hasPrefix("llm_requests_total{") && $0.contains("tenant=\"kept\"} 2") })
    #expect(lines.contains { $0.contains("tenant=\"kept\",le=\"0.04\"} 2 #") })
    // What comes back begins at zero.
    var again = SpanMeter()
    var next = MeasurementBatch()
    var back = old
    back.start = now
    again.measure([back], into: &next)
    registry.add(next, spans: [back], now: now + .seconds(1))
    #expect(self.lines(registry, at: now).contains { $0.hasPrefix("llm_requests_total{") && $0.contains("tenant=\"old\"} 1 #") })
  }

  @Test func valuesWithoutASpanCount() throws {
    let registry = PrometheusRegistry()
    var batch = MeasurementBatch()
    batch.others = [MetricMeasurement(MetricCatalogue.spansDropped, tags: TagSet(["reason": "queue_full"]), value: .count(4))]
    registry.add(batch, spans: [], now: Self.start)
    registry.add(batch, spans: [], now: Self.start)
    #expect(lines(registry).contains("llm_commander_spans_dropped_total{reason=\"queue_full\"} 8"))
  }

  @Test func everyBucketTakesItsUpperBound() {
    for bounds in [HistogramBounds.seconds, HistogramBounds.scores, HistogramBounds.counts] {
      #expect(bounds == bounds.sorted())
      for (place, bound) in bounds.enumerated() {
        #expect(PrometheusCells.bucket(of: bound, bounds) == place)
        #expect(PrometheusCells.bucket(of: bound.nextUp, bounds) == place + 1)
      }
      #expect(PrometheusCells.bucket(of: 0, bounds) == 0)
    }
  }
}
