// A monitor's chart shows what is compared with its threshold, and a threshold only beside that.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct MonitorLineTests {
  private static let range = Timestamp.second(3_600)..<Timestamp.second(7_200)
  private static let step = Duration.seconds(60)

  private func line(
    _ definition: MonitorDefinition, _ table: SeriesTable, objectives: [String: SLODefinition] = [:]
  ) throws -> MonitorLine {
    try definition.line(
      over: Self.range, step: Self.step, group: TagSet([TagSet.Tag]()), scope: [:], objectives: objectives, read: table.read)
  }

  @Test func ofSilenceItShowsMinutesWithoutData() throws {
    var table = SeriesTable()
    for second in stride(from: Int64(0), to: 5_400, by: 10) { table.count(MetricCatalogue.heartbeat, at: .second(second), 1) }
    let monitor = MonitorDefinition(
      name: "heartbeat", title: "silent", severity: .sev2,
      query: MonitorQuery(.value(.init(.sum, MetricCatalogue.heartbeat))), kind: .absence,
      window: .seconds(900), threshold: Threshold(.above, critical: 5, recovery: 1))
    let line = try line(monitor, table)
    #expect(line.unit == "minutes" && line.threshold == 5)
    #expect(line.points.count == 60)
    // Beats until 5400 s: nothing is missing at its end, and half an hour later as much as the window sees.
    #expect(line.points[29].value == 0)
    #expect(line.points[34].value == 5)
    #expect(line.points[59].value == 15)
  }

  @Test func ofABurnRateItShowsHowFastTheErrorBudgetBurns() throws {
    var table = SeriesTable()
    for second in stride(from: Int64(0), to: 7_200, by: 10) {
      table.count(MetricCatalogue.requests, at: .second(second), 100)
      table.count(MetricCatalogue.errors, at: .second(second), second < 5_400 ? 0 : 20)
    }
    let objective = SLODefinition(
      name: "o", title: "O", meaning: "",
      indicator: .bad(.init(MetricCatalogue.errors), of: .init(MetricCatalogue.requests)), target: 99)
    let monitor = try KindTests.monitor(
      .burnRate(BurnRateSettings(objective: "o", shortWindow: .seconds(300))), window: 3_600, Threshold(.above, critical: 6))
    let line = try line(monitor, table, objectives: ["o": objective])
    #expect(line.unit == "times as fast" && line.threshold == 6 && line.query == "burn rate of o")
    // One function for alert and chart.
    let context = EvaluationContext(objectives: ["o": objective], read: table.read)
    for point in [line.points[10], line.points[35], line.points[59]] {
      #expect(try monitor.evaluate(at: point.start + Self.step, context: context).first?.value == point.value)
    }
    #expect(line.points[29].value == 0 && line.points[59].value > 6)
  }

  @Test func aThresholdOfAnotherKindIsNotDrawn() throws {
    var table = SeriesTable()
    for second in stride(from: Int64(3_600), to: 7_200, by: 10) { table.count(MetricCatalogue.requests, at: .second(second), 60) }
    var monitor = MonitorDefinition(
      name: "odd", title: "odd", severity: .sev3, query: MonitorQuery(.perMinute(.init(.sum, MetricCatalogue.requests))),
      kind: .anomaly(AnomalySettings()), window: .seconds(300), threshold: Threshold(.above, critical: 3, recovery: 1))
    #expect(try line(monitor, table).threshold == nil)
    #expect(try line(monitor, table).points.first?.value == 360)
    monitor.kind = .threshold
    #expect(try line(monitor, table).threshold == 3)
  }
}
