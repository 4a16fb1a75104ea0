// Whole numbers from outside may be any: sums of them stay at the end of the range instead of trapping.

extension Int64 {
  @inline(__always)
  package func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    guard overflow else { return sum }
    return self < 0 ? .min : .max
  }

  @inline(__always)
  package func subtractingSaturated(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    guard overflow else { return difference }
    return self < 0 ? .min : .max
  }
}
