// A gauge for tests that care how a gauge is written and not which one it is.

@testable import LLMMetrics

extension MetricCatalogue {
  static let testState =
    all.first { $0.type == .gauge }
    ?? MetricDefinition(name: "llm.test.state", type: .gauge, unit: .request, extraTags: [], meaning: "A state.")
}
