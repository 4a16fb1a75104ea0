// Money: an integer count of nano-dollars, and how far the figure can be trusted.

/// An amount of US dollars in billionths. $0.30 per million tokens is 300 nano-dollars a token, exactly.
public struct Nanodollars: Hashable, Comparable, Sendable {
  public var count: Int64

  public init(_ count: Int64) { self.count = count }

  /// Plain decimal dollars without a currency sign or trailing zeros: `0.0000015`, `12`, `-0.5`.
  public var decimalDollars: String {
    let magnitude = count.magnitude
    let whole = magnitude / 1_000_000_000
    let fraction = magnitude % 1_000_000_000
    var text = (count < 0 ? "-" : "") + String(whole)
    if fraction > 0 {
      let digits = String(fraction)
      var padded = String(repeating: "0", count: 9 - digits.count) + digits
      while padded.last == "0" { padded.removeLast() }
      text += "." + padded
    }
    return text
  }

  /// Reads plain decimal dollars (`0.0000015`); `nil` for a sign other than a leading `-`, exponents or more than nine decimals.
  public init?(decimalDollars text: some StringProtocol) {
    let isNegative = text.first == "-"
    let parts = (isNegative ? text.dropFirst() : text[...]).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let wholeText = parts.first, !wholeText.isEmpty, wholeText.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }),
      let whole = Int64(wholeText), whole < 9_000_000_000
    else { return nil }
    var fraction: Int64 = 0
    if parts.count == 2 {
      guard !parts[1].isEmpty, parts[1].utf8.count <= 9, parts[1].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
      let padded = parts[1] + String(repeating: "0", count: 9 - parts[1].utf8.count)
      guard let value = Int64(padded) else { return nil }
      fraction = value
    }
    let total = whole * 1_000_000_000 + fraction
    self.init(isNegative ? -total : total)
  }

  /// For charts and rates only; sums of money stay integers.
  public var dollars: Double { Double(count) / 1e9 }

  public static func < (left: Nanodollars, right: Nanodollars) -> Bool { left.count < right.count }
  public static func + (left: Nanodollars, right: Nanodollars) -> Nanodollars { Nanodollars(left.count + right.count) }
  public static func - (left: Nanodollars, right: Nanodollars) -> Nanodollars { Nanodollars(left.count - right.count) }
}

/// What an exchange cost, and how far the figure can be trusted. An unknown cost is not zero.
public enum Cost: Hashable, Sendable {
  /// Every token the provider bills for is known and priced.
  case exact(Nanodollars, priceVersion: String)
  /// The provider reported some usage, but the exchange ended before the final figure or a bucket had no price: a lower bound.
  case partial(Nanodollars, priceVersion: String)
  /// Tokens were estimated by us because the provider reported none.
  case estimated(Nanodollars, priceVersion: String)
  /// No usage, or a model the price book does not know.
  case unknown

  public var amount: Nanodollars? {
    switch self {
    case .exact(let amount, _), .partial(let amount, _), .estimated(let amount, _): amount
    case .unknown: nil
    }
  }

  public var priceVersion: String? {
    switch self {
    case .exact(_, let version), .partial(_, let version), .estimated(_, let version): version
    case .unknown: nil
    }
  }

  /// `exact`, `partial`, `estimated` or `unknown`: the word in JSON, on pages and in the docs.
  public var exactness: String {
    switch self {
    case .exact: "exact"
    case .partial: "partial"
    case .estimated: "estimated"
    case .unknown: "unknown"
    }
  }
}
