// The signal that pages: how soon a shift is found, and how seldom there is an alarm without one, by simulation.

@testable import SemanticRisk
import Testing

@Suite struct PopulationShiftTests {
  /// Scores as the groundedness model gives them: harmless answers low with a tail, hallucinated ones higher, AUROC near 0.83.
  private struct Source {
    var generator: SeededGenerator
    var share: Double

    mutating func next() -> Double {
      let isRisky = generator.uniform() < share
      // The sum of three uniform numbers is nearly normal.
      let noise = (generator.uniform() + generator.uniform() + generator.uniform() - 1.5) * 2
      return Logistic.probability((isRisky ? 0.65 : -0.75) + noise)
    }
  }

  @Test func theSourceIsAsGoodAsTheModelAndNotBetter() throws {
    var risky = Source(generator: SeededGenerator(seed: 1), share: 1)
    var harmless = Source(generator: SeededGenerator(seed: 2), share: 0)
    let scores = (0..<4000).map { _ in risky.next() } + (0..<4000).map { _ in harmless.next() }
    let area = try #require(RankingMetrics.areaUnderCurve(scores: scores, labels: (0..<8000).map { $0 < 4000 }))
    #expect(area > 0.81 && area < 0.86)
  }

  @Test func aShiftFromFiveToTwentyPercentIsFoundWithinFourHundredAndFifty() throws {
    let settings = PopulationShift.Settings()
    #expect(settings.responsesPerWeek == 600_000 && settings.falseAlarmsPerWeek == 1)
    var total = 0
    let streams = 100
    for stream in 0..<streams {
      var source = Source(generator: SeededGenerator(seed: UInt64(100 + stream)), share: 0.05)
      var own = settings
      own.seed = UInt64(stream)
      var shift = PopulationShift(settings: own)
      for _ in 0..<(settings.baseline + 500) { shift.add(source.next()) }
      source.share = 0.20
      var responses = 0
      while responses < 20_000 {
        responses += 1
        if case .shifted = shift.add(source.next()) { break }
      }
      total += responses
    }
    let mean = Double(total) / Double(streams)
    #expect(mean < 450, "found after \(mean) responses on average")
  }

  /// What `/quality` promises is what happens, however many streams share the false alarms.
  @Test func thePromisedTimeIsTheOneItTakes() throws {
    var calibrated: [PopulationShift] = []
    for stream in 0..<40 {
      var source = Source(generator: SeededGenerator(seed: UInt64(9_000 + stream)), share: 0.05)
      var settings = PopulationShift.Settings()
      settings.seed = UInt64(stream)
      settings.responsesPerWeek = 60_000
      var shift = PopulationShift(settings: settings)
      for _ in 0..<settings.baseline { shift.add(source.next()) }
      calibrated.append(shift)
    }
    for streams in [1, 10, 100, 1_000] {
      var (promised, found) = (0.0, 0)
      let runs = 10
      for (number, baseline) in calibrated.enumerated() {
        var shift = baseline
        shift.share(among: streams)
        promised += try #require(shift.expectedDelay) / Double(calibrated.count)
        var source = Source(generator: SeededGenerator(seed: UInt64(70_000 + number)), share: 0.05)
        for _ in 0..<runs {
          shift.acknowledge()
          source.share = 0.05
          for _ in 0..<300 { shift.add(source.next()) }
          if case .shifted = shift.state { shift.acknowledge() }
          source.share = 0.20
          for _ in 0..<20_000 {
            found += 1
            if case .shifted = shift.add(source.next()) { break }
          }
        }
      }
      let mean = Double(found) / Double(runs * calibrated.count)
      #expect(abs(promised / mean - 1) < 0.1, "\(streams) streams: promised \(promised), found after \(mean)")
    }
  }

  @Test func fewerFalseAlarmsNeedAHigherThresholdWithoutLearningAnew() throws {
    var source = Source(generator: SeededGenerator(seed: 4), share: 0.05)
    var shift = PopulationShift()
    for _ in 0..<5_000 { shift.add(source.next()) }
    let usual = try #require(shift.threshold)
    shift.share(among: 1, falseAlarmsPerWeek: 0.1)
    let rare = try #require(shift.threshold)
    shift.share(among: 10)
    let shared = try #require(shift.threshold)
    #expect(rare > usual + 1 && abs(rare - shared) < 1e-9, "a tenth of the alarms is the part of ten streams")
  }

  @Test func thereIsAboutOneFalseAlarmAStreamWeek() throws {
    let settings = PopulationShift.Settings()
    var alarms = 0
    let weeks = 8
    for week in 0..<weeks {
      var source = Source(generator: SeededGenerator(seed: UInt64(5000 + week)), share: 0.05)
      var own = settings
      own.seed = UInt64(week)
      var shift = PopulationShift(settings: own)
      for _ in 0..<settings.baseline { shift.add(source.next()) }
      for _ in 0..<settings.responsesPerWeek {
        if case .shifted = shift.add(source.next()) {
          alarms += 1
          shift.acknowledge()
        }
      }
    }
    let rate = Double(alarms) / Double(weeks)
    #expect(rate <= 2, "\(rate) false alarms a stream-week")
  }

  @Test func theSameScoresAndSeedGiveTheSameAlarms() {
    func run() -> (PopulationShift.Calibration?, PopulationShift.State) {
      var source = Source(generator: SeededGenerator(seed: 9), share: 0.05)
      var shift = PopulationShift()
      for _ in 0..<7000 { shift.add(source.next()) }
      return (shift.calibration, shift.state)
    }
    let (first, second) = (run(), run())
    #expect(first.0 != nil && first.0 == second.0 && first.1 == second.1)
  }

  @Test func itLearnsBeforeItWatches() throws {
    var settings = PopulationShift.Settings()
    settings.baseline = 500
    var shift = PopulationShift(settings: settings)
    var source = Source(generator: SeededGenerator(seed: 3), share: 0.05)
    for _ in 0..<499 { #expect(shift.add(source.next()) == .learning(of: 500)) }
    #expect(shift.expectedDelay == nil)
    #expect(shift.add(.nan) == .learning(of: 500))
    #expect(shift.add(source.next()) == .watching)
    #expect(try #require(shift.expectedDelay) > 50)
    shift.relearn()
    #expect(shift.state == .learning(of: 500))
  }

  @Test func moreStreamsNeedAHigherThreshold() {
    var source = Source(generator: SeededGenerator(seed: 4), share: 0.05)
    let scores = (0..<1000).map { _ in Float(source.next()) }
    var many = PopulationShift.Settings()
    many.streams = 50
    let one = PopulationShift.calibrate(scores, settings: PopulationShift.Settings())
    #expect(PopulationShift.calibrate(scores, settings: many).threshold > one.threshold + 2)
  }

  @Test func aStreamThatAlwaysSaysTheSameIsWatchedToo() {
    var shift = PopulationShift()
    for _ in 0..<5000 { shift.add(0.1) }
    #expect(shift.state == .watching)
    for _ in 0..<200 { shift.add(0.1) }
    #expect(shift.state == .watching)
  }
}
