// Splits the change of an overall rate into what changed within slices and what only their shares of the traffic did.

/// Two-fold decomposition with the baseline's rates as the reference (Oaxaca, Blinder 1973; Kitagawa 1955 for rates): `change = rate + mix`.
/// The present weights go with the rates, so that a slice without a past, such as a new version, counts as rate and not as mix.
package struct RateMix: Hashable, Sendable {
  package let before: Double
  package let now: Double
  /// The overall rate if every slice had kept its own.
  package let expected: Double

  package var change: Double { now - before }
  /// From rates within slices.
  package var rate: Double { now - expected }
  /// From the slices' shares of the traffic.
  package var mix: Double { expected - before }

  /// `nil` without traffic on both sides.
  init?(_ table: LeafTable, expected: [Double]) {
    guard let before = table.totalBefore.rate, let now = table.total.rate else { return nil }
    self.before = before
    self.now = now
    self.expected = expected.reduce(0, +) / table.total.exposures
  }

  /// True where the overall rate moved, and at least `share` of the movement comes from the mix.
  func isMix(_ direction: DevianceDirection, share: Double) -> Bool {
    let sign = direction == .rise ? 1.0 : -1.0
    return sign * change > 0 && sign * mix >= share * sign * change
  }
}

/// The value whose share of the traffic moved the overall rate most.
package struct MixShift: Hashable, Sendable {
  package let literal: Literal
  /// Share of the traffic, 0 to 1.
  package let before: Double
  package let now: Double
  /// Its own rate before.
  package let rate: Double?

  static func largest(_ table: LeafTable, _ direction: DevianceDirection) -> MixShift? {
    guard let overall = table.totalBefore.rate, table.total.exposures > 0 else { return nil }
    let width = table.dimensions.count
    var best: (effect: Double, name: [String], shift: MixShift)?
    for dimension in 0..<width {
      var now = [Double](repeating: 0, count: table.codeCount(dimension))
      var before = [Exposure](repeating: Exposure(), count: now.count)
      for leaf in 0..<table.count {
        let code = Int(table.rows[leaf * width + dimension])
        now[code] += table.now[leaf].exposures
        before[code] += table.before[leaf]
      }
      for code in now.indices.dropFirst() {
        guard let rate = before[code].rate else { continue }
        let (share, past) = (now[code] / table.total.exposures, before[code].exposures / table.totalBefore.exposures)
        let effect = (share - past) * (rate - overall) * (direction == .rise ? 1 : -1)
        let literal = Literal(dimension: dimension, code: Int32(code))
        let name = [table.dimensions[dimension], table.name(literal)]
        guard effect > 0 else { continue }
        if let best, (best.effect, name[0], name[1]) >= (effect, best.name[0], best.name[1]) { continue }
        best = (effect, name, MixShift(literal: literal, before: past, now: share, rate: rate))
      }
    }
    return best?.shift
  }
}
