// Monitors that can never fire, always fire, or fire on one request are found before they ship.

import LLMMetrics
import Monitors
import Testing

@Suite struct LintTests {
  static func monitor(_ change: (inout MonitorDefinition) -> Void = { _ in }) throws -> MonitorDefinition {
    var definition = MonitorDefinition(
      name: "errors", title: "Error rate", severity: .sev2, query: try MonitorQuery(parsing: "sum(llm.errors) / sum(llm.requests)"),
      window: .seconds(60), holdFor: .seconds(20), threshold: Threshold(.above, critical: 0.1, recovery: 0.05), trafficGate: 20)
    change(&definition)
    return definition
  }

  @Test func soundMonitorHasNoFinding() throws {
    #expect(try Self.monitor().lint().isEmpty)
  }

  typealias Change = @Sendable (inout MonitorDefinition) -> Void

  static let faults: [(field: String, change: Change)] = [
    ("window", { $0.window = .seconds(45) }),
    ("for", { $0.holdFor = .seconds(5) }),
    ("recovery", { $0.threshold = Threshold(.above, critical: 0.1, recovery: 0.2) }),
    ("recovery", { $0.threshold = Threshold(.below, critical: 0.1, recovery: 0.05) }),
    ("critical", { $0.threshold = Threshold(.above, critical: 5, recovery: 1) }),
    ("critical", { $0.threshold = Threshold(.below, critical: 0) }),
    ("traffic_gate", { $0.trafficGate = 0 }),
    ("traffic_gate", { $0.trafficGate = -1 }),
    ("group_by", { $0.groupBy = ["user"] }),
    ("group_by", { $0.groupBy = ["route", "route"] }),
    ("group_by", { $0.groupBy = ["error_class"] }),
  ]

  @Test(arguments: faults.indices)
  func namesTheField(of fault: Int) throws {
    let (field, change) = Self.faults[fault]
    #expect(try Self.monitor(change).lint().map(\.field) == [field])
  }

  @Test func ratioOfTwoWholesMayExceedOne() throws {
    let definition = try Self.monitor {
      $0.query = MonitorQuery(.ratio(.init(.sum, MetricCatalogue.tokens), .init(.sum, MetricCatalogue.requests)))
      $0.threshold = Threshold(.above, critical: 4_000, recovery: 3_000)
    }
    #expect(definition.lint().isEmpty)
  }
}
