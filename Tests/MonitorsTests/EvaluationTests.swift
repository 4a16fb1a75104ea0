// One evaluation over closed rollups: gaps, absent errors, gates and groups.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct EvaluationTests {
  let table: SeriesTable = {
    var table = SeriesTable()
    for second in stride(from: Int64(0), to: 60, by: 10) {
      table.count(MetricCatalogue.requests, ["route": "chat", "tenant": "a"], at: .second(second), 10)
      table.count(MetricCatalogue.requests, ["route": "search"], at: .second(second), 1)
      table.count(MetricCatalogue.cost, ["route": "chat"], at: .second(second), 2_000_000_000)
    }
    table.count(MetricCatalogue.errors, ["route": "chat", "error_class": "timeout"], at: .second(50), 12)
    // At the window's end: not part of it.
    table.count(MetricCatalogue.errors, ["route": "chat", "error_class": "timeout"], at: .second(60), 40)
    return table
  }()

  func evaluate(_ change: (inout MonitorDefinition) -> Void = { _ in }, at second: Int64 = 60) throws -> [Evaluation] {
    try LintTests.monitor(change).evaluate(at: .second(second), read: table.read)
  }

  @Test func countsEachRollupOnceAndOnlyClosedOnes() throws {
    let evaluation = try #require(try evaluate().first)
    #expect(evaluation.value == 12.0 / 66)
    #expect(evaluation.requests == 66)
    #expect(evaluation.verdict == .breached)
    #expect(evaluation.reason == "error rate was 18.2 % over 1 min, above 10 %")
  }

  @Test func requestsWithoutErrorsAreZeroAndNoRequestsAreNoData() throws {
    let groups = try evaluate { $0.groupBy = ["route"] }
    #expect(groups.map(\.key.group) == [TagSet(["route": "chat"]), TagSet(["route": "search"])])
    #expect(groups.map(\.verdict) == [.breached, .quiet])
    #expect(groups[1].value == 0)
    let later = try evaluate(at: 3_600)
    #expect(later.map(\.verdict) == [.noData])
    #expect(later[0].value == nil)
  }

  @Test func groupThatFellSilentIsAskedForByName() throws {
    let definition = try LintTests.monitor { $0.groupBy = ["route"] }
    let silent = try definition.evaluate(at: .second(3_600), known: [TagSet(["route": "chat"])], read: table.read)
    #expect(silent.map(\.verdict) == [.noData])
  }

  @Test func moneyPerMinuteIsInDollars() throws {
    let evaluations = try evaluate {
      $0.query = MonitorQuery(.perMinute(.init(.sum, MetricCatalogue.cost)))
      $0.window = .seconds(30)
      $0.threshold = Threshold(.above, critical: 20)
    }
    #expect(evaluations.first?.value == 12)
  }

  @Test func quantilesMergeAcrossSeries() throws {
    var table = SeriesTable()
    for value in 1...100 {
      var sketch = QuantileSketch()
      sketch.add(Double(value) / 10)
      table.add(MetricCatalogue.duration, ["tenant": "t\(value % 7)"], at: .second(Int64(value / 17) * 10), .sketch(sketch))
    }
    let definition = try LintTests.monitor {
      $0.query = MonitorQuery(.value(.init(.p95, MetricCatalogue.duration)))
      $0.trafficGate = 0
      $0.threshold = Threshold(.above, critical: 9)
    }
    let value = try #require(try definition.evaluate(at: .second(60), read: table.read).first?.value)
    #expect(abs(value - 9.5) < 0.15)
  }
}
