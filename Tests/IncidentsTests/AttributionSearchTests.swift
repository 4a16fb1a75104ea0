// The search on made-up worlds: what it must name, what it must not, and what must never matter.

import Incidents
import TestSeries
import Testing

@Suite struct AttributionSearchTests {
  static func matches(_ request: [String: String], _ cause: [String: String]) -> Bool {
    cause.allSatisfy { request[$0.key] == $0.value }
  }

  @Test(arguments: [
    ["tenant": "globex"], ["model": "pro", "region": "eu"], ["tenant": "acme", "model": "mini", "route": "chat"],
  ])
  func conjunctionsOfOneToThreeLiteralsAreNamed(_ cause: [String: String]) {
    var world = AttributionWorld()
    world.rate = { (0.02, Self.matches($0, cause) ? 0.3 : 0.02) }
    let (report, _) = world.verdict()
    #expect(report.causes.map(\.dimensions) == [cause])
    #expect(report.abstention == nil)
    #expect((report.causes.first?.lift ?? 0) > 5)
    #expect((report.causes.first?.support ?? 0) > 20)
    #expect(report.rejected.allSatisfy { $0.reason?.isEmpty == false })
  }

  @Test func unrelatedCausesAreTwo() {
    var world = AttributionWorld()
    world.rate = { (0.02, $0["tenant"] == "globex" ? 0.4 : $0["model"] == "pro" && $0["route"] == "chat" ? 0.5 : 0.02) }
    let causes = Set(world.verdict().report.causes.map(\.dimensions))
    #expect(causes == [["tenant": "globex"], ["model": "pro", "route": "chat"]])
  }

  @Test func valuesThatFailTogetherAreOneExplanation() {
    var world = AttributionWorld()
    world.rate = { (0.02, ["acme", "umbrella"].contains($0["tenant"]) ? 0.3 : 0.02) }
    let (report, verdict) = world.verdict()
    #expect(Set(report.causes.map(\.dimensions)) == [["tenant": "acme"], ["tenant": "umbrella"]])
    #expect(verdict.together == 2)
  }

  @Test func mixShiftIsNoCause() {
    var world = AttributionWorld()
    // Globex always failed more often; now it sends ten times as much.
    world.rate = { $0["tenant"] == "globex" ? (0.2, 0.2) : (0.01, 0.01) }
    world.volume = { $0["tenant"] == "globex" ? (200, 1_000) : (400, 200) }
    let (report, verdict) = world.verdict()
    #expect(report.causes.isEmpty)
    #expect(report.abstention?.contains("the mix explains") == true)
    #expect(report.abstention?.contains("tenant=globex") == true)
    #expect((verdict.mix?.mix ?? 0) > 0.75 * (verdict.mix?.change ?? 1))
    guard let mix = verdict.mix else { return }
    #expect(abs(mix.rate + mix.mix - mix.change) < 1e-12)
  }

  /// Simpson: the route as a whole looks worse, and every tenant on it is as before; the tenants changed places.
  @Test func paradoxWithinASliceIsNotBlamedOnTheSlice() {
    var world = AttributionWorld()
    world.rate = { $0["tenant"] == "globex" ? (0.2, 0.2) : (0.01, 0.01) }
    world.volume = { request in
      guard request["route"] == "chat" else { return (400, 200) }
      return request["tenant"] == "globex" ? (100, 800) : (800, 100)
    }
    let (report, _) = world.verdict()
    #expect(report.causes.isEmpty)
    #expect(report.abstention?.contains("the mix explains") == true)
  }

  /// Simpson the other way: all in all fewer failures than before, since the bad tenant left, and one model got worse.
  @Test func worseSliceBehindABetterMixIsFound() {
    var world = AttributionWorld()
    world.rate = { request in
      let before = request["tenant"] == "globex" ? 0.4 : 0.02
      return (before, request["model"] == "pro" ? before + 0.1 : before)
    }
    world.volume = { $0["tenant"] == "globex" ? (800, 0) : (400, 400) }
    let (report, verdict) = world.verdict()
    #expect((verdict.mix?.change ?? 1) < 0)
    #expect(report.causes.map(\.dimensions) == [["model": "pro"]])
  }

  @Test func everythingAlikeIsGlobal() {
    var world = AttributionWorld()
    world.rate = { _ in (0.02, 0.2) }
    let (report, _) = world.verdict()
    #expect(report.causes.isEmpty)
    #expect(report.abstention?.contains("global or upstream") == true)
  }

  @Test func chanceIsNoCause() {
    for seed in UInt64(1)...20 {
      var world = AttributionWorld()
      world.random = SplitMix(state: seed)
      #expect(world.verdict().report.causes.isEmpty, "seed \(seed)")
    }
  }

  @Test func fewEventsAreNoCause() {
    var world = AttributionWorld()
    world.volume = { _ in (20, 1) }
    world.rate = { (0.01, $0["tenant"] == "globex" ? 0.15 : 0.01) }
    let (report, _) = world.verdict()
    #expect(report.causes.isEmpty)
    #expect(report.abstention?.isEmpty == false)
    #expect(AttributionWorld.verdict(["tenant"], []).report.abstention?.contains("nothing before") == true)
  }

  /// A canary without a past inherits what its prompt was like on the same model and route; another new one is healthy.
  @Test func newVersionInheritsItsPromptsBaseline() {
    var world = AttributionWorld()
    world.dimensions = [
      ("version", ["41", "42", "43", "44"]), ("prompt", ["rag", "sum"]), ("model", ["flash", "pro"]),
      ("tenant", ["acme", "globex"]),
    ]
    world.parents = [["prompt", "model", "tenant"], ["prompt"]]
    // Summaries always fail often: a new version of theirs is no suspect for doing so too.
    world.volume = { ["43", "44"].contains($0["version"]) ? (0, 150) : (800, 400) }
    world.rate = { request in
      let usual = request["prompt"] == "sum" ? 0.25 : 0.02
      return (usual, request["version"] == "43" && request["prompt"] == "rag" ? 0.4 : usual)
    }
    #expect(world.verdict().report.causes.map(\.dimensions) == [["version": "43", "prompt": "rag"]])
  }

  @Test func fallingSignalsAreExplainedToo() {
    var world = AttributionWorld()
    // Cache hits: they fell for one model.
    world.rate = { (0.6, $0["model"] == "mini" ? 0.1 : 0.6) }
    #expect(world.verdict(direction: .fall).report.causes.map(\.dimensions) == [["model": "mini"]])
    #expect(world.verdict(direction: .rise).report.causes.isEmpty)
  }

  @Test func hostileNumbersOfValuesHideNothing() {
    var random = SplitMix(state: 5)
    var table = LeafTable(dimensions: ["request", "model", "noise"])
    for number in 0..<30_000 {
      let model = ["flash", "mini", "pro"][number % 3]
      let isNow = number % 2 == 0
      let fails = Double(random.next() % 1_000) / 1_000 < (isNow && model == "pro" ? 0.2 : 0.02)
      let one = Exposure(events: fails ? 1 : 0, exposures: 1)
      table.add(
        ["request-\(number)", model, "\(random.next() % 5_000)"], now: isNow ? one : Exposure(), before: isNow ? Exposure() : one)
    }
    let search = DevianceSearch(table, expected: LeafBaseline(parents: [[1]]).expected(table))
    let verdict = search.verdict()
    #expect(verdict.causes.map { table.values(of: $0.slice.literals) } == [["model": "pro"]])
  }

  @Test func dimensionsBeyondTheLimitAndAbsentValuesAreHarmless() {
    var table = LeafTable(dimensions: (0..<40).map { "d\($0)" })
    for number in 0..<2_000 {
      let bad = number % 4 == 0
      let values = (0..<40).map { $0 == 39 ? (bad ? "bad" : nil) : "\((number / ($0 + 2)) % 3)" }
      table.add(values, now: Exposure(events: bad ? 10 : 1, exposures: 40), before: Exposure(events: 1, exposures: 40))
    }
    let search = DevianceSearch(table, expected: LeafBaseline().expected(table))
    #expect(search.verdict().causes.map { table.values(of: $0.slice.literals) } == [["d39": "bad"]])
  }

  /// Any single cause with enough effect is found, whatever the world; and neither the order of leaves nor of dimensions matters.
  @Test(arguments: UInt64(1)...60)
  func plantedCauseIsFoundAndOrderNeverMatters(_ seed: UInt64) {
    var world = AttributionWorld()
    world.random = SplitMix(state: seed)
    var cause: [String: String] = [:]
    for dimension in world.dimensions.shuffled(using: &world.random).prefix(Int(seed % 3) + 1) {
      cause[dimension.name] = dimension.values.randomElement(using: &world.random)
    }
    let (usual, factor) = (Double.random(in: 0.01...0.08, using: &world.random), Double.random(in: 5...10, using: &world.random))
    world.rate = { (usual, Self.matches($0, cause) ? min(0.9, usual * factor) : usual) }
    world.volume = { _ in (600, 400) }
    let leaves = world.leaves()
    let names = world.dimensions.map(\.name)
    let report = AttributionWorld.verdict(names, leaves).report
    #expect(report.causes.map(\.dimensions) == [cause], "\(usual) × \(factor): \(report.abstention ?? "")")

    let order = names.indices.shuffled(using: &world.random)
    let shuffled = leaves.shuffled(using: &world.random).map { leaf in
      (values: order.map { leaf.values[$0] }, now: leaf.now, before: leaf.before)
    }
    let again = AttributionWorld.verdict(order.map { names[$0] }, shuffled).report
    #expect(again.causes.map(\.dimensions) == report.causes.map(\.dimensions))
    #expect(again.abstention == report.abstention)
    #expect(again.rejected.map(\.dimensions) == report.rejected.map(\.dimensions))
    #expect(again.rejected.map(\.reason) == report.rejected.map(\.reason))

    // Other names for the same dimensions and values give the same answer in other words.
    let renamed = leaves.map { leaf in (values: leaf.values.map { "x-" + $0 }, now: leaf.now, before: leaf.before) }
    let other = AttributionWorld.verdict(names.map { "y-" + $0 }, renamed).report
    let expected = Dictionary(cause.map { ("y-" + $0.key, "x-" + $0.value) }) { first, _ in first }
    #expect(other.causes.map(\.dimensions) == [expected])
  }
}
