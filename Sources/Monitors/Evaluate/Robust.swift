// Statistics that a few wild values do not move.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum Robust {
  static func median(_ values: [Double]) -> Double? { quantile(values, 0.5) }

  /// Linear between the two nearest values.
  static func quantile(_ values: [Double], _ quantile: Double) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let place = quantile * Double(sorted.count - 1)
    let low = Int(place)
    guard low + 1 < sorted.count else { return sorted[low] }
    return sorted[low] + (sorted[low + 1] - sorted[low]) * (place - Double(low))
  }

  /// The median absolute deviation, scaled to be the standard deviation of normal values.
  static func deviation(_ values: [Double], from center: Double) -> Double? {
    median(values.map { ($0 - center).magnitude }).map { $0 * 1.4826 }
  }

  /// The value a normal variable exceeds with probability `tail` (Acklam's approximation, relative error below 1.2e-9).
  static func normalQuantile(tail: Double) -> Double {
    let p = min(max(tail, 1e-300), 1 - 1e-16)
    let a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716, 2.506628277459239]
    let b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572]
    let c = [
      -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783,
    ]
    let d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416]
    func polynomial(_ coefficients: [Double], _ x: Double) -> Double { coefficients.reduce(0) { $0 * x + $1 } }
    if p < 0.02425 {
      let q = (-2 * log(p)).squareRoot()
      return -polynomial(c, q) / polynomial(d + [1], q)
    }
    if p > 1 - 0.02425 { return -normalQuantile(tail: 1 - p) }
    let q = p - 0.5
    return -polynomial(a, q * q) * q / polynomial(b + [1], q * q)
  }
}
