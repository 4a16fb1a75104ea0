// Sums over every conjunction of up to three dimensions, in small dense tables: this is where a million spans cost their time.

/// The leaves of one round with the values that can still matter renumbered from 1; 0 is every other value.
struct CompactLeaves {
  /// Indices into the table's dimensions, ascending; those without a value that matters are left out.
  let dimensions: [Int]
  /// By position in `dimensions`: the table's codes, where index 0 stands for compact code 1.
  let codes: [[Int32]]
  /// Compact codes, `dimensions.count` a leaf.
  let rows: [UInt8]
  /// Per leaf: events and expected, which say whether a slice matters at all.
  let pairs: [SIMD2<Double>]
  /// Per leaf: events, expected, exposures, baseline events, baseline exposures, excess in the alert's group.
  let amounts: [SIMD8<Double>]

  /// A value is kept when the deviances of its leaves add up to `leastDeviance`, since no slice within it can have more; of too many
  /// values those are kept where the leaves that went wrong outweigh those that moved the other way, which is what chance does not do.
  init(
    _ table: LeafTable, expected: [Double], deviance: [Double], opposite: [Double], isAlive: [Bool], leastDeviance: Double,
    settings: DevianceSettings
  ) {
    let width = table.dimensions.count
    var potentials = (0..<width).map { [Double](repeating: 0, count: table.codeCount($0)) }
    var net = potentials
    for leaf in 0..<table.count where isAlive[leaf] {
      let (wrong, balance) = (deviance[leaf], deviance[leaf] - opposite[leaf])
      for dimension in 0..<width {
        let code = Int(table.rows[leaf * width + dimension])
        potentials[dimension][code] += wrong
        net[dimension][code] += balance
      }
    }
    let strongest = potentials.map { $0.dropFirst().max() ?? 0 }
    // A hair of slack for rounding: sums in another order must not decide.
    let least = max(leastDeviance * (1 - 1e-9), 1e-9)
    let chosen = (0..<width).filter { strongest[$0] >= least }.sorted { left, right in
      strongest[left] != strongest[right] ? strongest[left] > strongest[right] : table.dimensions[left] < table.dimensions[right]
    }
    dimensions = chosen.prefix(settings.dimensionLimit).sorted()
    let valueLimit = min(settings.retainedValues, Int(UInt8.max))
    codes = dimensions.map { dimension in
      let kept = potentials[dimension].indices.dropFirst().filter { potentials[dimension][$0] >= least }
      return kept.sorted { net[dimension][$0] > net[dimension][$1] }.prefix(valueLimit).map { Int32($0) }
    }
    var compact = dimensions.map { [UInt8](repeating: 0, count: table.codeCount($0)) }
    for (position, kept) in codes.enumerated() {
      for (index, code) in kept.enumerated() { compact[position][Int(code)] = UInt8(index + 1) }
    }
    var rows: [UInt8] = []
    var amounts: [SIMD8<Double>] = []
    rows.reserveCapacity(table.count * dimensions.count)
    amounts.reserveCapacity(table.count)
    for leaf in 0..<table.count where isAlive[leaf] {
      var kept: UInt8 = 0
      for (position, dimension) in dimensions.enumerated() {
        let code = compact[position][Int(table.rows[leaf * width + dimension])]
        rows.append(code)
        kept |= code
      }
      guard kept != 0 else {
        rows.removeLast(dimensions.count)
        continue
      }
      let (now, before) = (table.now[leaf], table.before[leaf])
      amounts.append(
        SIMD8(
          now.events, expected[leaf], now.exposures, before.events, before.exposures,
          table.isInGroup[leaf] ? now.events - expected[leaf] : 0, 0, 0))
    }
    self.rows = rows
    self.amounts = amounts
    pairs = amounts.map { SIMD2($0[0], $0[1]) }
  }

  var count: Int { amounts.count }
}

/// The sums of all slices over the same dimensions; of `pairs` for a first look, of `amounts` where a slice matters.
struct SliceSums<Amounts: SIMD> where Amounts.Scalar == Double {
  /// Positions in `CompactLeaves.dimensions`, ascending, one to three.
  let positions: [Int]
  private let strides: [Int]
  private let sizes: [Int]
  private var cells: [Amounts]

  init(_ leaves: CompactLeaves, _ amounts: [Amounts], positions: [Int]) {
    self.positions = positions
    sizes = positions.map { leaves.codes[$0].count + 1 }
    var stride = 1
    strides = sizes.map { size in
      defer { stride *= size }
      return stride
    }
    cells = Array(repeating: Amounts(repeating: 0), count: stride)
    let width = leaves.dimensions.count
    let count = amounts.count
    // One loop for one, two and three dimensions: an absent one has a stride of 0.
    func part(_ index: Int) -> (position: Int, stride: Int) {
      index < positions.count ? (positions[index], strides[index]) : (0, 0)
    }
    let (first, second, third) = (part(0), part(1), part(2))
    leaves.rows.withUnsafeBufferPointer { rows in
      amounts.withUnsafeBufferPointer { amounts in
        cells.withUnsafeMutableBufferPointer { cells in
          var row = 0
          for leaf in 0..<count {
            let cell =
              Int(rows[row + first.position]) &* first.stride &+ Int(rows[row + second.position]) &* second.stride
              &+ Int(rows[row + third.position]) &* third.stride
            cells[cell] += amounts[leaf]
            row += width
          }
        }
      }
    }
  }

  /// Every slice that holds something, with a value that matters in each dimension.
  func forEach(_ body: (_ cell: Int, _ amounts: Amounts) -> Void) {
    func visit(_ index: Int, _ cell: Int) {
      if index < 0 {
        let amounts = cells[cell]
        if amounts[0] > 0 || amounts[1] > 0 { body(cell, amounts) }
        return
      }
      for code in 1..<max(1, sizes[index]) { visit(index - 1, cell + code * strides[index]) }
    }
    visit(positions.count - 1, 0)
  }

  func codes(_ cell: Int) -> [Int] { positions.indices.map { cell / strides[$0] % sizes[$0] } }
}

extension SliceSums<SIMD8<Double>> {
  func slice(_ cell: Int, in leaves: CompactLeaves) -> Slice {
    let literals = zip(positions, codes(cell)).map { position, code in
      Literal(dimension: leaves.dimensions[position], code: leaves.codes[position][code - 1])
    }
    var slice = Slice(literals: literals)
    let amounts = cells[cell]
    slice.now = Exposure(events: amounts[0], exposures: amounts[2])
    slice.expected = amounts[1]
    slice.before = Exposure(events: amounts[3], exposures: amounts[4])
    slice.groupExcess = amounts[5]
    return slice
  }
}

extension CompactLeaves {
  /// All combinations of up to `limit` of the dimensions, by position.
  func combinations(limit: Int) -> [[Int]] {
    var result: [[Int]] = []
    var pending: [[Int]] = dimensions.indices.map { [$0] }
    while let next = pending.popLast() {
      result.append(next)
      if next.count < limit, let last = next.last { pending += (last + 1..<dimensions.count).map { next + [$0] } }
    }
    return result
  }
}
