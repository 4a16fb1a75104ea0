// Our series reach a receiver that is not ours, VictoriaMetrics, and say there what they said here.

import Datadog
import Delivery
import Foundation
import LLMMetrics
import LLMTelemetry
import Testing

/// Debian's VictoriaMetrics on a free port with a folder of its own, within limits of memory and time.
private final class VictoriaMetrics {
  let url: String
  private let process = Process()
  /// Closing it ends the server.
  private let lifeline = Pipe()
  private let folder: URL

  init() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    folder = FileManager.default.temporaryDirectory.appending(path: "victoria-\(UUID().uuidString.prefix(8))")
    let port = try LoopbackHTTP.freePort()
    url = "http://127.0.0.1:\(port)"
    process.executableURL = root.appending(path: "scripts/conformance/run_victoria_metrics")
    process.arguments = [String(port), folder.path]
    process.standardInput = lifeline
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while (try? LoopbackHTTP.get(url + "/health").status) != 200 {
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

  /// The value of each series a query finds, by one of its labels.
  func query(_ text: String, at time: Timestamp, by label: String) throws -> [String: Double] {
    _ = try LoopbackHTTP.get(url + "/internal/force_flush")
    var parts = URLComponents(string: url + "/api/v1/query")
    parts?.queryItems = [URLQueryItem(name: "query", value: text), URLQueryItem(name: "time", value: "\(time.unixSeconds)")]
    let response = try LoopbackHTTP.get(try #require(parts?.url?.absoluteString))
    #expect(response.status == 200)
    let document = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
    let result = try #require((document?["data"] as? [String: Any])?["result"] as? [[String: Any]])
    return result.reduce(into: [:]) { values, entry in
      guard let metric = entry["metric"] as? [String: String], let value = (entry["value"] as? [Any])?.last as? String else {
        return
      }
      values[metric[label] ?? ""] = Double(value)
    }
  }
}

@Suite struct VictoriaMetricsTests {
  @Test func sumsAndStatesAreWhatWasCounted() async throws {
    let server = try await VictoriaMetrics()
    // Whole intervals of the last minutes: no receiver takes points of 2023.
    let start = Timestamp.now().floored(to: .seconds(10)) - .seconds(300)
    let send: DeliverySend = { try LoopbackHTTP.send($0) }
    let tenants = ["acme", "größe", "Tab\tand \"quotes\""]
    let stored = ["acme", "größe", "tab_and_quotes"]
    var expected: [String: Int64] = [:]
    var cost: Int64 = 0
    // Two programs of one host, one after the other within one interval.
    for (begin, end) in [(0, 104), (105, 240)] {
      let metrics = AgentlessMetrics(
        intake: .compatible(url: server.url + "/datadog"), host: "host-1", constantTags: TagSet(["env": "prod"]),
        at: start + .seconds(begin), send: send)
      for second in begin..<end {
        let now = start + .seconds(second)
        for (index, tenant) in tenants.enumerated() {
          let count = Int64(1 + (second + index) % 5)
          expected[stored[index], default: 0] += count
          metrics.add(
            [MetricMeasurement(MetricCatalogue.requests, tags: TagSet(["tenant": tenant]), value: .count(count))], at: now)
        }
        cost += 75
        metrics.add(
          [
            MetricMeasurement(MetricCatalogue.cost, tags: TagSet(["cost_exactness": "exact"]), value: .count(75)),
            MetricMeasurement(MetricCatalogue.budgetUsed, tags: TagSet([:]), value: .gauge(Double(second))),
          ], at: now)
        metrics.flush(at: now)
      }
      metrics.finish(at: start + .seconds(end))
      for lane in metrics.lanes {
        await lane.drain()
        #expect(lane.status.dropped.isEmpty && lane.status.lastProblem == nil)
      }
      #expect(metrics.takeDrops().isEmpty)
    }
    let end = start + .seconds(250)
    let sums = try server.query(
      "sum(sum_over_time({__name__=\"llm.requests\",env=\"prod\",host=\"host-1\"}[10m])) by (tenant)", at: end, by: "tenant")
    #expect(sums == expected.mapValues { Double($0) })
    let dollars = try server.query(
      "sum(sum_over_time({__name__=\"llm.cost\"}[10m])) by (cost_exactness)", at: end, by: "cost_exactness")
    #expect(abs((dollars["exact"] ?? 0) - Double(cost) / 1e9) < 1e-12)
    let states = try server.query("last_over_time({__name__=\"\(MetricCatalogue.budgetUsed.name)\"}[10m])", at: end, by: "env")
    #expect(states == ["prod": 239])
  }
}
