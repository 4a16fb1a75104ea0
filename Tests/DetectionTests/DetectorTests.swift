// The detector over simulated spans with a fixed seed: silence while traffic is healthy, one incident with its cause when it is not.

import LLMTelemetry
import Testing

@testable import Detection

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

@Suite struct DetectorTests {
  private static let start: Int64 = 1_790_000_000_000_000_000 / 60_000_000_000 * 60_000_000_000

  /// Hours of Poisson traffic, 30 requests a minute over two routes, three tenants and two models. `change` makes spans ill.
  private func run(hours: Double, seed: UInt64, change: (Double, inout SpanFacts, inout SeededGenerator) -> Void = { _, _, _ in })
    -> Detector
  {
    var generator = SeededGenerator(state: seed)
    var detector = Detector()
    var time = 0.0
    while time < hours * 3600 {
      time += -Double.random(in: 1e-9..<1, using: &generator).logarithm * 2
      var facts = SpanFacts()
      facts.time = Self.start + Int64(time * 1e9)
      let route = Int.random(in: 0..<2, using: &generator)
      facts.key[CauseDimension.route.rawValue] = detector.tables.number(["/answer", "/chat"][route], .route)
      let tenant = Int.random(in: 0..<3, using: &generator)
      facts.key[CauseDimension.tenant.rawValue] = detector.tables.number(["acme", "globex", "hooli"][tenant], .tenant)
      let model = Int.random(in: 0..<2, using: &generator)
      facts.key[CauseDimension.model.rawValue] = detector.tables.number(["small", "large"][model], .model)
      func spread() -> Double { (Double.random(in: -0.6...0.6, using: &generator)).exponential }
      facts.duration = 1000 * spread()
      facts.firstToken = 300 * spread()
      facts.cost = 0.001 * spread()
      facts.input = Int(2000 * spread())
      facts.output = Int(300 * spread())
      facts.cacheRead = Bool.random(using: &generator) ? 0 : 500
      func flag(_ rate: Double) -> Double { Double.random(in: 0..<1, using: &generator) < rate ? 1 : 0 }
      facts.ungrounded = flag(0.04)
      facts.refusal = flag(0.01)
      facts.injection = flag(0.002)
      if flag(0.004) == 1 {
        facts.isOK = false
        facts.errorClass = .providerError
      }
      change(time / 3600, &facts, &generator)
      detector.add(facts.span())
    }
    detector.finish()
    return detector
  }

  @Test func healthyTrafficStaysWithinTheStatedRate() {
    // A simulated week in pieces, each of which has to learn anew; the stated rate is one a week.
    let incidents = (1...4).reduce(0) { $0 + run(hours: 42, seed: $1).incidents.count }
    #expect(incidents <= 1)
  }

  @Test func aRefusingModelIsOneIncidentWithItsCauseAndItsEnd() throws {
    let detector = run(hours: 8, seed: 11) { hour, facts, generator in
      if hour > 5, hour < 6.5, facts.key[CauseDimension.model.rawValue] == 1, Double.random(in: 0..<1, using: &generator) < 0.3 {
        facts.refusal = 1
      }
    }
    let incidents = detector.incidents
    #expect(incidents.count == 1)
    let incident = try #require(incidents.first)
    let ill = detector.tables.name(1, .model)
    #expect(incident.cause.dimensions == ["model": ill])
    #expect(incident.monitors == ["refusal"])
    let began = Timestamp(unixNanoseconds: Self.start) + .seconds(5 * 3600)
    #expect(incident.opened > began && incident.opened - began < .seconds(480))
    let resolved = try #require(incident.resolved)
    #expect(resolved - began > .seconds(5400) && resolved - began < .seconds(5400 + 900))
  }

  @Test func aBlipOfTwoMinutesOpensNothing() {
    let detector = run(hours: 6, seed: 12) { hour, facts, _ in
      if hour > 4, hour < 4 + 2.0 / 60 {
        facts.isOK = false
        facts.errorClass = .providerError
      }
    }
    #expect(detector.incidents.isEmpty)
  }

  @Test func twoCausesAtTheSameTimeAreTwoIncidents() {
    let detector = run(hours: 8, seed: 13) { hour, facts, generator in
      guard hour > 5, hour < 7, Double.random(in: 0..<1, using: &generator) < 0.4 else { return }
      if facts.key[CauseDimension.model.rawValue] == 1 { facts.refusal = 1 }
      if facts.key[CauseDimension.tenant.rawValue] == 2 { facts.injection = 1 }
    }
    let causes = Set(detector.incidents.map(\.cause.dimensions))
    #expect(causes == [["model": detector.tables.name(1, .model)], ["tenant": detector.tables.name(2, .tenant)]])
  }

  @Test func theSameSpansGiveTheSameIncidents() {
    func once() -> [DetectedIncident] {
      run(hours: 7, seed: 14) { hour, facts, _ in
        if hour > 5, facts.key[CauseDimension.route.rawValue] == 2 { facts.duration *= 2 }
      }.incidents
    }
    let first = once()
    #expect(first == once() && first.count == 1)
    #expect(first.first?.monitors.contains("latency") == true)
  }

  @Test func silenceIsNoticedOnTheRecordedClock() throws {
    var detector = run(hours: 5, seed: 15)
    var late = SpanFacts()
    late.time = Self.start + 5 * 3_600_000_000_000 + 1_800_000_000_000
    detector.add(late.span())
    let incident = try #require(detector.incidents.first)
    #expect(incident.monitors == ["traffic_loss"] && incident.cause.dimensions.isEmpty)
    #expect(incident.opened - Timestamp(unixNanoseconds: Self.start) < .seconds(5 * 3600 + 300))
  }
}
