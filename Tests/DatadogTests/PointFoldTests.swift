// No two points of a series have one time, and no value is lost or counted twice: over restarts, late values and clocks put back.

@testable import Datadog
import LLMMetrics
import LLMTelemetry
import TestSeries
import Testing

@Suite struct PointFoldTests {
  private static let start: Int64 = 1_700_000_000

  private func at(_ seconds: Double) -> Timestamp {
    Timestamp(unixNanoseconds: Self.start * 1_000_000_000 + Int64(seconds * 1e9))
  }

  private func requests(_ tenant: String = "a", _ count: Int64 = 1) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.requests, tags: TagSet(["tenant": tenant]), value: .count(count))
  }

  private func sums(_ points: [MetricPoint]) -> [String] {
    points.map { point in
      switch point.value {
      case .count(let count): "\(point.time - Self.start) \(point.tags.joined(separator: ",")) \(count)/\(point.seconds)"
      case .gauge(let value): "\(point.time - Self.start) gauge \(value)"
      case .samples(let samples): "\(point.time - Self.start) \(samples.count) samples"
      }
    }.sorted()
  }

  @Test func anIntervalsPointCarriesItsStartAndLateValuesGoIntoTheNext() {
    var fold = PointFold(constantTags: TagSet(["env": "prod"]), at: at(-3))
    #expect(fold.closed(at: at(0)).isEmpty)
    fold.add([requests(), requests("b")])
    #expect(fold.closed(at: at(9.9)).isEmpty)
    fold.add([requests()])
    #expect(sums(fold.closed(at: at(10))) == ["0 env:prod,tenant:a 2/10", "0 env:prod,tenant:b 1/10"])
    // What belongs to the interval that was sent comes now.
    fold.add([requests("a", 5)])
    #expect(sums(fold.closed(at: at(20))) == ["10 env:prod,tenant:a 5/10"])
    #expect(fold.closed(at: at(30)).isEmpty)
    #expect(fold.closed(at: at(40)).isEmpty)
    fold.add([requests()])
    #expect(sums(fold.closed(at: at(50))) == ["40 env:prod,tenant:a 1/10"])
  }

  @Test func theIntervalAProgramBeginsInIsLeftToTheOneBefore() {
    var earlier = PointFold(constantTags: TagSet([:]), at: at(-20))
    _ = earlier.closed(at: at(0))
    earlier.add([requests()])
    #expect(sums(earlier.finish(at: at(4))) == ["0 tenant:a 1/10"])
    var later = PointFold(constantTags: TagSet([:]), at: at(5))
    later.add([requests("a", 2)])
    #expect(later.closed(at: at(10)).isEmpty)
    later.add([requests("a", 3)])
    #expect(sums(later.closed(at: at(20))) == ["10 tenant:a 5/20"])
  }

  @Test func aClockPutBackDelaysAndOverwritesNothing() {
    var fold = PointFold(constantTags: TagSet([:]), at: at(-10))
    _ = fold.closed(at: at(0))
    fold.add([requests()])
    #expect(sums(fold.closed(at: at(10))) == ["0 tenant:a 1/10"])
    fold.add([requests()])
    #expect(sums(fold.closed(at: at(20))) == ["10 tenant:a 1/10"])
    fold.add([requests("a", 2)])
    // The interval from 20 is closed although it is not over; those at 0 and 10 come again and are taken.
    #expect(sums(fold.closed(at: at(5))) == ["20 tenant:a 2/10"])
    for (second, count) in [(10.0, Int64(3)), (20, 4), (30, 5)] {
      fold.add([requests("a", count)])
      #expect(fold.closed(at: at(second)).isEmpty)
    }
    fold.add([requests("a", 6)])
    #expect(sums(fold.closed(at: at(40))).map { $0.prefix { $0 != "/" } } == ["30 tenant:a 18"])
  }

  @Test func whatDatadogWouldRefuseAsTooFarAheadWaits() {
    var fold = PointFold(constantTags: TagSet([:]), at: at(-10))
    _ = fold.closed(at: at(5000))
    fold.add([requests()])
    // The clock was wrong by more than ten minutes: a point of then would be refused.
    #expect(fold.closed(at: at(0)).isEmpty)
    fold.add([requests()])
    #expect(sums(fold.closed(at: at(10))).map { $0.prefix { $0 != "/" } } == ["0 tenant:a 2"])
  }

  /// Programs that begin, run, see their clock jump and end, in an order that a seed decides.
  @Test(arguments: 0..<60)
  func everyValueIsInOnePointAndEveryPointHasItsTime(_ seed: UInt64) {
    var generator = SplitMix(state: seed)
    var clock = 0.0
    var sentThrough: Timestamp?
    var times: Set<String> = []
    var sent: Int64 = 0
    var added: Int64 = 0
    var shed = 0
    func take(_ points: [MetricPoint]) {
      for point in points {
        let identity = "\(point.time) \(point.tags)"
        #expect(times.insert(identity).inserted, "\(identity) twice")
        if case .count(let count) = point.value { sent += count }
        #expect(Double(point.time - Self.start) <= clock + 600)
      }
    }
    for _ in 0..<6 {
      var fold = PointFold(constantTags: TagSet([:]), at: at(clock), sentThrough: sentThrough)
      for _ in 0..<Int.random(in: 1...200, using: &generator) {
        clock += Double.random(in: 0.1...4, using: &generator)
        if Int.random(in: 0..<20, using: &generator) == 0 { clock += Double.random(in: -400...300, using: &generator) }
        take(fold.closed(at: at(clock)))
        added += 1
        fold.add([requests(["a", "b"][Int.random(in: 0...1, using: &generator)])])
      }
      take(fold.finish(at: at(clock)))
      // What was begun in an interval that was not this program's is said to be lost.
      shed += fold.takeDrops()[.shutDown] ?? 0
      if shed > 0 { (added, sent, shed) = (0, 0, 0) }
      sentThrough = fold.sentThrough
      clock += Double.random(in: -100...20, using: &generator)
    }
    #expect(sent == added)
  }

  @Test func seriesThatAreOneToDatadogAreOnePoint() {
    var fold = PointFold(constantTags: TagSet([:]), at: at(-10))
    _ = fold.closed(at: at(0))
    fold.add([requests("Acme Corp"), requests("acme corp"), requests("acme_corp_"), requests("acme,corp")])
    #expect(sums(fold.closed(at: at(10))) == ["0 tenant:acme_corp 4/10"])
  }

  @Test func seriesByNumberAndByNameAndOfTwoMetersAreOnePoint() {
    var fold = PointFold(constantTags: TagSet([:]), at: at(-10))
    _ = fold.closed(at: at(0))
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: at(0), duration: .seconds(1))
    span.dimensions.tenant = "a"
    let spans = [span, span]
    for _ in 0..<3 {
      var meter = SpanMeter()
      var batch = MeasurementBatch()
      meter.measure(spans, into: &batch)
      fold.add(batch)
      fold.add(batch.measurements)
    }
    let points = fold.closed(at: at(10))
    let requests = points.filter { $0.definition == MetricCatalogue.requests }
    #expect(sums(requests).count == 1)
    if case .count(let count) = requests.first?.value { #expect(count == 12) }
    let durations = points.filter { $0.definition == MetricCatalogue.duration }
    #expect(sums(durations) == ["0 12 samples"])
  }

  @Test func gaugesKeepTheirLastValueAndNoNumbersAreRefused() {
    var fold = PointFold(constantTags: TagSet([:]), at: at(-10))
    _ = fold.closed(at: at(0))
    for value in [1, 5, Double.nan, 3] {
      fold.add([MetricMeasurement(MetricCatalogue.budgetUsed, tags: TagSet([:]), value: .gauge(value))])
    }
    fold.add([MetricMeasurement(MetricCatalogue.duration, tags: TagSet([:]), value: .sample(-1))])
    fold.add([MetricMeasurement(MetricCatalogue.duration, tags: TagSet([:]), value: .count(1))])
    #expect(sums(fold.closed(at: at(10))).contains("0 gauge 3.0"))
    #expect(fold.takeDrops() == [.invalid: 3])
  }

  @Test func samplesKeepTheirNumberAndTheirQuantilesInBoundedMemory() throws {
    var generator = SplitMix(state: 3)
    var samples = SampleSet()
    var all: [Double] = []
    for index in 0..<50_000 {
      let value = index % 100 == 0 ? 0 : Double.random(in: 0.001...30, using: &generator)
      all.append(value)
      let isTaken = samples.add(value)
      #expect(isTaken)
    }
    #expect(samples.count == 50_000)
    let refused = [samples.add(-1), samples.add(.infinity)]
    #expect(refused == [false, false])
    all.sort()
    for (limit, missing) in [(50_000, 0), (20_000, 30_000), (1000, 49_000)] {
      let (texts, left) = samples.written(limit: limit)
      #expect(left == missing)
      #expect(texts.count == limit)
      let values = texts.compactMap { Double($0) }.sorted()
      #expect(values.count == limit)
      #expect(values.first == all.first && values.last == all.last)
      for quantile in [0.05, 0.25, 0.5, 0.75, 0.95, 0.99] {
        let written = values[Int(quantile * Double(values.count - 1))]
        // A sparse set also moves by a rank or two.
        let near = all[max(0, Int((quantile - 0.002) * Double(all.count)))]...all[Int((quantile + 0.002) * Double(all.count - 1))]
        #expect(written >= near.lowerBound * 0.989 && written <= near.upperBound * 1.011, "\(quantile) of \(limit)")
      }
    }
  }

  @Test func fewSamplesAreExact() {
    var samples = SampleSet()
    for value in [0.1, 2, 1.0 / 3] { _ = samples.add(value) }
    #expect(samples.written().values == ["0.1", "2.0", "0.3333333333333333"])
    var other = SampleSet()
    for value in 0..<200 { _ = other.add(Double(value)) }
    samples.merge(other)
    #expect(samples.count == 203)
  }
}
