// Quantiles of the load generator's histogram.

import Testing

@testable import gateway_bench

struct HistogramTests {
  @Test("a quantile is within a tenth of a percent of the sample it stands for, from nanoseconds to minutes")
  func quantilesAreExactEnough() throws {
    for scale in [1, 1_000, 1_000_000, 300_000_000] as [UInt64] {
      var histogram = Histogram()
      for sample in 1...1_000 as ClosedRange<UInt64> { histogram.record(sample * scale) }
      for (share, expected) in [(0.5, 500), (0.99, 990), (0.999, 999), (1, 1_000)] as [(Double, UInt64)] {
        let found = Double(try #require(histogram.quantile(share)))
        #expect(abs(found / Double(expected * scale) - 1) < 0.001)
      }
    }
  }

  @Test("without samples there is no quantile, and beyond the range the longest duration is kept")
  func edges() {
    var histogram = Histogram()
    #expect(histogram.quantile(0.5) == nil)
    histogram.record(.max)
    #expect(histogram.count == 1)
    #expect(histogram.maximum == .max)
    #expect(histogram.quantile(0.5) ?? 0 >= 1 << 40)
  }
}
