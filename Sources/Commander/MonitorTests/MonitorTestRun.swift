// Runs one test of monitors: the evaluator and the state machine of the live product, on the test's clock.

import LLMMetrics
import LLMTelemetry
import Monitors

struct MonitorTestRun {
  /// One expectation that does not hold.
  struct Failure: Hashable, Sendable {
    let after: Duration
    /// What was expected and what was found, as lines of a diff.
    let expected: [String]
    let found: [String]
  }

  struct Failed: Error, CustomStringConvertible {
    let description: String
  }

  let test: MonitorTest
  let pack: MonitorPack
  /// Reads recorded traffic into rollups, with the changes in it.
  let readTraffic: (String) throws -> (rollups: [Rollup], changes: [ChangeEvent])

  func failures() throws -> [Failure] {
    let recordings = try test.traffic.map(readTraffic)
    let rollups = recordings.flatMap(\.rollups).sorted { $0.start < $1.start }
    let start = test.start ?? rollups.first?.start ?? MonitorTest.defaultStart
    let points = self.points(from: start)
    let changes = (recordings.flatMap(\.changes) + test.changes.map { $0.event(from: start) }).sorted { $0.at < $1.at }
    let end = start + (test.expectations.map(\.after).max() ?? .zero)
    let engine = MonitorEngine(
      definitions, objectives: Dictionary(pack.objectives.map { ($0.name, $0) }) { first, _ in first },
      retention: max(.seconds(86_400), end - start), loadsHistory: true)

    var book = AlertBook()
    var failures: [Failure] = []
    var (nextPoint, nextRollup) = (0, 0)
    var now = start + test.interval
    while now <= end {
      while nextPoint < points.count, points[nextPoint].at < now {
        engine.series.add(points[nextPoint].aggregate, to: points[nextPoint].key, at: points[nextPoint].at)
        nextPoint += 1
      }
      while nextRollup < rollups.count, rollups[nextRollup].start < now {
        engine.series.add(rollups[nextRollup])
        nextRollup += 1
      }
      let known = changes.filter { $0.at <= now }
      let evaluations = try engine.evaluate(at: now, alerts: book, changes: known)
      let context = engine.context(alerts: book, changes: known)
      let byMonitor = Dictionary(grouping: evaluations) { $0.key.monitor }
      for definition in definitions {
        for transition in try definition.transitions(at: now, evaluations: byMonitor[definition.name] ?? [], context: context) {
          book.apply(transition)
        }
      }
      for expectation in test.expectations where start + expectation.after == now {
        if let failure = check(expectation, book, evaluations) { failures.append(failure) }
      }
      now = now + test.interval
    }
    return failures
  }

  /// Those under test, and what their composites are made of.
  private var definitions: [MonitorDefinition] {
    var wanted = Set(test.monitors)
    var waiting = test.monitors
    let all = Dictionary(pack.allMonitors.map { ($0.definition.name, $0.definition) }) { first, _ in first }
    while let name = waiting.popLast() {
      guard case .composite(let expression)? = all[name]?.kind else { continue }
      waiting += expression.monitors.filter { wanted.insert($0).inserted }
    }
    return pack.allMonitors.map(\.definition).filter { wanted.contains($0.name) }
  }

  // MARK: Series

  private func points(from start: Timestamp) -> [(at: Timestamp, key: SeriesKey, aggregate: Aggregate)] {
    test.series.flatMap { series in
      series.notation.values.enumerated().compactMap { index, value in
        guard let value, let aggregate = Self.aggregate(series, value) else { return nil }
        let at = start + .nanoseconds(test.step.wholeNanoseconds * Int64(index))
        return (at, SeriesKey(metric: series.metric.name, tags: series.tags), aggregate)
      }
    }.sorted { $0.at < $1.at }
  }

  /// A count of nothing leaves no point, as while serving.
  private static func aggregate(_ series: MonitorTest.Series, _ value: Double) -> Aggregate? {
    switch series.metric.type {
    case .count:
      let scaled = series.metric.unit == .dollar ? value * 1e9 : value
      guard scaled >= 0.5, scaled < 9e18 else { return nil }
      return .count(Int64(scaled.rounded()))
    case .distribution, .gauge:
      var sketch = QuantileSketch()
      return sketch.add(value, count: series.count) ? .sketch(sketch) : nil
    }
  }

  // MARK: Expectations

  private func check(_ expectation: MonitorTest.Expectation, _ book: AlertBook, _ evaluations: [Evaluation]) -> Failure? {
    let byKey = Dictionary(evaluations.map { ($0.key, $0) }) { first, _ in first }
    func text(_ key: AlertKey) -> String {
      let evaluation = byKey[key]
      let value = evaluation?.value.map { ", value \(Self.number($0))" } ?? ""
      return "\(key): \(book.state(of: key).rawValue)\(value)\(evaluation.map { ": \($0.reason)" } ?? ": no such group")"
    }
    switch expectation.content {
    case .state(let key, let state, let value):
      let isState = state.map { $0 == book.state(of: key) } ?? true
      guard !isState || !Self.isNear(value, byKey[key]?.value) else { return nil }
      let wanted = [state?.rawValue, value.map { "value \(Self.number($0))" }].compactMap { $0 }.joined(separator: ", ")
      return Failure(after: expectation.after, expected: ["\(key): \(wanted)"], found: [text(key)])
    case .alerts(let alerts):
      let names = Set(test.monitors)
      let firing = Set(
        book.statuses.filter { names.contains($0.key.monitor) && ($0.value.state == .alert || $0.value.state == .noData) }.keys)
      let wrong = alerts.filter { !firing.contains($0.key) || !Self.isNear($0.value, byKey[$0.key]?.value) }
      let unexpected = firing.subtracting(alerts.map(\.key))
      guard !wrong.isEmpty || !unexpected.isEmpty else { return nil }
      return Failure(
        after: expectation.after,
        expected: wrong.map { alert in "\(alert.key): alert\(alert.value.map { ", value \(Self.number($0))" } ?? "")" },
        found: (wrong.map(\.key) + unexpected.sorted { $0.description < $1.description }).map(text))
    }
  }

  /// Within one per cent, since quantiles are.
  private static func isNear(_ expected: Double?, _ found: Double?) -> Bool {
    guard let expected else { return true }
    guard let found else { return false }
    return abs(expected - found) <= max(1e-9, 0.0101 * max(abs(expected), abs(found)))
  }

  private static func number(_ value: Double) -> String { Figure.amount(value) }
}

extension MonitorTest.Change {
  func event(from start: Timestamp) -> ChangeEvent {
    ChangeEvent(at: start + after, kind: kind, subject: subject, from: from, to: to, author: author)
  }
}
