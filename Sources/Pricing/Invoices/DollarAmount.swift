// An amount of an invoice as exports write it, read exactly: never through a Double.

import LLMTelemetry

extension Nanodollars {
  /// `12.5`, `$1,234.56`, `-0.0000012345678`, `1.5e-05`. Digits below a nano-dollar are rounded, halves to even. `nil` for
  /// anything else and beyond nine billion dollars.
  init?(invoiceAmount text: String) {
    var rest = Substring(text)
    rest.trimSpaces()
    var isNegative = false
    if rest.hasPrefix("-") {
      isNegative = true
      rest.removeFirst()
    }
    if rest.hasPrefix("$") { rest.removeFirst() }
    if !isNegative, rest.hasPrefix("-") {
      isNegative = true
      rest.removeFirst()
    }
    var exponent = 0
    if let mark = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
      guard let value = Int(rest[rest.index(after: mark)...]), (-40...10).contains(value) else { return nil }
      exponent = value
      rest = rest[..<mark]
    }
    let parts = rest.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first.flatMap(Self.ungrouped) else { return nil }
    let fraction = parts.count == 2 ? Array(parts[1].utf8) : []
    guard !whole.isEmpty || !fraction.isEmpty, (whole + fraction).allSatisfy({ (48...57).contains($0) }),
      let amount = Self.rounded(whole + fraction, point: whole.count + exponent + 9)
    else { return nil }
    self.init(isNegative ? -amount : amount)
  }

  /// The digits without thousands separators; `nil` when those are not where they belong.
  private static func ungrouped(_ whole: Substring) -> [UInt8]? {
    let groups = whole.split(separator: ",", omittingEmptySubsequences: false)
    guard groups.count > 1 else { return Array(whole.utf8) }
    guard let first = groups.first, (1...3).contains(first.utf8.count), groups.dropFirst().allSatisfy({ $0.utf8.count == 3 })
    else { return nil }
    return groups.flatMap { Array($0.utf8) }
  }

  /// The number of the first `point` digits, rounded by the rest.
  private static func rounded(_ digits: [UInt8], point: Int) -> Int64? {
    var value: Int64 = 0
    for index in 0..<max(0, point) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = product.addingReportingOverflow(index < digits.count ? Int64(digits[index] - 48) : 0)
      guard !overflow, !sumOverflow else { return nil }
      value = sum
    }
    guard value < 9_000_000_000_000_000_000 else { return nil }
    guard point >= 0 else { return 0 }
    let rest = digits.dropFirst(point)
    guard let first = rest.first, first >= 53 else { return value }
    let isHalf = first == 53 && rest.dropFirst().allSatisfy { $0 == 48 }
    return isHalf && value % 2 == 0 ? value : value + 1
  }
}

extension Substring {
  fileprivate mutating func trimSpaces() {
    while first == " " { removeFirst() }
    while last == " " { removeLast() }
  }
}
