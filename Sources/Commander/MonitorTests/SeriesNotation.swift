// The compact notation of series in monitor tests, as Prometheus' rule tests write it: `0+10x20`, `5x3 _x2 8`.

struct SeriesNotation: Hashable, Sendable {
  struct Malformed: Error, Hashable {
    let message: String
  }

  /// One value a step; `nil` where there is none.
  let values: [Double?]

  /// Values of one test; more are a slip of the pen.
  static let limit = 1_000_000

  /// - `a+bxn`, `a-bxn`: a, then n more, each b more or less than the one before.
  /// - `axn`: a, then n more of the same. `_`: nothing; `_xn`: n times nothing.
  /// - `a`: one value.
  init(_ text: String) throws(Malformed) {
    var values: [Double?] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      let part = try Self.part(String(word))
      guard values.count + part.count <= Self.limit else { throw Malformed(message: "is more than \(Self.limit) values") }
      for index in 0..<part.count { values.append(part.start.map { $0 + Double(index) * part.step }) }
    }
    guard !values.isEmpty else { throw Malformed(message: "has no value") }
    self.values = values
  }

  private static func part(_ word: String) throws(Malformed) -> (start: Double?, step: Double, count: Int) {
    let failure = Malformed(message: "\"\(word)\" is no series; write 5, 5x10, 0+10x20, 100-5x10 or _x5")
    let halves = word.split(separator: "x", maxSplits: 1, omittingEmptySubsequences: false)
    var more: Int?
    if halves.count == 2 {
      guard let count = Int(halves[1]), (0..<limit).contains(count) else { throw failure }
      more = count
    }
    let text = halves[0]
    if text == "_" { return (nil, 0, more ?? 1) }
    // The sign of the step is the last one that is neither the first letter nor that of an exponent.
    var sign: Substring.Index?
    var before: Character?
    for index in text.indices {
      if index != text.startIndex, "+-".contains(text[index]), before != "e", before != "E" { sign = index }
      before = text[index]
    }
    guard let sign else {
      guard let start = Double(text), start.isFinite else { throw failure }
      return (start, 0, (more ?? 0) + 1)
    }
    guard let start = Double(text[..<sign]), let step = Double(text[sign...]), start.isFinite, step.isFinite, let more else {
      throw failure
    }
    return (start, step, more + 1)
  }
}
