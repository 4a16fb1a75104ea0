// The memory of series answers what a plain table answers, for random series, windows and questions.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct SeriesMemoryTests {
  static let questions: [(metric: MetricDefinition, filter: [String: String], groupBy: [String])] = [
    (MetricCatalogue.requests, [:], []), (MetricCatalogue.requests, [:], ["route"]),
    (MetricCatalogue.requests, ["route": "chat"], ["tenant", "route"]), (MetricCatalogue.duration, [:], ["route"]),
    (MetricCatalogue.duration, ["tenant": "a"], []), (MetricCatalogue.errors, [:], ["error_class"]),
  ]

  /// Both, filled alike: most of it in the order of time, some of it late.
  static func filled(
    seed: UInt64, retention: Duration, watching: Int, hours: Int64 = 3, change: (SeriesMemory) -> Void = { _ in }
  ) -> (table: SeriesTable, memory: SeriesMemory) {
    var random = SplitMix(state: seed)
    var rows: [(metric: MetricDefinition, tags: [String: String], second: Int64, aggregate: Aggregate)] = []
    let memory = SeriesMemory(retention: retention)
    for question in questions.prefix(watching) {
      memory.watch(question.metric, filter: question.filter, groupBy: question.groupBy, horizon: .seconds(hours * 3_600))
    }
    for second in stride(from: Int64(0), to: hours * 3_600, by: 10) {
      for _ in 0..<Int(random.next() % 4) {
        var tags = ["route": ["chat", "search"][Int(random.next() % 2)]]
        if random.next() % 3 > 0 { tags["tenant"] = ["a", "b", "c"][Int(random.next() % 3)] }
        let late = random.next() % 7 == 0 ? Int64(random.next() % 60) * 10 : 0
        let at = max(0, second - late)
        switch random.next() % 3 {
        case 0: rows.append((MetricCatalogue.requests, tags, at, .count(Int64(random.next() % 50))))
        case 1: rows.append((MetricCatalogue.errors, tags.merging(["error_class": "timeout"]) { $1 }, at, .count(1)))
        default:
          var sketch = QuantileSketch()
          for _ in 0...Int(random.next() % 5) { sketch.add(Double(random.next() % 4_000) / 100) }
          rows.append((MetricCatalogue.duration, tags, at, .sketch(sketch)))
        }
      }
    }
    for row in rows {
      memory.add(row.aggregate, to: SeriesKey(metric: row.metric.name, tags: TagSet(row.tags)), at: .second(row.second))
    }
    change(memory)
    var table = SeriesTable()
    for row in rows.sorted(by: { $0.second < $1.second }) {
      table.add(row.metric, row.tags, at: .second(row.second), row.aggregate)
    }
    return (table, memory)
  }

  struct Answer: Equatable {
    var tags: TagSet
    var starts: [Timestamp]
    var aggregate: Aggregate?

    /// Sums of decimals depend on their order in the last digits.
    static func == (left: Answer, right: Answer) -> Bool {
      guard left.tags == right.tags, left.starts == right.starts else { return false }
      if case .sketch(let one) = left.aggregate, case .sketch(let other) = right.aggregate {
        return one.buckets == other.buckets && one.zeroCount == other.zeroCount && one.minimum == other.minimum
          && one.maximum == other.maximum && abs(one.sum - other.sum) <= 1e-9 * max(1, one.sum)
      }
      return left.aggregate == right.aggregate
    }
  }

  static func answers(_ groups: [SeriesGroup]) -> [Answer] {
    groups.map { Answer(tags: $0.tags, starts: $0.points.map(\.start), aggregate: $0.total) }
      .sorted { "\($0.tags)" < "\($1.tags)" }
  }

  static func check(_ table: SeriesTable, _ memory: SeriesMemory, seed: UInt64, hours: Int64) {
    var random = SplitMix(state: seed ^ 0xabcd)
    for question in questions {
      for _ in 0..<12 {
        // Edges that are no multiples of the rollup's width too.
        let begin = Int64(random.next() % UInt64(hours * 3_600))
        let length = Int64(random.next() % 7_200)
        let query = SeriesQuery(
          metric: question.metric.name, filter: question.filter, groupBy: question.groupBy,
          range: .second(begin)..<(.second(begin + length)))
        let expected = answers(table.read(query))
        #expect(answers(memory.read(query)) == expected, "\(query)")
        let totals = memory.totals(query).map { Answer(tags: $0.tags, starts: [$0.last], aggregate: $0.aggregate) }
        #expect(
          totals.sorted { "\($0.tags)" < "\($1.tags)" }
            == expected.map { Answer(tags: $0.tags, starts: $0.starts.suffix(1), aggregate: $0.aggregate) })
      }
    }
  }

  @Test(arguments: [UInt64](0..<8), [0, 3, 6])
  func answersWhatATableAnswers(seed: UInt64, watching: Int) {
    let (table, memory) = Self.filled(seed: seed, retention: .seconds(86_400), watching: watching)
    Self.check(table, memory, seed: seed, hours: 3)
  }

  @Test func aQuestionThatIsWatchedLaterKnowsThePast() {
    let (table, memory) = Self.filled(seed: 99, retention: .seconds(86_400), watching: 0) { memory in
      for question in Self.questions {
        memory.watch(question.metric, filter: question.filter, groupBy: question.groupBy, horizon: .seconds(86_400))
      }
    }
    Self.check(table, memory, seed: 99, hours: 3)
  }

  @Test func whatIsWatchedNeedsNoSeriesOfItsOwn() {
    let (table, memory) = Self.filled(seed: 5, retention: .zero, watching: 6)
    Self.check(table, memory, seed: 5, hours: 3)
  }

  @Test func forgetsWhatIsOlderThanItsRetention() {
    let memory = SeriesMemory(retention: .seconds(3_600))
    memory.watch(MetricCatalogue.requests, horizon: .seconds(7_200))
    for second in stride(from: Int64(0), to: 6 * 3_600, by: 10) {
      memory.add(.count(1), to: SeriesKey(metric: "llm.requests", tags: TagSet(["route": "chat"])), at: .second(second))
    }
    func starts(_ groupBy: [String]) -> [Timestamp] {
      memory.read(
        SeriesQuery(metric: "llm.requests", groupBy: groupBy, range: .second(0)..<(.second(6 * 3_600)))
      ).flatMap { $0.points.map(\.start) }
    }
    for (groupBy, hours) in [(["route"], Int64(1)), ([], 2)] {
      let kept = starts(groupBy)
      // At least what was promised; at most an hour and a third more, so that forgetting is seldom.
      #expect(kept.count >= Int(hours * 360) && kept.count <= Int(hours * 360 * 4 / 3 + 361), "\(groupBy): \(kept.count)")
      #expect(kept.last == .second(6 * 3_600 - 10))
    }
    let total = memory.totals(SeriesQuery(metric: "llm.requests", range: .second(5 * 3_600)..<(.second(6 * 3_600))))
    #expect(total.map(\.aggregate) == [.count(360)])
  }

  @Test func samplesByNumberAreTheSameAsSketches() {
    let (one, other) = (SeriesMemory(retention: .seconds(3_600)), SeriesMemory(retention: .seconds(3_600)))
    let key = SeriesKey(metric: MetricCatalogue.duration.name, tags: TagSet(["route": "chat"]))
    let number = one.number(of: key, isCount: false)
    var sketch = QuantileSketch()
    for value in [0.3, 0, 1e9, 0.3, -1, .nan, 7] {
      one.add(sample: value, to: number, at: .second(3))
      sketch.add(value)
    }
    other.add(.sketch(sketch), to: key, at: .second(0))
    let query = SeriesQuery(metric: key.metric, range: .second(0)..<(.second(10)))
    #expect(one.read(query).first?.total == other.read(query).first?.total)
    #expect(one.read(query).first?.total == .sketch(sketch))
  }
}
