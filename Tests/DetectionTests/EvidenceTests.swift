// The statistics by themselves: likelihood ratios, baselines, volumes, bursts, causes.

import LLMTelemetry
import Testing

@testable import Detection

@Suite struct EvidenceTests {
  @Test func evidenceGrowsOnlyWhenEventsAreMoreThanNormal() {
    var tally = Tally()
    let lane = DetectionSignal.refusal.rawValue
    tally.trials[lane] = 100
    tally.expected[lane] = 1
    tally.events[lane] = 1
    #expect(Detector.evidence(tally, Tally(), .refusal, isEverything: true) < 0)
    tally.events[lane] = 20
    #expect(Detector.evidence(tally, Tally(), .refusal, isEverything: true) > 20)
    #expect(tally.deviance(.refusal, rest: Tally()) > Detector.evidence(tally, Tally(), .refusal, isEverything: true) - 0.01)
  }

  @Test func anAnswerFromTheGatewaysCacheIsNoMeasureOfItsModel() throws {
    var tables = DimensionTables()
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: Timestamp(unixSeconds: 1_000_000),
      duration: .seconds(1))
    span.usage = TokenUsage(input: 100, output: 10)
    let asked = try #require(SpanFacts(span, &tables)).span()
    #expect(!asked.measures[0].isNaN && !asked.measures[5].isNaN)
    span.attempts = 0
    let repeated = try #require(SpanFacts(span, &tables)).span()
    #expect((0..<8).allSatisfy { repeated.measures[$0].isNaN } && repeated.trials == asked.trials)
  }

  @Test func devianceIsTheBinomialOne() {
    // 10 of 100 where 5 were expected: 10 ln 2 + 90 ln (90/95).
    #expect(abs(Tally.deviance(trials: 100, events: 10, expected: 5) - 2.0654) < 0.001)
    #expect(Tally.deviance(trials: 100, events: 5, expected: 5) == 0)
    #expect(Tally.deviance(trials: 0, events: 0, expected: 0) == 0)
  }

  @Test func driftOfAllTrafficIsNoEvidenceAgainstASlice() {
    var slice = Tally()
    var rest = Tally()
    // Everything is slower by half, in the slice and beside it.
    slice.weight[0] = 1000
    slice.pull[0] = 400
    rest.weight[0] = 5000
    rest.pull[0] = 2000
    #expect(slice.deviance(.latency, rest: rest) < 0.01)
    #expect(Detector.evidence(slice, rest, .latency, isEverything: false) < 0)
    rest.pull[0] = 0
    #expect(slice.deviance(.latency, rest: rest) > 50)
    #expect(Detector.evidence(slice, rest, .latency, isEverything: false) > 20)
  }

  @Test func sumsNeverFallBelowZeroAndKnowWhenTheyLeftIt() {
    var table = EvidenceTable()
    table.addSlice()
    table.add(slice: 0, lane: 3, mild: -5, strong: -9)
    #expect(table.settle(0, bucket: 1, crossing: 4, cap: 20) == 0)
    table.add(slice: 0, lane: 3, mild: 3, strong: 1)
    #expect(table.settle(0, bucket: 2, crossing: 4, cap: 20) == 3)
    #expect(table.left(0, 3) == 2 && table.crossed(0, 3) == -1)
    table.add(slice: 0, lane: 3, mild: 30, strong: 1)
    #expect(table.settle(0, bucket: 3, crossing: 4, cap: 20) == 20)
    #expect(table.left(0, 3) == 2 && table.crossed(0, 3) == 3)
    table.forget(0, 3)
    #expect(table.sum(0, 3) == 0)
  }

  @Test func aNewTenantInheritsItsRouteAndRareEventsAreNoRarerThanTheFloor() {
    var baselines = BaselineTable()
    var key = LeafKey(repeating: 0)
    key[CauseDimension.route.rawValue] = 1
    key[CauseDimension.tenant.rawValue] = 1
    let known = baselines.base(of: key)
    var span = DetectionSpan()
    span.trials = DetectionSignal.refusal.bit | DetectionSignal.injection.bit
    for number in 0..<4000 {
      span.events = number % 5 == 0 ? DetectionSignal.refusal.bit : 0
      baselines.fold(span, base: known, lanes: .max)
    }
    key[CauseDimension.tenant.rawValue] = 2
    let new = baselines.base(of: key)
    baselines.refresh(new)
    let rate = baselines.bases[new].rate
    #expect(rate[DetectionSignal.refusal.rawValue] > 0.17 && rate[DetectionSignal.refusal.rawValue] < 0.26)
    #expect(rate[DetectionSignal.injection.rawValue] >= 0.002)
    // A version is judged by what its prompt did before.
    key[CauseDimension.promptVersion.rawValue] = 9
    #expect(baselines.base(of: key) == new)
  }

  @Test func lanesOfAnOpenIncidentDoNotBecomeNormal() {
    var baselines = BaselineTable()
    let base = baselines.base(of: LeafKey(repeating: 1))
    var span = DetectionSpan()
    span.trials = DetectionSignal.refusal.bit
    span.events = span.trials
    for _ in 0..<1000 { baselines.fold(span, base: base, lanes: ~DetectionSignal.refusal.bit) }
    baselines.refresh(base)
    #expect(baselines.bases[base].rate[DetectionSignal.refusal.rawValue] < 0.05)
  }

  @Test func trafficThatStaysAwayIsEvidenceAndTheEndOfASurgeIsNot() {
    func level(_ counts: [Double]) -> VolumeLevel {
      var level = VolumeLevel()
      for (minute, count) in counts.enumerated() {
        level.minute(count, allowance: 1, others: 1, byShare: .infinity, time: minute, isOpen: false)
      }
      return level
    }
    let usual = Array(repeating: 60.0, count: 120)
    #expect(level(usual).evidence == 0)
    #expect(level(usual + Array(repeating: 12.0, count: 5)).evidence > VolumeWatch.threshold)
    #expect(level(usual + Array(repeating: 150.0, count: 120) + Array(repeating: 60.0, count: 10)).evidence == 0)
  }

  @Test func burstsAreToldFromABusyTenant() {
    var key = LeafKey(repeating: 0)
    key[CauseDimension.tenant.rawValue] = 1
    key[CauseDimension.route.rawValue] = 1
    func reached(_ counts: [Int]) -> Bool {
      var loops = LoopWatch()
      let cell = loops.cell(SliceKey(values: key))
      var result = false
      for (minute, count) in counts.enumerated() {
        for _ in 0..<count { loops.count(cell) }
        if !loops.minute(Int32(minute * 2), isWarm: true).isEmpty { result = true }
      }
      return result
    }
    #expect(!reached(Array(repeating: 2, count: 60) + Array(repeating: 40, count: 60) + Array(repeating: 2, count: 60)))
    #expect(reached(Array(repeating: 2, count: 60) + [2, 22, 3, 25, 2, 2, 19, 3, 24, 2]))
  }
}

@Suite struct CauseSearchTests {
  /// Routes 1 to 3 with models 1 to 3, 200 requests each of which 2 fail, and `failing` where `isIll`.
  private func items(_ isIll: (LeafKey) -> Bool) -> [CauseSearch.Item] {
    var items: [CauseSearch.Item] = []
    for route in 1...3 {
      for model in 1...3 {
        var key = LeafKey(repeating: 0)
        key[CauseDimension.route.rawValue] = UInt8(route)
        key[CauseDimension.model.rawValue] = UInt8(model)
        key[CauseDimension.provider.rawValue] = UInt8(model == 3 ? 2 : 1)
        var tally = Tally()
        tally.spans = 200
        tally.trials[0] = 200
        tally.expected[0] = 2
        tally.events[0] = isIll(key) ? 60 : 2
        items.append(.init(key: key, tally: tally))
      }
    }
    return items
  }

  private func slice(_ isIll: (LeafKey) -> Bool, prior: @escaping (SliceKey) -> Float = { _ in 0 }) -> SliceKey {
    CauseSearch(items: items(isIll), signals: [.rateLimit], prior: prior).answer().slice
  }

  @Test func theSmallestSliceThatExplainsAllIsNamed() {
    var model = LeafKey(repeating: 0)
    model[CauseDimension.model.rawValue] = 2
    #expect(slice { $0[CauseDimension.model.rawValue] == 2 }.values == model)
    var both = model
    both[CauseDimension.route.rawValue] = 1
    #expect(slice { $0[CauseDimension.model.rawValue] == 2 && $0[CauseDimension.route.rawValue] == 1 }.values == both)
    var provider = LeafKey(repeating: 0)
    provider[CauseDimension.provider.rawValue] = 1
    #expect(slice { $0[CauseDimension.provider.rawValue] == 1 }.values == provider)
  }

  @Test func whenAllScaleAlikeNothingIsNamed() { #expect(slice { _ in true }.isEverything) }

  @Test func ofTwoNamesForTheSameRequestsTheOneThatChangedIsNamed() {
    let isIll: (LeafKey) -> Bool = { $0[CauseDimension.model.rawValue] == 3 }
    #expect(slice(isIll).values[CauseDimension.provider.rawValue] == 2, "a signal of providers names the provider")
    let model = slice(isIll) { $0.values[CauseDimension.model.rawValue] == 3 ? 4 : 0 }
    #expect(model.values[CauseDimension.model.rawValue] == 3 && model.literals == 1)
  }
}
