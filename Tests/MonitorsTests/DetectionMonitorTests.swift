// A monitor that listens to detection: an alert for each slice that is blamed, and its end when nothing is followed there any more.

import LLMMetrics
import LLMTelemetry
import Testing

@testable import Monitors

@Suite struct DetectionMonitorTests {
  private static let monitor = MonitorDefinition(
    name: "detected-quality", title: "Answers became worse", severity: .sev3,
    query: MonitorQuery(.value(.init(.sum, MetricCatalogue.requests))), kind: .detection(.init(signals: ["refusal"])),
    window: .seconds(300), threshold: Threshold(.above, critical: 0.5))
  private static let at = Timestamp(unixSeconds: 1_790_000_000)

  private static func finding(_ signals: [String], _ group: [String: String]) -> DetectionFinding {
    DetectionFinding(
      signals: signals, group: group, opened: at, onset: at, severity: .sev2, dimensions: group, confidence: 0.9,
      evidence: ["refusal: 34 of 60 requests, 1.2 expected"])
  }

  private static func evaluate(_ findings: [DetectionFinding], known: Set<TagSet> = []) throws -> [Evaluation] {
    try monitor.evaluate(at: at, known: known, context: EvaluationContext(findings: findings) { _ in [] })
  }

  @Test func eachBlamedSliceIsAGroup() throws {
    let evaluations = try Self.evaluate([
      Self.finding(["latency", "refusal"], ["model": "large"]), Self.finding(["refusal"], ["tenant": "acme"]),
      Self.finding(["latency"], ["model": "small"]),
    ])
    #expect(evaluations.map(\.key.description) == [#"detected-quality{model="large"}"#, #"detected-quality{tenant="acme"}"#])
    #expect(evaluations.allSatisfy { $0.verdict == .breached && $0.reason == "refusal: 34 of 60 requests, 1.2 expected" })
  }

  @Test func aKnownGroupWithoutAFindingHasRecovered() throws {
    let evaluations = try Self.evaluate([], known: [TagSet(["model": "large"])])
    #expect(evaluations.map(\.verdict) == [.recovered])
  }

  @Test func theFindingOfAnAlertIsFound() {
    let finding = Self.finding(["refusal"], ["model": "large"])
    #expect(Self.monitor.finding(for: TagSet(["model": "large"]), in: [finding]) == finding)
    #expect(Self.monitor.finding(for: TagSet(["model": "small"]), in: [finding]) == nil)
  }
}
