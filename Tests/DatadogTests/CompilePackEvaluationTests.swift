// The default pack evaluated here: each of its monitors speaks when everything goes wrong at once, and none on a good day.

import LLMMetrics
import LLMTelemetry
import Monitors
import Testing

@Suite struct CompilePackEvaluationTests {
  private enum World { case good, bad, silent, quiet }

  /// What one window holds of a metric.
  private static func aggregate(_ metric: MetricDefinition, in world: World) -> Aggregate? {
    let isWhole = [
      MetricCatalogue.requests, MetricCatalogue.answersScored, MetricCatalogue.riskScored, MetricCatalogue.retrievals,
      MetricCatalogue.spansReceived, MetricCatalogue.attempts, MetricCatalogue.heartbeat, MetricCatalogue.steps,
    ].contains(metric)
    if world == .silent { return nil }
    // Everything fails, but only a few times.
    let things: Int64 = world == .quiet ? 5 : 1_000
    switch metric {
    case MetricCatalogue.cost: return .count((world == .good ? 5 : things) * 1_000_000_000)
    case MetricCatalogue.tokens: return .count(things * (world == .good ? 1_000 : 100_000))
    case _ where metric.type == .count: return .count(isWhole || world != .good ? things : 0)
    default:
      var sketch = QuantileSketch()
      let value = metric.type == .gauge ? 0.3 : metric == MetricCatalogue.timePerOutputToken ? 0.02 : 0.5
      let good = metric == MetricCatalogue.circuitOpen ? 0 : value
      _ = sketch.add(world == .good ? good : metric.type == .gauge ? 1 : 120, count: things)
      return .sketch(sketch)
    }
  }

  private static func verdicts(_ monitor: MonitorDefinition, in world: World) throws -> [Evaluation] {
    let at = Timestamp(unixSeconds: 1_700_000_000)
    return try monitor.evaluate(at: at) { query in
      guard let metric = MetricCatalogue.byName[query.metric], let aggregate = aggregate(metric, in: world) else { return [] }
      let group = TagSet(Dictionary(uniqueKeysWithValues: query.groupBy.map { ($0, "x") }))
      return [SeriesGroup(tags: group, points: [(start: at - .seconds(10), aggregate: aggregate)])]
    }
  }

  /// The kinds that compare with a past are tried on series, in the tests of their evaluation.
  @Test(arguments: MonitorPack.default.monitors.map(\.definition).filter { $0.kind == .threshold })
  func eachSpeaksWhenItShould(monitor: MonitorDefinition) throws {
    let good = try Self.verdicts(monitor, in: .good)
    #expect(good.map(\.verdict) == [.recovered], "\(monitor.name): \(good.map(\.reason))")
    guard monitor.threshold.comparison == .above else {
      // What speaks of too little speaks of nothing at all.
      #expect(monitor.noData == .alert)
      #expect(try Self.verdicts(monitor, in: .silent).map(\.verdict) == [.noData])
      return
    }
    let bad = try Self.verdicts(monitor, in: .bad)
    #expect(bad.map(\.verdict) == [.breached], "\(monitor.name): \(bad.map(\.reason))")
    if monitor.trafficGate > 0 { #expect(try Self.verdicts(monitor, in: .quiet).map(\.verdict) == [.quiet], "\(monitor.name)") }
  }

  /// A definition can be written as text and read again, so that a configuration can take it over.
  @Test(arguments: MonitorPack.default.monitors.map(\.definition))
  func itsQueryIsReadAgain(monitor: MonitorDefinition) throws {
    #expect(try MonitorQuery(parsing: monitor.query.description) == monitor.query)
  }
}
