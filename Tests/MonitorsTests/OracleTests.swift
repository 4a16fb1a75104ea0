// What monitors compute, point by point against VictoriaMetrics with the equivalent expression.

import Foundation
import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Debian's VictoriaMetrics on a free port with a folder of its own, within limits of memory and time.
private final class Oracle {
  private let url: String
  private let process = Process()
  /// Closing it ends the server.
  private let lifeline = Pipe()
  private let folder: URL

  init() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    folder = FileManager.default.temporaryDirectory.appending(path: "oracle-\(UUID().uuidString.prefix(8))")
    let port = try Self.freePort()
    url = "http://127.0.0.1:\(port)"
    process.executableURL = root.appending(path: "scripts/conformance/run_victoria_metrics")
    process.arguments = [String(port), folder.path]
    process.standardInput = lifeline
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while (try? await get("/health")) == nil {
      try #require(
        process.isRunning, "VictoriaMetrics did not start: run scripts/bootstrap test, which installs victoria-metrics")
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  deinit {
    try? lifeline.fileHandleForWriting.close()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  private static func freePort() throws -> UInt16 {
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(isBound)
    return UInt16(bigEndian: address.sin_port)
  }

  private func get(_ path: String, _ parameters: [String: String] = [:], body: String? = nil) async throws -> Data {
    var parts = try #require(URLComponents(string: url + path))
    if !parameters.isEmpty {
      parts.queryItems = parameters.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
      parts.percentEncodedQuery = parts.percentEncodedQuery?.replacing("+", with: "%2B")
    }
    var request = URLRequest(url: try #require(parts.url))
    request.timeoutInterval = 20
    if let body {
      request.httpMethod = "POST"
      request.httpBody = Data(body.utf8)
    }
    let (data, response) = try await URLSession.shared.data(for: request)
    let status = (response as? HTTPURLResponse)?.statusCode ?? 0
    try #require((200..<300).contains(status), "\(path): \(String(decoding: data.prefix(300), as: UTF8.self))")
    return data
  }

  func add(_ lines: [String]) async throws {
    _ = try await get("/api/v1/import/prometheus", body: lines.joined(separator: "\n") + "\n")
    _ = try await get("/internal/force_flush")
  }

  private struct Answer: Decodable {
    struct Payload: Decodable { let result: [Series] }
    struct Series: Decodable {
      let metric: [String: String]
      let values: [Point]
    }
    struct Point: Decodable {
      let second: Int64
      let value: Double
      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        second = Int64(try container.decode(Double.self))
        value = Double(try container.decode(String.self)) ?? .nan
      }
    }
    let data: Payload
  }

  /// The value at each step, by the label `route`; the empty name where there is none.
  func values(_ expression: String, from: Int64, through: Int64, step: Int64) async throws -> [Int64: [String: Double]] {
    let data = try await get(
      "/api/v1/query_range",
      ["query": expression, "start": "\(from)", "end": "\(through)", "step": "\(step)", "nocache": "1"])
    var values: [Int64: [String: Double]] = [:]
    for series in try JSONDecoder().decode(Answer.self, from: data).data.result {
      for point in series.values where point.value.isFinite {
        values[point.second, default: [:]][series.metric["route"] ?? ""] = point.value
      }
    }
    return values
  }
}

@Suite struct OracleTests {
  /// Four hours of two routes with gaps, failures of three classes, money and latencies.
  private struct Traffic {
    var table = SeriesTable()
    var lines: [String] = []
    let start: Int64

    init(seed: UInt64, start: Int64) {
      self.start = start
      var random = SplitMix(state: seed)
      var totals: [String: Int64] = [:]
      for slot in Int64(0)..<1_440 {
        // Each interval is known at its end there, and its window is closed on the right.
        let (at, millisecond) = (Timestamp(unixSeconds: start + slot * 10), (start + slot * 10 + 10) * 1_000)
        for route in ["chat", "search"] {
          // Nothing for a quarter of an hour, and now and then.
          if route == "search", (600..<690).contains(slot) { continue }
          if random.next() % 5 == 0 { continue }
          for (kind, count) in [
            ("", Int64(random.next() % 40) + 1), ("timeout", Int64(random.next() % 4)), ("cancelled", Int64(random.next() % 3)),
          ] where count > 0 {
            let tags = kind.isEmpty ? ["route": route] : ["route": route, "error_class": kind]
            table.count(MetricCatalogue.requests, tags, at: at, count)
            if !kind.isEmpty { table.count(MetricCatalogue.errors, tags, at: at, count) }
            let label = kind.isEmpty ? "{route=\"\(route)\"}" : "{route=\"\(route)\",error_class=\"\(kind)\"}"
            lines.append("requests\(label) \(count) \(millisecond)")
            if !kind.isEmpty { lines.append("errors\(label) \(count) \(millisecond)") }
            totals[label, default: 0] += count
            lines.append("requests_total\(label) \(totals[label] ?? 0) \(millisecond)")
          }
          let cost = Int64(random.next() % 900_000_000)
          table.count(MetricCatalogue.cost, ["route": route], at: at, cost)
          lines.append("cost{route=\"\(route)\"} \(Double(cost) / 1e9) \(millisecond)")
          var sketch = QuantileSketch()
          for sample in 0..<Int64(random.next() % 12) {
            let unit = Double(random.next() >> 11) / 9_007_199_254_740_992
            let value = 0.2 + 8 * unit * unit * unit
            sketch.add(value)
            lines.append("latency{route=\"\(route)\"} \(value) \(millisecond - sample)")
          }
          if sketch.count > 0 { table.add(MetricCatalogue.duration, ["route": route], at: at, .sketch(sketch)) }
        }
      }
    }
  }

  private struct Comparison {
    var name: String
    var definition: MonitorDefinition
    var expression: String
    /// Relative.
    var tolerance = 1e-9
  }

  private static func comparisons() throws -> [Comparison] {
    func monitor(
      _ kind: MonitorKind, _ query: String, _ window: Int64 = 600, by groupBy: [String] = ["route"]
    ) throws -> MonitorDefinition {
      try KindTests.monitor(kind, query, window: window, by: groupBy)
    }
    let errorShare = """
      (sum(sum_over_time(errors[10m])) by (route) or sum(sum_over_time(requests[10m])) by (route) * 0) \
      / sum(sum_over_time(requests[10m])) by (route)
      """
    func burn(_ window: String) -> String {
      """
      (1 - sum(sum_over_time(requests{error_class=""}[\(window)])) / sum(sum_over_time(requests{error_class!="cancelled"}[\(window)]))) \
      / 0.01
      """
    }
    let requests = "sum(sum_over_time(requests[10m])) by (route)"
    let before = "sum(sum_over_time(requests[10m] offset 1h)) by (route)"
    return [
      Comparison(name: "sum", definition: try monitor(.threshold, "sum(llm.requests)"), expression: requests),
      Comparison(
        name: "increase of a counter", definition: try monitor(.threshold, "sum(llm.requests{route=\"chat\"})", by: []),
        expression: "sum(increase(requests_total{route=\"chat\"}[10m]))"),
      Comparison(
        name: "rate", definition: try monitor(.threshold, "sum(llm.cost) per minute"),
        expression: "sum(sum_over_time(cost[10m])) by (route) / 10"),
      Comparison(name: "share", definition: try monitor(.threshold, KindTests.errorRate), expression: errorShare),
      Comparison(
        name: "mean", definition: try monitor(.threshold, "avg(llm.request.duration)", 300),
        expression: "avg_over_time(latency[5m])"),
      Comparison(
        name: "maximum", definition: try monitor(.threshold, "max(llm.request.duration)", 300),
        expression: "max_over_time(latency[5m])"),
      // Sketches are within 1 %; the oracle goes between two samples, which adds their distance.
      Comparison(
        name: "median", definition: try monitor(.threshold, "p50(llm.request.duration)", 1_800),
        expression: "quantile_over_time(0.5, latency[30m])", tolerance: 0.03),
      Comparison(
        name: "p95", definition: try monitor(.threshold, "p95(llm.request.duration)", 1_800),
        expression: "quantile_over_time(0.95, latency[30m])", tolerance: 0.03),
      Comparison(
        name: "difference",
        definition: try monitor(.change(ChangeComparison(.difference, shift: .seconds(3_600))), "sum(llm.requests)"),
        expression: "\(requests) - \(before)"),
      Comparison(
        name: "per cent",
        definition: try monitor(.change(ChangeComparison(.percent, shift: .seconds(3_600))), "sum(llm.requests)"),
        expression: "(\(requests) - \(before)) / \(before) * 100"),
      Comparison(
        name: "burn rate",
        definition: try monitor(
          .burnRate(BurnRateSettings(objective: "o", shortWindow: .seconds(300))), KindTests.errorRate, 3_600, by: []),
        expression: "((\(burn("1h"))) <= (\(burn("5m")))) or (\(burn("5m")))"),
      Comparison(
        name: "silence", definition: try monitor(.absence, "sum(llm.requests)", 1_200),
        expression: "(time() - max(tlast_over_time(requests[20m])) by (route)) / 60"),
    ]
  }

  @Test func everyPointIsWhatTheOracleSays() async throws {
    let oracle = try await Oracle()
    // Of today, since nobody takes points of another year; on the grid of the step.
    let start = (Timestamp.now() - .seconds(5 * 3_600)).floored(to: .seconds(60)).unixSeconds
    let traffic = Traffic(seed: 21, start: start)
    try await oracle.add(traffic.lines)
    let (from, through, step) = (start + 3_600, start + 14_400, Int64(120))
    for comparison in try Self.comparisons() {
      let expected = try await oracle.values(comparison.expression, from: from, through: through, step: step)
      var points = 0
      for second in stride(from: from, through: through, by: Int(step)) {
        let context = EvaluationContext(objectives: ["o": KindTests.objective], read: traffic.table.read)
        let evaluations = try comparison.definition.evaluate(at: Timestamp(unixSeconds: second), context: context)
        let values = evaluations.reduce(into: [String: Double]()) { values, evaluation in
          if let value = evaluation.value { values[evaluation.key.group["route"] ?? ""] = value }
        }
        let oracle = expected[second] ?? [:]
        #expect(Set(values.keys) == Set(oracle.keys), "\(comparison.name) at \(second - start)")
        for (route, value) in oracle {
          let difference = abs((values[route] ?? .nan) - value)
          #expect(
            difference <= comparison.tolerance * max(1, value.magnitude),
            "\(comparison.name) of \(route) at \(second - start): \(values[route] ?? .nan), the oracle says \(value)")
          points += 1
        }
      }
      // Two routes at 91 times; one where there are no groups; a little less where a route was silent.
      #expect(points >= (comparison.definition.groupBy.isEmpty ? 91 : 165), "\(comparison.name): \(points)")
    }
  }
}
