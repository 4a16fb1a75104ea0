// The evidence of all slices and lanes in flat arrays, so that the two loops that cost time run over plain floats.

/// For each slice and lane two cumulated likelihood ratios, for a mild and a strong alternative, that never fall below zero.
struct EvidenceTable {
  static let lanes = DetectionSignal.laneCount
  /// Of one span or one bucket: the mild evidence of all lanes, the strong, and the support.
  static let stride = 3 * lanes

  private var pending: [Float] = []
  private var mild: [Float] = []
  private var strong: [Float] = []
  /// Events, or measured spans, since the sums left zero.
  private var support: [Float] = []
  /// When the sums left zero, and when they reached a quarter of the threshold; in buckets.
  private var left: [Int32] = []
  private var crossed: [Int32] = []

  mutating func addSlice() {
    pending += Array(repeating: 0, count: Self.stride)
    mild += Array(repeating: 0, count: Self.lanes)
    strong += Array(repeating: 0, count: Self.lanes)
    support += Array(repeating: 0, count: Self.lanes)
    left += Array(repeating: 0, count: Self.lanes)
    crossed += Array(repeating: -1, count: Self.lanes)
  }

  /// Adds one span's evidence to its slices.
  @inline(__always)
  mutating func add(_ span: [Float], to slices: [Int32]) {
    pending.withUnsafeMutableBufferPointer { pending in
      span.withUnsafeBufferPointer { span in
        guard let source = span.baseAddress, let base = pending.baseAddress, span.count == Self.stride else { return }
        for number in slices {
          let target = base + Int(number) * Self.stride
          for place in 0..<Self.stride { target[place] += source[place] }
        }
      }
    }
  }

  /// Adds to the evidence of the running bucket.
  mutating func add(slice: Int, lane: Int, mild: Float, strong: Float) {
    pending[slice * Self.stride + lane] += mild
    pending[slice * Self.stride + Self.lanes + lane] += strong
  }

  /// Before there is a baseline nothing is evidence.
  mutating func startOver(_ slice: Int) {
    for place in 0..<Self.stride { pending[slice * Self.stride + place] = 0 }
  }

  /// Takes the running bucket into the sums, and returns the highest of them.
  mutating func settle(_ slice: Int, bucket: Int32, crossing: Float, cap: Float) -> Float {
    let first = slice * Self.lanes
    var highest: Float = 0
    pending.withUnsafeMutableBufferPointer { pending in
      mild.withUnsafeMutableBufferPointer { mild in
        strong.withUnsafeMutableBufferPointer { strong in
          support.withUnsafeMutableBufferPointer { support in
            left.withUnsafeMutableBufferPointer { left in
              crossed.withUnsafeMutableBufferPointer { crossed in
                guard let pending = pending.baseAddress.map({ $0 + slice * Self.stride }),
                  let mild = mild.baseAddress.map({ $0 + first }),
                  let strong = strong.baseAddress.map({ $0 + first }), let support = support.baseAddress.map({ $0 + first }),
                  let left = left.baseAddress.map({ $0 + first }), let crossed = crossed.baseAddress.map({ $0 + first })
                else { return }
                for lane in 0..<Self.lanes {
                  let before = mild[lane] + strong[lane]
                  var one = mild[lane] + pending[lane]
                  one = one > 0 ? one : 0
                  one = one < cap ? one : cap
                  var other = strong[lane] + pending[Self.lanes + lane]
                  other = other > 0 ? other : 0
                  other = other < cap ? other : cap
                  mild[lane] = one
                  strong[lane] = other
                  let high = one > other ? one : other
                  let kept = support[lane] + pending[2 * Self.lanes + lane]
                  support[lane] = high > 0 ? kept : 0
                  left[lane] = before > 0 ? left[lane] : bucket
                  let since = crossed[lane] >= 0 ? crossed[lane] : bucket
                  crossed[lane] = high < crossing ? -1 : since
                  highest = high > highest ? high : highest
                }
                for place in 0..<Self.stride { pending[place] = 0 }
              }
            }
          }
        }
      }
    }
    return highest
  }

  func sum(_ slice: Int, _ lane: Int) -> Float { max(mild[slice * Self.lanes + lane], strong[slice * Self.lanes + lane]) }
  func support(_ slice: Int, _ lane: Int) -> Float { support[slice * Self.lanes + lane] }
  func left(_ slice: Int, _ lane: Int) -> Int32 { left[slice * Self.lanes + lane] }
  func crossed(_ slice: Int, _ lane: Int) -> Int32 { crossed[slice * Self.lanes + lane] }

  mutating func forget(_ slice: Int, _ lane: Int) {
    let place = slice * Self.lanes + lane
    mild[place] = 0
    strong[place] = 0
    support[place] = 0
    crossed[place] = -1
  }
}
