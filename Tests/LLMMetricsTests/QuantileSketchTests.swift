// Buckets are those of the formula, so that what was stored stays readable and merges.

import Foundation
import LLMMetrics
import Testing

@Suite struct QuantileSketchTests {
  @Test(arguments: [1.1e-9, 1e-6, 0.001, 0.2, 1, 1.0000001, 3.7, 1e5, 9.2e9, 1e300, Double.greatestFiniteMagnitude])
  func valueIsInTheBucketOfTheFormula(_ value: Double) {
    var sketch = QuantileSketch()
    sketch.add(value)
    let index = Int32((log(value) / log((1 + 0.01) / (1 - 0.01))).rounded(.up))
    #expect(sketch.buckets == [QuantileSketch.Bucket(index: index, count: 1)])
    #expect(sketch.quantile(0.5) == value)
    #expect(sketch.count(above: value / 2) == 1)
    #expect(sketch.count(above: value) == 0)
  }

  @Test func orderAndRoomMadeDoNotMatter() {
    let values = [5.0, 0.001, 300, 0, 1e-8, 5]
    var left = QuantileSketch()
    var right = QuantileSketch()
    for value in values { left.add(value) }
    for value in values.sorted().reversed() { right.add(value) }
    var merged = QuantileSketch()
    for value in values {
      var one = QuantileSketch()
      one.add(value)
      merged.merge(one)
    }
    #expect(left.buckets == right.buckets && left.count == 6 && left.zeroCount == 1)
    #expect(merged.buckets == left.buckets && merged.minimum == 0 && merged.maximum == 300)
    #expect(
      QuantileSketch(
        buckets: left.buckets.reversed(), zeroCount: left.zeroCount, sum: left.sum, minimum: left.minimum, maximum: left.maximum)
        == left)
  }

  @Test func partsNoSketchHasAreRefused() {
    func sketch(_ index: Int32, _ count: Int64, zero: Int64 = 0) -> QuantileSketch? {
      QuantileSketch(buckets: [.init(index: index, count: count)], zeroCount: zero, sum: 1, minimum: 1, maximum: 1)
    }
    #expect(sketch(1, 1) != nil)
    #expect(sketch(.max, 1) == nil && sketch(.min, 1) == nil)
    #expect(sketch(1, 0) == nil && sketch(1, .max, zero: 1) == nil && sketch(1, 1, zero: -1) == nil)
  }

  @Test func quantilesAreWithinOnePercent() throws {
    var sketch = QuantileSketch()
    for value in 1...10_000 { sketch.add(Double(value) / 100) }
    for quantile in [0, 0.1, 0.5, 0.95, 0.99, 1] {
      let exact = (1 + quantile * 9999) / 100
      #expect(abs(try #require(sketch.quantile(quantile)) - exact) <= exact * 0.0101)
    }
    #expect(!sketch.add(.nan) && !sketch.add(-1) && !sketch.add(.infinity))
  }
}
