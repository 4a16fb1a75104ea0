// The engine gives the evaluations of the pure function: random series, every kind, every minute.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct EngineTests {
  static func definitions() throws -> [MonitorDefinition] {
    let (errors, latency) = ("sum(llm.errors) / sum(llm.requests)", "p95(llm.request.duration)")
    let kinds: [(String, MonitorKind, String, [String])] = [
      ("threshold", .threshold, errors, ["route"]), ("value", .threshold, latency, []),
      ("mean", .threshold, "avg(llm.request.duration{route=\"chat\"})", ["tenant"]),
      ("count", .threshold, "sum(llm.errors)", ["route", "error_class"]),
      ("change", .change(ChangeComparison(.percent, shift: .seconds(1_200))), errors, ["route"]),
      ("shift", .change(ChangeComparison(.difference, shift: .seconds(3_600))), latency, ["route"]),
      (
        "anomaly", .anomaly(AnomalySettings(seasonality: .hourly, history: .seconds(2 * 3_600))), "sum(llm.requests) per minute",
        ["route"]
      ),
      ("band", .anomaly(AnomalySettings(seasonality: .none, history: .seconds(2 * 3_600))), latency, ["route"]),
      ("outlier", .outlier(OutlierSettings(leastShare: 0.01)), latency, ["tenant"]),
      ("forecast", .forecast(ForecastSettings(horizon: .seconds(600))), "sum(llm.requests)", ["route"]),
      ("burn", .burnRate(BurnRateSettings(objective: "o", shortWindow: .seconds(120))), errors, ["route"]),
      ("slices", .burnRate(BurnRateSettings(objective: "s", shortWindow: .seconds(300))), errors, []),
      ("absence", .absence, "sum(llm.requests)", ["tenant"]), ("events", .events(EventFilter()), errors, []),
      ("composite", .composite(.and(.monitor("threshold"), .monitor("change"))), errors, []),
    ]
    return try kinds.map { name, kind, query, groupBy in
      try KindTests.monitor(kind, query, window: kind == .absence ? 1_200 : 300, Threshold(.above, critical: 0.5), by: groupBy) {
        $0.name = name
        $0.noData = name == "count" ? .alert : .keep
        $0.evaluationDelay = name == "value" ? .seconds(30) : .zero
      }
    }
  }

  static let objectives = [
    "o": KindTests.objective,
    "s": SLODefinition(
      name: "s", title: "S", meaning: "",
      indicator: .timeSlice(
        MonitorQuery(.value(.init(.p95, MetricCatalogue.duration))), good: .below, bound: 25, seconds: 60), target: 90),
  ]

  /// Sums of decimals depend on their order in the last digits, and so does what is made of them.
  static func expectEqual(_ engine: Evaluation, _ pure: Evaluation) {
    #expect(engine.key == pure.key && engine.at == pure.at && engine.verdict == pure.verdict, "\(engine.key) \(pure.reason)")
    #expect(engine.requests == pure.requests && (engine.value == nil) == (pure.value == nil))
    if let one = engine.value, let other = pure.value {
      #expect(abs(one - other) <= 1e-9 * max(1, other.magnitude), "\(engine.key): \(one) \(other)")
    }
    #expect(engine.reason == pure.reason)
  }

  @Test(arguments: [UInt64](0..<4))
  func equalsThePureFunctionAtEveryMinute(seed: UInt64) throws {
    let definitions = try Self.definitions()
    let (table, filled) = SeriesMemoryTests.filled(seed: seed, retention: .seconds(86_400), watching: 0)
    // What the memory holds is put into the engine as time goes on, as a backtest does.
    let engine = MonitorEngine(definitions, objectives: Self.objectives, retention: seed % 2 == 0 ? .zero : .seconds(86_400))
    let metrics = [MetricCatalogue.requests, MetricCatalogue.errors, MetricCatalogue.duration]
    let changes = [ChangeEvent(at: .second(4_000), kind: .deploy, subject: "x", from: nil, to: nil, author: nil)]
    var compared = 0
    for minute in Int64(1)...180 {
      let range: Range<Timestamp> = .second(minute * 60 - 60)..<(.second(minute * 60))
      for metric in metrics {
        for group in filled.read(
          SeriesQuery(metric: metric.name, groupBy: ["route", "tenant", "error_class"], range: range))
        {
          for point in group.points {
            engine.series.add(point.aggregate, to: SeriesKey(metric: metric.name, tags: group.tags), at: point.start)
          }
        }
      }
      let at = Timestamp.second(minute * 60)
      let evaluations = try engine.evaluate(at: at, changes: changes)
      guard minute % 7 == 0 || minute > 170 else { continue }
      let context = EvaluationContext(objectives: Self.objectives, changes: changes, read: table.read)
      let pure = try definitions.flatMap { try $0.evaluate(at: at, context: context) }
      try #require(evaluations.count == pure.count)
      for (one, other) in zip(evaluations, pure) { Self.expectEqual(one, other) }
      compared += pure.count
    }
    #expect(compared > 500)
  }

  @Test func withoutAnyDataNothingIsBreachedButSilence() throws {
    let engine = MonitorEngine(try Self.definitions(), objectives: Self.objectives, retention: .zero)
    let evaluations = try engine.evaluate(at: .second(0))
    // A grouped monitor has no group yet.
    #expect(Set(evaluations.map(\.key.monitor)) == ["value", "slices", "events", "composite"])
    #expect(!evaluations.contains { $0.verdict == .breached })
  }

  @Test func everyKindIsAmongThoseCompared() throws {
    let kinds = Set(try Self.definitions().map { "\($0.kind)".prefix { $0.isLetter } })
    #expect(kinds.count == 9)
  }
}
