// What a running product sees of detection: failures that are followed while they last, their numbers in words, silence that counts.

import LLMTelemetry
import Testing

@testable import Detection

@Suite struct LiveTests {
  private static let start: Int64 = 1_790_000_000_000_000_000 / 60_000_000_000 * 60_000_000_000

  /// Thirty requests a minute over two models; from `ill` hours on every third answer of one of them is a refusal.
  private static func detector(hours: Double, ill: Double) -> (Detector, end: Timestamp) {
    var generator = SeededGenerator(state: 5)
    var detector = Detector()
    var time = 0.0
    while time < hours * 3600 {
      time += -Double.random(in: 1e-9..<1, using: &generator).logarithm * 2
      var facts = SpanFacts()
      facts.time = start + Int64(time * 1e9)
      let model = Int.random(in: 0..<2, using: &generator)
      facts.key[CauseDimension.model.rawValue] = detector.tables.number(["small", "large"][model], .model)
      facts.duration = 1000 * Double.random(in: 0.6...1.6, using: &generator)
      let rate = time / 3600 > ill && model == 1 ? 0.33 : 0.01
      facts.refusal = Double.random(in: 0..<1, using: &generator) < rate ? 1 : 0
      detector.add(facts.span())
    }
    return (detector, Timestamp(unixNanoseconds: start + Int64(hours * 3.6e12)))
  }

  @Test func aFailureIsFollowedWithItsNumbersUntilItEnds() throws {
    var (detector, end) = Self.detector(hours: 4.5, ill: 4)
    detector.pass(to: end)
    #expect(detector.isReady)
    let failure = try #require(detector.followed.first)
    #expect(detector.followed.count == 1)
    #expect(failure.signals == [.refusal])
    #expect(failure.cause.dimensions == ["model": "large"])
    #expect(failure.firstDimensions == ["model": "large"])
    #expect(failure.opened > Timestamp(unixNanoseconds: Self.start + Int64(4 * 3.6e12)))
    let sentence = try #require(failure.evidence.first)
    #expect(sentence.hasPrefix("refusal: "))
    #expect(sentence.hasSuffix("expected"))
  }

  @Test func nothingIsFollowedWhileAllIsWell() {
    var (detector, end) = Self.detector(hours: 4.5, ill: 24)
    detector.pass(to: end)
    #expect(detector.followed.isEmpty)
  }

  @Test func silenceIsFoundWithoutASpan() throws {
    var (detector, end) = Self.detector(hours: 5, ill: 24)
    detector.pass(to: end + .seconds(20 * 60))
    let failure = try #require(detector.followed.first)
    #expect(failure.signals == [.trafficLoss])
    #expect(failure.evidence == ["far fewer requests than usual"])
  }

  /// Clocks are wrong in every way: nothing traps, and what comes after is still taken.
  @Test(arguments: [Int64.min, -8_500_000_000_000_000_000, 0, 8_800_000_000_000_000_000, .max])
  func aTimeOfAnyYearDoesNoHarm(nanoseconds: Int64) {
    for first in [nanoseconds, Self.start] {
      var detector = Detector()
      for time in [first, Self.start, nanoseconds, Self.start + 60_000_000_000] {
        var facts = SpanFacts()
        facts.time = time
        facts.duration = 100
        detector.add(facts.span())
        detector.add(
          ChangeEvent(
            at: Timestamp(unixNanoseconds: time), kind: .deploy, subject: "x", from: nil, to: nil, author: nil))
        detector.pass(to: Timestamp(unixNanoseconds: time))
      }
      #expect(detector.spanCount == 4 && detector.incidents.isEmpty)
    }
  }

  @Test func timeBeforeTheFirstSpanIsNoTime() {
    var detector = Detector()
    detector.pass(to: Timestamp(unixNanoseconds: Self.start))
    #expect(!detector.isReady && detector.followed.isEmpty)
  }
}
