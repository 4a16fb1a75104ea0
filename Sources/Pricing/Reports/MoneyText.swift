// Money and shares as tables show them; JSON has the exact decimal instead.

import LLMTelemetry

package enum MoneyText {
  /// `$12.34`, and all digits below a cent, so that a small cost does not look like none.
  package static func dollars(_ amount: Nanodollars) -> String {
    let cent: Int64 = 10_000_000
    let isSmall = amount.count.magnitude < UInt64(cent)
    guard !isSmall else { return (amount.count < 0 ? "-$" : "$") + Nanodollars(Int64(amount.count.magnitude)).decimalDollars }
    let (quotient, remainder) = amount.count.magnitude.quotientAndRemainder(dividingBy: UInt64(cent))
    let cents = quotient + (remainder * 2 >= UInt64(cent) ? 1 : 0)
    let fraction = String(cents % 100)
    return (amount.count < 0 ? "-$" : "$") + "\(cents / 100)." + (fraction.utf8.count == 1 ? "0" + fraction : fraction)
  }

  /// `12.3%`; `<0.1%` for what would round to none.
  package static func percent(_ share: Double) -> String {
    let tenths = (share * 1000).rounded()
    if tenths == 0, share != 0 { return share > 0 ? "<0.1%" : ">-0.1%" }
    guard tenths.magnitude < 1e15 else { return "-" }
    let magnitude = Int(tenths.magnitude)
    return (tenths < 0 ? "-" : "") + "\(magnitude / 10).\(magnitude % 10)%"
  }
}
