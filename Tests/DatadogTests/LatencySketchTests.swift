// Sketches of durations: what Datadog's own library reads in them is within their accuracy, whatever the durations were.

import Foundation
import TestSeries
import Testing

@testable import Datadog

@Suite struct LatencySketchTests {
  private static let quantiles = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]

  /// Durations in nanoseconds as services have them, and as none has.
  private static func samples() -> [[Int64]] {
    var random = SplitMix(state: 11)
    let usual = (0..<5_000).map { _ in Int64(Double.random(in: 1e6...4e9, using: &random)) }
    var wide: [Int64] = []
    var twoPeaks: [Int64] = []
    for number in Int64(0)..<5_000 {
      wide.append(Int64(exp(Double.random(in: 7...31, using: &random))))
      twoPeaks.append(number + (number % 10 == 0 ? 30_000_000_000 : 800_000))
    }
    return [usual, wide, twoPeaks, [1], [7, 7, 7], wide.reversed(), Array(repeating: 250_000_000, count: 300)]
  }

  @Test func anotherLibraryReadsTheQuantilesWithinTheAccuracy() throws {
    let samples = Self.samples()
    let sketches = samples.map { durations in
      var sketch = LatencySketch()
      for duration in durations { sketch.add(nanoseconds: duration) }
      return Data(sketch.bytes)
    }
    let readings = try PythonSketchReader(sketches: sketches, quantiles: Self.quantiles).run()
    try #require(readings.count == samples.count)
    for (durations, reading) in zip(samples, readings) {
      #expect(reading.count == Double(durations.count) && reading.zero == 0)
      #expect(reading.gamma == LatencySketch.gamma && reading.offset == LatencySketch.offset)
      let sorted = durations.sorted()
      for (quantile, value) in zip(Self.quantiles, reading.values) {
        let exact = Double(sorted[Int(quantile * Double(sorted.count - 1))])
        let value = try #require(value)
        #expect(abs(value - exact) <= 0.00776 * exact, "\(quantile): \(value) for \(exact)")
      }
    }
  }

  @Test func nothingAndZeroAreReadToo() throws {
    var zero = LatencySketch()
    for duration: Int64 in [0, -5, .min, 1_000_000] { zero.add(nanoseconds: duration) }
    let readings = try PythonSketchReader(sketches: [Data(LatencySketch().bytes), Data(zero.bytes)], quantiles: [0, 1]).run()
    #expect(readings.map(\.count) == [0, 4] && readings.map(\.zero) == [0, 3])
    #expect(readings[0].values == [nil, nil])
    #expect(readings[1].values[0] == 0 && abs((readings[1].values[1] ?? 0) - 1e6) < 8e3)
  }

  /// From a nanosecond to three hundred years are more bins than a sketch has: the long ones stay exact, and none is lost.
  @Test func aRangeThatIsTooWideLosesOnlyTheShortEnd() throws {
    for isAscending in [true, false] {
      var sketch = LatencySketch()
      let durations = (0..<63).map { Int64(1) << Int64($0) }
      for duration in isAscending ? durations : durations.reversed() { sketch.add(nanoseconds: duration) }
      let bytes = sketch.bytes
      #expect(bytes.count <= LatencySketch.maximumBins * 8 + 64)
      let reading = try #require(try PythonSketchReader(sketches: [Data(bytes)], quantiles: [0.5, 1]).run().first)
      #expect(reading.count == 63)
      for (value, exact) in zip(reading.values, [durations[31], durations[62]]) {
        #expect(abs((value ?? 0) - Double(exact)) <= 0.00776 * Double(exact))
      }
    }
  }
}
