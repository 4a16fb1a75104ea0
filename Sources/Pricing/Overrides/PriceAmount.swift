// A price as people write it, dollars per million tokens, read exactly and refused where its unit must be a mistake.

/// Picodollars per token, which is dollars per million tokens with six decimals.
struct PriceAmount: Hashable, Sendable {
  let picodollars: Int64

  /// What a written price is instead of a price.
  enum Mistake: Error, Hashable, Sendable {
    case notADecimal
    /// Above $10,000 per million tokens.
    case tooHigh
    /// Below $0.0001 per million tokens and not zero.
    case tooLow
    /// In range, with more decimals than a picodollar has.
    case tooFine

    /// What is wrong; what to do.
    var message: String {
      switch self {
      case .notADecimal: "must be plain decimal dollars per million tokens, such as 2.50 or 0.0375"
      case .tooHigh:
        "is above $10,000 per million tokens; the unit is US dollars per million tokens: did you write a price per billion, or another currency?"
      case .tooLow:
        "is below $0.0001 per million tokens; the unit is US dollars per million tokens: did you write the price per token? Multiply it by 1,000,000"
      case .tooFine: "has more than six decimals; round it to a millionth of a dollar per million tokens"
      }
    }
  }

  /// Digits, optionally a point and digits: no sign, no exponent, no separators. Never through a `Double`.
  init(dollarsPerMillionTokens text: String) throws(Mistake) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }) else {
      throw .notADecimal
    }
    let significant = whole.drop { $0 == "0" }
    guard significant.utf8.count <= 5 else { throw .tooHigh }
    var decimals = parts.count == 2 ? parts[1] : ""
    while decimals.last == "0" { decimals.removeLast() }
    let isFine = decimals.utf8.count > 6
    let padded = decimals.prefix(6) + String(repeating: "0", count: max(0, 6 - decimals.utf8.count))
    guard let dollars = significant.isEmpty ? 0 : Int64(significant), let millionths = Int64(padded) else { throw .notADecimal }
    let value = dollars * 1_000_000 + millionths
    if value > 10_000_000_000 || (value == 10_000_000_000 && isFine) { throw .tooHigh }
    if value < 100 && (value > 0 || isFine) { throw .tooLow }
    if isFine { throw .tooFine }
    picodollars = value
  }
}
