// Where objectives stand, by hand: events, slices, months, monitors, and nothing at all.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct SLOStatusTests {
  static let day: Int64 = 86_400

  @Test func eventsAreCountedOverTheTimeframe() throws {
    // Outside the 30 days, then 9,950 good of 10,000 valid: half of the budget of 1 % is left.
    let table = KindTests.requests([
      (0, ["error_class": "timeout"], 1_000), (Self.day, [:], 9_950), (Self.day, ["error_class": "timeout"], 50),
      (2 * Self.day, ["error_class": "cancelled"], 700),
    ])
    let status = try KindTests.objective.status(at: .second(31 * Self.day), read: table.read)
    #expect(status.valid == 10_000 && status.good == 9_950 && status.indicator == 99.5)
    #expect(abs(status.budget - 100) < 1e-6 && abs(status.budgetLeft - 50) < 1e-6)
    #expect(abs((status.budgetShareLeft ?? 0) - 0.5) < 1e-9 && status.state == .met)
    #expect(status.burns.map(\.long) == [nil, nil])
  }

  @Test func whatIsExactlyPromisedIsKept() throws {
    for (bad, state) in [(Int64(10), SLOStatus.State.met), (11, .missed)] {
      let table = KindTests.requests([(0, [:], 1_000 - bad), (0, ["error_class": "auth"], bad)])
      let status = try KindTests.objective.status(at: .second(3_600), read: table.read)
      #expect(status.state == state)
      #expect(status.burns[0].long.map { ($0 * 10).rounded() } == Double(bad))
    }
  }

  @Test func nothingIsNoDataAndNeverAllGood() throws {
    let table = KindTests.requests([(0, ["error_class": "cancelled"], 10)])
    let status = try KindTests.objective.status(at: .second(60), read: table.read)
    #expect(status.state == .noData && status.indicator == nil && status.budgetShareLeft == nil && !status.burns[0].isBurning)
  }

  @Test func valuesUpToABoundAreGood() throws {
    var table = SeriesTable()
    var sketch = QuantileSketch()
    for value in [0.5, 1, 2, 5, 30] { sketch.add(value) }
    table.add(MetricCatalogue.duration, at: .second(0), .sketch(sketch))
    let objective = SLODefinition(
      name: "l", title: "L", meaning: "",
      indicator: .good(.init(MetricCatalogue.duration, atMost: 3), of: .init(MetricCatalogue.duration)), target: 50)
    let status = try objective.status(at: .second(60), read: table.read)
    #expect(status.valid == 5 && status.good == 3)
  }

  @Test func slicesWithoutDataAreNotCounted() throws {
    // Slices of 5 minutes from minute 0: .1, nothing, .5, .1; the fifth is not over.
    let table = KindTests.table([(0, "a", 10, 1), (10, "a", 10, 5), (16, "a", 10, 1), (20, "a", 10, 10)])
    let objective = SLODefinition(
      name: "s", title: "S", meaning: "",
      indicator: .timeSlice(
        try MonitorQuery(parsing: "sum(llm.errors) / sum(llm.requests)"), good: .below, bound: 0.2, seconds: 300), target: 90)
    let status = try objective.status(at: .second(22 * 60), read: table.read)
    #expect(status.valid == 3 && status.bad == 1)
  }

  @Test func aMonthBeginsWithItsFirstDay() throws {
    let first = Timestamp.second(0)  // 2026-11-01
    #expect(
      SLODefinition.Timeframe.calendarMonth.range(at: first + .seconds(5 * Self.day)) == first..<(first + .seconds(5 * Self.day)))
    let december = try #require(Timestamp(rfc3339: "2026-12-31T23:59:59Z"))
    #expect(SLODefinition.Timeframe.calendarMonth.range(at: december).lowerBound.rfc3339 == "2026-12-01T00:00:00Z")
    var objective = KindTests.objective
    objective.timeframe = .calendarMonth
    let table = KindTests.requests([(-3_600, ["error_class": "timeout"], 100), (0, [:], 10)])
    #expect(try objective.status(at: .second(3_600), read: table.read).valid == 10)
  }

  static func transition(_ monitor: String, _ group: String, _ from: AlertState, _ to: AlertState, _ second: Int64)
    -> AlertTransition
  {
    AlertTransition(
      key: AlertKey(monitor: monitor, group: TagSet(["route": group])), from: from, to: to, at: .second(second), value: nil,
      threshold: 0, reason: "")
  }

  @Test func uptimeIsTheTimeWithoutAnyAlert() throws {
    let objective = SLODefinition(
      name: "u", title: "U", meaning: "", indicator: .uptime(of: ["a", "b"]), target: 99, timeframe: .sevenDays)
    // 100 to 400, 300 to 500 and 900 to now at 1,000: 500 seconds in all. Another monitor's alert is not counted, waiting neither.
    let transitions = [
      Self.transition("a", "x", .ok, .pending, 50), Self.transition("a", "x", .pending, .alert, 100),
      Self.transition("a", "y", .ok, .alert, 300), Self.transition("c", "x", .ok, .alert, 0),
      Self.transition("a", "x", .alert, .recovered, 400), Self.transition("a", "y", .alert, .alert, 450),
      Self.transition("a", "y", .alert, .recovered, 500), Self.transition("b", "x", .ok, .noData, 900),
    ]
    let source = SeriesSource(SeriesTable().read)
    let status = try objective.status(at: .second(1_000), series: source, transitions: transitions, since: .second(0))
    #expect(status.valid == 1_000 && status.good == 500)
    // Known since its first transition only, when nothing else is said.
    #expect(try objective.status(at: .second(1_000), series: source, transitions: transitions).valid == 950)
    // A monitor nobody has heard of was not up.
    #expect(try objective.status(at: .second(1_000), series: source).state == .noData)
    #expect(try objective.status(at: .second(1_000), series: source, since: .second(0)).indicator == 100)
  }
}
