// The usual band: how often healthy traffic leaves it, what it finds, and what it says.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct AnomalyTests {
  /// Traffic with a day's wave, requests that fail by chance, and latencies with a heavy tail. One point each five minutes.
  struct Traffic {
    var random: SplitMix
    var table = SeriesTable()
    /// Of requests.
    var errorRate = 0.01
    var slowness = 1.0
    var volume = 1.0
    var perStep = 300.0

    init(seed: UInt64) { random = SplitMix(state: seed) }

    mutating func unit() -> Double { Double(random.next() >> 11) / 9_007_199_254_740_992 }

    /// Exact below a hundred, normal above.
    mutating func poisson(_ mean: Double) -> Int64 {
      guard mean < 100 else { return max(0, Int64((mean + mean.squareRoot() * normal()).rounded())) }
      var (count, product) = (Int64(0), unit())
      let limit = exp(-mean)
      while product > limit {
        count += 1
        product *= unit()
      }
      return count
    }

    mutating func normal() -> Double { (-2 * log(max(unit(), 1e-300))).squareRoot() * cos(2 * .pi * unit()) }

    mutating func step(_ second: Int64) {
      let wave = 1 + 0.7 * sin(2 * .pi * Double(second % 86_400) / 86_400)
      let requests = poisson(perStep * wave * volume)
      table.count(MetricCatalogue.requests, at: .second(second), requests)
      table.count(
        MetricCatalogue.errors, ["error_class": "timeout"], at: .second(second),
        min(requests, poisson(Double(requests) * errorRate)))
      var sketch = QuantileSketch()
      for _ in 0..<min(requests, 25) { sketch.add(exp(0.6 * normal()) * 2 * slowness) }
      table.add(MetricCatalogue.duration, at: .second(second), .sketch(sketch))
    }

    mutating func run(_ seconds: Range<Int64>) {
      for second in stride(from: seconds.lowerBound, to: seconds.upperBound, by: 300) { step(second) }
    }
  }

  static let day: Int64 = 86_400

  static func monitor(_ query: String, window: Int64 = 900, _ settings: AnomalySettings = AnomalySettings()) throws
    -> MonitorDefinition
  {
    try KindTests.monitor(.anomaly(settings), query, window: window, Threshold(.above, critical: 1))
  }

  static let queries = [
    "sum(llm.errors) / sum(llm.requests)", "p95(llm.request.duration)", "sum(llm.requests) per minute",
  ]

  @Test(arguments: queries, [300.0, 8])
  func healthyWeeksLeaveTheBandAboutAsOftenAsStated(query: String, perStep: Double) throws {
    var traffic = Traffic(seed: 7)
    traffic.perStep = perStep
    traffic.run(0..<(14 * Self.day))
    let definition = try Self.monitor(query, window: 1_800)
    let memory = EvaluationMemory()
    let context = EvaluationContext(memory: memory, read: traffic.table.read)
    var outside = 0
    // A week of windows that do not overlap, after one to learn from.
    for second in stride(from: 7 * Self.day + 1_800, through: 14 * Self.day, by: 1_800) {
      let evaluation = try #require(try definition.evaluate(at: .second(second), context: context).first)
      #expect(evaluation.verdict != .noData)
      outside += evaluation.verdict == .breached ? 1 : 0
    }
    // Half a window a week is stated. Four or more would come once in 570 such runs.
    #expect(outside <= 3, "\(query): \(outside)")
  }

  @Test(arguments: [
    ("sum(llm.errors) / sum(llm.requests)", 0.05, 1.0, 1.0), ("p95(llm.request.duration)", 0.01, 2.2, 1),
    ("sum(llm.requests) per minute", 0.01, 1, 2.5),
  ])
  func aStepIsFoundInItsFirstWindowAndExplained(query: String, errorRate: Double, slowness: Double, volume: Double) throws {
    var traffic = Traffic(seed: 11)
    traffic.run(0..<(8 * Self.day))
    (traffic.errorRate, traffic.slowness, traffic.volume) = (errorRate, slowness, volume)
    traffic.run(8 * Self.day..<(8 * Self.day + 900))
    let definition = try Self.monitor(query)
    let before = try #require(try definition.evaluate(at: .second(8 * Self.day), read: traffic.table.read).first)
    let after = try #require(try definition.evaluate(at: .second(8 * Self.day + 900), read: traffic.table.read).first)
    #expect(before.verdict == .recovered, "\(before.reason)")
    #expect(after.verdict == .breached, "\(after.reason)")
    let band = try #require(after.band)
    #expect(band.lower < band.middle && band.middle < band.upper)
    #expect(after.reason.contains("usual at this time of day is") && after.reason.contains("band widths above it"))
    guard case .anomaly(let anomaly) = after.finding else {
      Issue.record("no finding")
      return
    }
    #expect(anomaly.value > band.upper && anomaly.steps > 600)
  }

  @Test func aFewErrorsInAQuietHourAreNothing() throws {
    var traffic = Traffic(seed: 3)
    traffic.perStep = 1.5
    traffic.run(0..<(8 * Self.day))
    // Two errors of five.
    traffic.table.count(MetricCatalogue.requests, at: .second(8 * Self.day), 5)
    traffic.table.count(MetricCatalogue.errors, ["error_class": "timeout"], at: .second(8 * Self.day), 2)
    let evaluation = try Self.monitor(Self.queries[0]).evaluate(at: .second(8 * Self.day + 900), read: traffic.table.read).first
    #expect(evaluation?.verdict == .recovered, "\(evaluation?.reason ?? "")")
  }

  @Test func theDaysWaveIsUsual() throws {
    var traffic = Traffic(seed: 5)
    traffic.run(0..<(8 * Self.day))
    func verdict(_ seasonality: AnomalySettings.Seasonality, volume: Double) throws -> Double {
      var traffic = traffic
      traffic.run(8 * Self.day..<(8 * Self.day + 64_800))
      traffic.volume = volume
      // At its trough there are 0.3 of the middle's requests, at its crest 1.7.
      traffic.run(8 * Self.day + 64_800..<(8 * Self.day + 65_700))
      let definition = try Self.monitor(Self.queries[2], AnomalySettings(seasonality: seasonality))
      return try #require(try definition.evaluate(at: .second(8 * Self.day + 65_700), read: traffic.table.read).first?.value)
    }
    #expect(try verdict(.daily, volume: 1) < 1)
    // Twice the requests of a night are fewer than at noon: only who knows the time of day sees them.
    #expect(try verdict(.daily, volume: 2) > 1)
    #expect(try verdict(.none, volume: 2) < 1)
  }

  @Test func anIncidentIsNoExampleWhileItLastsNorAfterwards() throws {
    var traffic = Traffic(seed: 13)
    traffic.run(0..<(8 * Self.day))
    traffic.errorRate = 0.08
    traffic.run(8 * Self.day..<(11 * Self.day))
    let definition = try Self.monitor(Self.queries[0])
    let (onset, end) = (Timestamp.second(8 * Self.day + 900), Timestamp.second(11 * Self.day))
    var book = AlertBook()
    func move(_ from: AlertState, _ to: AlertState, _ at: Timestamp) {
      let isLegal = book.apply(
        AlertTransition(key: AlertKey(monitor: "m"), from: from, to: to, at: at, value: 1, threshold: 1, reason: ""))
      #expect(isLegal)
    }
    move(.ok, .alert, onset)
    // Three days in, it is as unusual as at first.
    let during = try #require(
      try definition.evaluate(at: end, context: EvaluationContext(alerts: book, read: traffic.table.read)).first)
    #expect(during.verdict == .breached && during.reason.contains("of the time before \(onset.rfc3339Seconds)"))
    // Without the alert it would be three days of seven, and usual.
    let forgetful = try #require(try definition.evaluate(at: end, read: traffic.table.read).first)
    #expect((forgetful.value ?? 0) < (during.value ?? 0) / 2)
    // Afterwards the episode is left out.
    move(.alert, .recovered, end)
    move(.recovered, .ok, end + .seconds(10))
    #expect(book.episodes[AlertKey(monitor: "m")] == [onset..<end])
    let after = try #require(
      try definition.evaluate(at: end, context: EvaluationContext(alerts: book, read: traffic.table.read)).first)
    #expect(after.verdict == .breached)
  }

  @Test func oneBadAfternoonInThePastDoesNotWidenTheBand() throws {
    var traffic = Traffic(seed: 17)
    traffic.run(0..<(4 * Self.day))
    traffic.errorRate = 0.3
    traffic.run(4 * Self.day..<(4 * Self.day + 4 * 3_600))
    traffic.errorRate = 0.01
    traffic.run(4 * Self.day + 4 * 3_600..<(8 * Self.day))
    traffic.errorRate = 0.05
    traffic.run(8 * Self.day..<(8 * Self.day + 900))
    let evaluation = try Self.monitor(Self.queries[0]).evaluate(at: .second(8 * Self.day + 900), read: traffic.table.read).first
    #expect(evaluation?.verdict == .breached, "\(evaluation?.reason ?? "")")
  }

  @Test func withoutHistoryItSaysThatItLearns() throws {
    var traffic = Traffic(seed: 1)
    traffic.run(0..<7_200)
    let evaluation = try #require(try Self.monitor(Self.queries[0]).evaluate(at: .second(7_200), read: traffic.table.read).first)
    #expect(evaluation.verdict == .quiet && evaluation.value == nil)
    #expect(evaluation.reason == "error rate is compared with its past once there are 24 windows of it; so far there are 7")
  }
}
