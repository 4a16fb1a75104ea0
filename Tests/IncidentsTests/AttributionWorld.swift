// A made-up world of requests whose truth is known: every combination of some dimensions, with rates that are set and counts that are drawn.

import Incidents
import TestSeries

struct AttributionWorld {
  var dimensions: [(name: String, values: [String])] = [
    ("tenant", ["acme", "globex", "initech", "umbrella"]), ("model", ["flash", "mini", "pro"]),
    ("route", ["answer", "chat", "classify"]),
    ("region", ["eu", "us"]),
  ]
  /// Requests of one leaf, now and before.
  var volume: ([String: String]) -> (before: Int, now: Int) = { _ in (400, 200) }
  /// Share of requests that fail, now and before.
  var rate: ([String: String]) -> (before: Double, now: Double) = { _ in (0.02, 0.02) }
  var parents: [[String]] = []
  var random = SplitMix(state: 11)

  mutating func leaves() -> [(values: [String], now: Exposure, before: Exposure)] {
    var combinations: [[String]] = [[]]
    for dimension in dimensions { combinations = combinations.flatMap { head in dimension.values.map { head + [$0] } } }
    return combinations.map { values in
      let named = Dictionary(zip(dimensions.map(\.name), values)) { first, _ in first }
      let (volume, rate) = (volume(named), rate(named))
      return (
        values, Exposure(events: draw(volume.now, rate.now), exposures: Double(volume.now)),
        Exposure(events: draw(volume.before, rate.before), exposures: Double(volume.before))
      )
    }
  }

  private mutating func draw(_ count: Int, _ rate: Double) -> Double {
    var events = 0.0
    for _ in 0..<count where Double(random.next() >> 11) / Double(1 << 53) < rate { events += 1 }
    return events
  }

  mutating func verdict(direction: DevianceDirection = .rise) -> (report: LeafReport, verdict: SliceVerdict) {
    Self.verdict(dimensions.map(\.name), leaves(), parents: parents, direction: direction)
  }

  static func verdict(
    _ names: [String], _ leaves: [(values: [String], now: Exposure, before: Exposure)], parents: [[String]] = [],
    direction: DevianceDirection = .rise
  ) -> (report: LeafReport, verdict: SliceVerdict) {
    var table = LeafTable(dimensions: names)
    for leaf in leaves { table.add(leaf.values, now: leaf.now, before: leaf.before) }
    let kept = parents.map { parent in names.indices.filter { parent.contains(names[$0]) } }
    let search = DevianceSearch(table, expected: LeafBaseline(parents: kept).expected(table), direction: direction)
    let verdict = search.verdict()
    return (LeafReport(search, verdict), verdict)
  }
}
