// What each kind of monitor says of series whose answer was worked out by hand.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct KindTests {
  /// Requests and errors per minute of a route, one point each, so that the table stays short.
  static func table(_ minutes: [(minute: Int64, route: String, requests: Int64, errors: Int64)]) -> SeriesTable {
    var table = SeriesTable()
    for row in minutes.sorted(by: { $0.minute < $1.minute }) {
      table.count(MetricCatalogue.requests, ["route": row.route], at: .second(row.minute * 60), row.requests)
      table.count(
        MetricCatalogue.errors, ["route": row.route, "error_class": "timeout"], at: .second(row.minute * 60), row.errors)
    }
    return table
  }

  static func monitor(
    _ kind: MonitorKind, _ query: String = errorRate, window: Int64 = 600,
    _ threshold: Threshold = Threshold(.above, critical: 100), gate: Int64 = 0, by: [String] = [],
    _ change: (inout MonitorDefinition) -> Void = { _ in }
  ) throws -> MonitorDefinition {
    var definition = MonitorDefinition(
      name: "m", title: "M", severity: .sev3, query: try MonitorQuery(parsing: query), kind: kind, window: .seconds(window),
      threshold: threshold, trafficGate: gate, groupBy: by)
    change(&definition)
    return definition
  }

  /// Of the error rate.
  static func monitor(
    _ kind: MonitorKind, window: Int64 = 600, _ threshold: Threshold, gate: Int64 = 0, by: [String] = [],
    _ change: (inout MonitorDefinition) -> Void = { _ in }
  ) throws -> MonitorDefinition {
    try monitor(kind, errorRate, window: window, threshold, gate: gate, by: by, change)
  }

  static let errorRate = "sum(llm.errors) / sum(llm.requests)"

  // MARK: Threshold

  @Test func aWindowEndsBeforeItsEndAndIsReadLateByTheDelay() throws {
    let table = Self.table([(0, "a", 10, 1), (10, "a", 10, 9)])
    let definition = try Self.monitor(.threshold) { $0.evaluationDelay = .seconds(300) }
    // At minute 10 the point of minute 10 is not in the window yet; with a delay of 5 minutes it is first seen past minute 15.
    #expect(try Self.monitor(.threshold).evaluate(at: .second(600), read: table.read).first?.value == 0.1)
    #expect(try Self.monitor(.threshold).evaluate(at: .second(610), read: table.read).first?.value == 0.9)
    #expect(try definition.evaluate(at: .second(900), read: table.read).first?.value == 0.1)
    #expect(try definition.evaluate(at: .second(910), read: table.read).first?.value == 0.9)
    #expect(try definition.evaluate(at: .second(910), read: table.read).first?.at == .second(910))
  }

  @Test func statesOfThisProductAreGroupsOfTheirOwn() throws {
    var table = Self.table([(0, "a", 10, 1)])
    for share in [0.2, 0.95] {
      var sketch = QuantileSketch()
      sketch.add(share)
      table.add(MetricCatalogue.budgetUsed, ["budget": "team"], at: .second(60), .sketch(sketch))
    }
    let definition = try Self.monitor(.threshold, "max(llm.budget.used)", Threshold(.above, critical: 0.9), by: ["budget"])
    let evaluations = try definition.evaluate(at: .second(600), read: table.read)
    #expect(evaluations.map(\.key.group) == [TagSet(["budget": "team"])])
    #expect(evaluations.map(\.value) == [0.95])
    #expect(evaluations.map(\.requests) == [2])
  }

  // MARK: Change

  @Test(arguments: [
    (ChangeComparison.Measure.difference, "sum(llm.requests)", 60.0), (.percent, "sum(llm.requests)", 150),
    (.difference, "sum(llm.errors) / sum(llm.requests)", 0.2), (.percent, "sum(llm.errors) / sum(llm.requests)", 200),
  ])
  func aChangeIsNowAgainstThen(measure: ChangeComparison.Measure, query: String, expected: Double) throws {
    // 40 requests with 10 % errors a day earlier, 100 with 30 % now.
    let table = Self.table([(0, "a", 40, 4), (1_440, "a", 100, 30)])
    let definition = try Self.monitor(.change(ChangeComparison(measure, shift: .seconds(86_400))), query)
    let evaluation = try #require(try definition.evaluate(at: .second(86_400 + 600), read: table.read).first)
    #expect(abs((evaluation.value ?? 0) - expected) < 1e-9)
    #expect(evaluation.finding == .change(now: query.contains("/") ? 0.3 : 100, then: query.contains("/") ? 0.1 : 40))
  }

  @Test func theWindowBeforeEndsWhereThisOneBegins() throws {
    let table = Self.table([(0, "a", 8, 0), (10, "a", 10, 0), (20, "a", 99, 0)])
    let definition = try Self.monitor(.change(ChangeComparison(.percent, shift: .seconds(600))), "sum(llm.requests)")
    #expect(try definition.evaluate(at: .second(1_200), read: table.read).first?.value == 25)
  }

  @Test func withoutAnEarlierValueThereIsNoChange() throws {
    let table = Self.table([(10, "a", 10, 1), (10, "b", 10, 1), (0, "b", 10, 0), (0, "c", 10, 1)])
    let definition = try Self.monitor(.change(ChangeComparison(.percent, shift: .seconds(600))), by: ["route"])
    let evaluations = try definition.evaluate(at: .second(1_200), read: table.read)
    #expect(evaluations.map(\.verdict) == [.noData, .noData, .noData])
    #expect(
      evaluations.map(\.reason) == [
        "no data for error rate in the 10 min before, so nothing to compare with",
        "error rate was 10 % over 10 min and 0 % in the 10 min before, so there is no percentage",
        "no data for error rate over 10 min",
      ])
  }

  @Test func aChangeOfASumIsGatedByTheLargerSideAndOneOfAShareByTheSmaller() throws {
    let table = Self.table([(0, "a", 200, 2), (10, "a", 4, 3)])
    let lost = try Self.monitor(
      .change(ChangeComparison(.percent, shift: .seconds(600))), "sum(llm.requests)", Threshold(.below, critical: -50), gate: 50)
    #expect(try lost.evaluate(at: .second(1_200), read: table.read).map(\.verdict) == [.breached])
    let share = try Self.monitor(.change(ChangeComparison(.percent, shift: .seconds(600))), gate: 50)
    #expect(try share.evaluate(at: .second(1_200), read: table.read).map(\.verdict) == [.quiet])
  }

  // MARK: Outlier

  @Test func aGroupIsMeasuredInDeviationsOfAllGroups() throws {
    // Shares .10 .12 .14 .16 .60 of 10,000 requests each: median .14, absolute deviations .04 .02 0 .02 .46, their median .02.
    let shares: [Int64] = [1_000, 1_200, 1_400, 1_600, 6_000]
    let table = Self.table(zip("abcde", shares).map { (0, String($0), 10_000, $1) })
    let definition = try Self.monitor(.outlier(OutlierSettings()), Threshold(.above, critical: 5), by: ["route"])
    let evaluations = try definition.evaluate(at: .second(600), read: table.read)
    let deviation = (0.02 * 1.4826 * 0.02 * 1.4826 + 0.14 * 0.86 / 10_000).squareRoot()
    for (evaluation, share) in zip(evaluations, [0.1, 0.12, 0.14, 0.16, 0.6]) {
      #expect(abs((evaluation.value ?? .nan) - (share - 0.14) / deviation) < 1e-9)
    }
    #expect(evaluations.map(\.verdict) == [.recovered, .recovered, .recovered, .recovered, .breached])
    #expect(abs((evaluations[4].band?.upper ?? 0) - (0.14 + 5 * deviation)) < 1e-12)
  }

  @Test func aSmallGroupAmongEqualsIsNoOutlier() throws {
    // One error of four among groups without any: 25 %, and yet within what four requests can do.
    let table = Self.table([(0, "a", 5_000, 50), (0, "b", 5_000, 50), (0, "c", 5_000, 50), (0, "d", 4, 1)])
    let definition = try Self.monitor(.outlier(OutlierSettings()), Threshold(.above, critical: 6), by: ["route"])
    #expect(try definition.evaluate(at: .second(600), read: table.read).map(\.verdict).contains(.breached) == false)
    let shared = try Self.monitor(.outlier(OutlierSettings(leastShare: 0.05)), by: ["route"])
    #expect(try shared.evaluate(at: .second(600), read: table.read).map(\.verdict).last == .quiet)
  }

  @Test func twoGroupsAreNotCompared() throws {
    let table = Self.table([(0, "a", 100, 1), (0, "b", 100, 90)])
    let definition = try Self.monitor(.outlier(OutlierSettings()), by: ["route"])
    let evaluations = try definition.evaluate(at: .second(600), read: table.read)
    #expect(evaluations.map(\.verdict) == [.quiet, .quiet])
    #expect(evaluations[0].reason.hasPrefix("only 2 groups can be compared"))
  }

  // MARK: Forecast

  @Test func aLineGoesOnAndSaysWhenItCrosses() throws {
    // 100 requests in the minute 0, 2 more each minute, and one wild minute that must not bend the line.
    let table = Self.table((0..<60).map { ($0, "a", $0 == 30 ? 5_000 : 100 + 2 * $0, 0) })
    let definition = try Self.monitor(
      .forecast(ForecastSettings(horizon: .seconds(3_600))), "sum(llm.requests) per minute", window: 3_600,
      Threshold(.above, critical: 300))
    let evaluation = try #require(try definition.evaluate(at: .second(3_600), read: table.read).first)
    // Steps of 30 s hold a minute's requests or none, so each is twice a minute's rate at its middle, 15 s in: at minute m + 0.25
    // the rate is 2 × (100 + 2 m); at minute 120 it is 2 × (100 + 2 × 119.75).
    #expect(abs((evaluation.value ?? 0) - 679) < 1e-6)
    guard case .forecast(let forecast) = evaluation.finding else {
      Issue.record("no forecast")
      return
    }
    #expect(abs(forecast.slope - 4.0 / 60) < 1e-9)
    #expect(forecast.crossesAt == .second(3_600))
    #expect(evaluation.verdict == .breached)
  }

  @Test func aCrossingLiesWhereTheLineMeetsTheThreshold() throws {
    var table = SeriesTable()
    for step in 0..<360 {
      var sketch = QuantileSketch()
      sketch.add(0.1 + 0.001 * Double(step))
      table.add(MetricCatalogue.budgetUsed, ["budget": "b"], at: .second(Int64(step) * 10), .sketch(sketch))
    }
    let definition = try Self.monitor(
      .forecast(ForecastSettings(horizon: .seconds(3_600))), "max(llm.budget.used)", window: 3_600,
      Threshold(.above, critical: 0.6), by: ["budget"])
    let evaluation = try #require(try definition.evaluate(at: .second(3_600), read: table.read).first)
    // A step of 30 s is at its maximum, which its last 10 s have: .1 + .001 × (t / 10 - 1 + .5) at its middle …; by hand the fit at
    // the end of the window is .4605, and the threshold is 1,395 s further on.
    #expect(abs((evaluation.value ?? 0) - 0.8205) < 1e-3)
    guard case .forecast(let forecast) = evaluation.finding, let crossing = forecast.crossesAt else {
      Issue.record("no crossing")
      return
    }
    #expect(abs((crossing - .second(3_600 + 1_395)).inSeconds) < 2)
    #expect(evaluation.reason.contains("it reaches"))
  }

  @Test func aSeasonIsNoTrend() throws {
    // Three days of a day's wave, asked while it climbs: with the season nothing grows.
    let wave: [Int64] = [2, 2, 2, 4, 8, 16, 24, 32, 40, 40, 40, 40, 36, 32, 28, 24, 20, 16, 12, 8, 6, 4, 2, 2]
    let hours: [(minute: Int64, route: String, requests: Int64, errors: Int64)] = (0..<80).map { hour in
      (minute: Int64(hour) * 60, route: "a", requests: 100 * wave[hour % 24], errors: 0)
    }
    let table = Self.table(hours)
    func value(_ season: Duration?) throws -> Double {
      let definition = try Self.monitor(
        .forecast(ForecastSettings(horizon: .seconds(4 * 3_600), season: season)), "sum(llm.requests)", window: 80 * 3_600)
      return try #require(try definition.evaluate(at: .second(80 * 3_600), read: table.read).first?.value)
    }
    // At hour 12 of the day 36 hundreds come.
    #expect(abs(try value(.seconds(86_400)) - 3_600) < 450)
    #expect(abs(try value(nil) - 3_600) > 900)
  }

  @Test func fewPointsAreNoTrend() throws {
    let table = Self.table([(0, "a", 10, 0), (1, "a", 20, 0)])
    let definition = try Self.monitor(.forecast(ForecastSettings(horizon: .seconds(600))), "sum(llm.requests)")
    #expect(try definition.evaluate(at: .second(600), read: table.read).map(\.verdict) == [.quiet])
  }

  // MARK: Burn rate

  static let objective = SLODefinition(
    name: "o", title: "O", meaning: "",
    indicator: .good(
      .init(MetricCatalogue.requests, [.lacks(tag: "error_class")]),
      of: .init(MetricCatalogue.requests, [.isNoneOf(tag: "error_class", ["cancelled"])])), target: 99)

  static func requests(_ rows: [(second: Int64, tags: [String: String], count: Int64)]) -> SeriesTable {
    var table = SeriesTable()
    for row in rows.sorted(by: { $0.second < $1.second }) {
      table.count(MetricCatalogue.requests, row.tags, at: .second(row.second), row.count)
    }
    return table
  }

  @Test func theSlowerOfTwoWindowsIsTheBurnRate() throws {
    // Within the hour 1,000 valid requests with 30 bad ones: 3 %, three times the budget. In its last 5 minutes 100 with 10: ten
    // times. What was cancelled does not count.
    let table = Self.requests([
      (0, [:], 880), (0, ["error_class": "timeout"], 20), (0, ["error_class": "cancelled"], 500),
      (3_300, [:], 90), (3_300, ["error_class": "timeout"], 10),
    ])
    func evaluate(_ window: Int64, _ short: Int64) throws -> Evaluation {
      let definition = try Self.monitor(
        .burnRate(BurnRateSettings(objective: "o", shortWindow: .seconds(short))), window: window,
        Threshold(.above, critical: 2))
      let context = EvaluationContext(objectives: ["o": Self.objective], read: table.read)
      return try #require(try definition.evaluate(at: .second(3_600), context: context).first)
    }
    let burning = try evaluate(3_600, 300)
    #expect(abs((burning.value ?? 0) - 3) < 1e-9)
    #expect(burning.requests == 1_000)
    #expect(burning.verdict == .breached)
    #expect(
      burning.reason
        == "the error budget of o (99 %) burns 3 times as fast as promised over 60 min and 10 times over 5 min: 3, above 2")
    // Nothing counted in the last minute: unknown, not zero.
    #expect(try evaluate(3_600, 60).verdict == .noData)
  }

  @Test func conditionsAreReadByTag() throws {
    let all = SLODefinition.Events(MetricCatalogue.requests)
    let table = Self.requests([
      (0, ["route": "a"], 1), (0, ["route": "b"], 10), (0, ["route": "c"], 100), (0, [:], 1_000),
    ])
    for (condition, bad) in [
      (SLODefinition.Events.Condition.isOneOf(tag: "route", ["a", "c"]), 101.0), (.isNoneOf(tag: "route", ["a"]), 1_110),
      (.lacks(tag: "route"), 1_000),
    ] {
      let objective = SLODefinition(
        name: "o", title: "O", meaning: "", indicator: .bad(.init(MetricCatalogue.requests, [condition]), of: all), target: 50)
      let status = try objective.status(at: .second(3_600), read: table.read)
      #expect(status.bad == bad && status.valid == 1_111)
    }
  }

  @Test func anUnknownObjectiveIsNoData() throws {
    let definition = try Self.monitor(.burnRate(BurnRateSettings(objective: "none", shortWindow: .seconds(60))))
    let evaluation = try #require(try definition.evaluate(at: .second(0), read: SeriesTable().read).first)
    #expect(evaluation.verdict == .noData && evaluation.reason == "there is no objective \"none\"")
  }

  // MARK: Absence

  @Test func silenceIsCountedFromTheEndOfTheLastInterval() throws {
    let table = Self.table([(0, "a", 10, 0), (50, "b", 10, 0)])
    let definition = try Self.monitor(
      .absence, "sum(llm.requests)", window: 1_800, Threshold(.above, critical: 15), by: ["route"])
    // An hour on: b's last interval ended 10 s into minute 50; a has been silent for longer than the window, and is still known.
    let evaluations = try definition.evaluate(at: .second(3_600), read: table.read)
    #expect(evaluations.map(\.key.group) == [TagSet(["route": "a"]), TagSet(["route": "b"])])
    #expect(evaluations.map(\.value) == [30, 590.0 / 60])
    #expect(evaluations.map(\.verdict) == [.breached, .recovered])
    // A day after its last data nobody asks for a any more.
    let later = try definition.evaluate(at: .second(86_400 + 1_000), read: table.read)
    #expect(later.map(\.key.group) == [TagSet(["route": "b"])])
  }

  @Test func whatNeverSentDataIsSilentForTheWholeWindow() throws {
    let definition = try Self.monitor(.absence, "sum(llm.commander.heartbeat)", Threshold(.above, critical: 5))
    let evaluation = try #require(try definition.evaluate(at: .second(0), read: SeriesTable().read).first)
    #expect(evaluation.value == 10 && evaluation.verdict == .breached)
  }

  // MARK: Events

  @Test func changesAreCountedByKindAndSubject() throws {
    func change(_ second: Int64, _ kind: ChangeEvent.Kind, _ subject: String) -> ChangeEvent {
      ChangeEvent(at: .second(second), kind: kind, subject: subject, from: nil, to: nil, author: nil)
    }
    let changes = [
      change(0, .deploy, "api"), change(100, .deploy, "web"), change(200, .model, "api"), change(600, .deploy, "api"),
    ]
    for (filter, count) in [(EventFilter(), 3.0), (EventFilter(kind: .deploy), 2), (EventFilter(subject: "api"), 2)] {
      let definition = try Self.monitor(.events(filter), Threshold(.above, critical: 2))
      let context = EvaluationContext(changes: changes, read: SeriesTable().read)
      #expect(try definition.evaluate(at: .second(600), context: context).map(\.value) == [count])
    }
  }
}
