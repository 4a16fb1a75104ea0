// The leaves of an attribution: every combination of dimension values, with what was seen now and before.

/// Events (errors, ungrounded answers, slow requests, dollars) among exposures (requests, scored answers).
package struct Exposure: Hashable, Sendable {
  package var events = 0.0
  package var exposures = 0.0

  package init(events: Double = 0, exposures: Double = 0) {
    self.events = events
    self.exposures = exposures
  }

  static func += (left: inout Exposure, right: Exposure) {
    left.events += right.events
    left.exposures += right.exposures
  }

  static func - (left: Exposure, right: Exposure) -> Exposure {
    Exposure(events: max(0, left.events - right.events), exposures: max(0, left.exposures - right.exposures))
  }

  package var rate: Double? { exposures > 0 ? events / exposures : nil }
}

package struct LeafTable: Sendable {
  /// Values of one dimension that are told apart; later ones count as absent, so that nothing is blamed on them.
  package static let valueLimit = 100_000
  /// Later leaves become one without values: totals stay right.
  package static let leafLimit = 200_000

  package let dimensions: [String]
  private var codes: [ValueCodes]
  /// Codes of all leaves, one after the other, `dimensions.count` each.
  private(set) var rows: [Int32] = []
  private(set) var now: [Exposure] = []
  private(set) var before: [Exposure] = []
  /// Inside the group the alert speaks about.
  private(set) var isInGroup: [Bool] = []
  package private(set) var total = Exposure()
  package private(set) var totalBefore = Exposure()
  /// Rows whose leaf fell to `leafLimit`.
  package private(set) var folded = 0
  /// The codes of the row that is being added; here so that a row allocates nothing.
  private var scratch: [Int32]
  /// Open addressing over `rows`: leaf number plus one, 0 is free.
  private var slots: [Int32] = Array(repeating: 0, count: 1_024)

  package init(dimensions: [String]) {
    self.dimensions = dimensions
    codes = dimensions.map { _ in ValueCodes() }
    scratch = Array(repeating: 0, count: dimensions.count)
  }

  package var count: Int { now.count }

  /// How many codes a dimension has, 0 among them.
  func codeCount(_ dimension: Int) -> Int { codes[dimension].count }

  package func name(_ literal: Literal) -> String { codes[literal.dimension].names[Int(literal.code)] }

  /// Adds to the leaf with these values, one a dimension; `nil` is "absent".
  package mutating func add(_ values: [String?], now present: Exposure, before past: Exposure, isInGroup inside: Bool = true) {
    for dimension in dimensions.indices {
      let value = dimension < values.count ? values[dimension] : nil
      scratch[dimension] = value.map { codes[dimension].code($0, limit: Self.valueLimit) } ?? 0
    }
    total += present
    totalBefore += past
    let leaf = leaf(scratch)
    now[leaf] += present
    before[leaf] += past
    if inside { isInGroup[leaf] = true }
  }

  private mutating func leaf(_ codes: [Int32]) -> Int {
    if let found = find(codes) { return found }
    guard count < Self.leafLimit else {
      folded += 1
      let nowhere = [Int32](repeating: 0, count: codes.count)
      return find(nowhere) ?? insert(nowhere)
    }
    return insert(codes)
  }

  private func find(_ codes: [Int32]) -> Int? {
    var slot = Self.hash(codes[...]) & (slots.count - 1)
    let width = codes.count
    while slots[slot] != 0 {
      let leaf = Int(slots[slot]) - 1
      var isSame = true
      for index in 0..<width where rows[leaf * width + index] != codes[index] {
        isSame = false
        break
      }
      if isSame { return leaf }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private mutating func insert(_ codes: [Int32]) -> Int {
    let leaf = count
    rows += codes
    now.append(Exposure())
    before.append(Exposure())
    isInGroup.append(false)
    if count * 2 > slots.count {
      slots = Array(repeating: 0, count: slots.count * 4)
      for leaf in 0..<count { place(leaf) }
    } else {
      place(leaf)
    }
    return leaf
  }

  private mutating func place(_ leaf: Int) {
    let width = dimensions.count
    var slot = Self.hash(rows[leaf * width..<leaf * width + width]) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(leaf + 1)
  }

  private static func hash(_ codes: ArraySlice<Int32>) -> Int {
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    for code in codes {
      state = (state ^ UInt64(UInt32(bitPattern: code))) &* 0xbf58_476d_1ce4_e5b9
      state ^= state >> 29
    }
    return Int(truncatingIfNeeded: state & 0x7fff_ffff_ffff_ffff)
  }

  /// Dimension name to value.
  package func values(of literals: [Literal]) -> [String: String] {
    Dictionary(literals.map { (dimensions[$0.dimension], name($0)) }) { first, _ in first }
  }

  /// The value that all present and past traffic of a slice shares; `nil` where there are several or none.
  package func onlyValue(of name: String, in literals: [Literal]) -> String? {
    guard let dimension = dimensions.firstIndex(of: name) else { return nil }
    var only: Int32?
    for leaf in 0..<count where now[leaf].exposures + now[leaf].events > 0 && covers(leaf, literals) {
      let code = rows[leaf * dimensions.count + dimension]
      if let only, only != code { return nil }
      only = code
    }
    guard let only, only != 0 else { return nil }
    return self.name(Literal(dimension: dimension, code: only))
  }

  /// `nil` where one of the values was never seen, or its dimension is none of the table's.
  func literals(of values: [String: String]) -> [Literal]? {
    var literals: [Literal] = []
    for (name, value) in values {
      guard let dimension = dimensions.firstIndex(of: name) else { return nil }
      let code = codes[dimension].known(value)
      guard code != 0 else { return nil }
      literals.append(Literal(dimension: dimension, code: code))
    }
    return literals.sorted { $0.dimension < $1.dimension }
  }

  func covers(_ leaf: Int, _ literals: [Literal]) -> Bool {
    literals.allSatisfy { rows[leaf * dimensions.count + $0.dimension] == $0.code }
  }
}

/// One dimension with one value, by their numbers in a `LeafTable`.
package struct Literal: Hashable, Sendable {
  package let dimension: Int
  package let code: Int32
}
