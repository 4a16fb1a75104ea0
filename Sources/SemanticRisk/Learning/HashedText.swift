// Linear models over a text's letters: hashed character n-grams and word pairs, with a few features that are counted by hand.

/// What a text looks like to such a model.
package struct HashedText: Sendable {
  package struct Shape: Sendable, Equatable {
    /// The number of places is two to this power.
    package var bits: Int
    /// Bytes that are read from the beginning, and from the end when there is more.
    package var head: Int
    package var tail: Int

    package init(bits: Int, head: Int, tail: Int) {
      self.bits = bits
      self.head = head
      self.tail = tail
    }
  }

  /// Calls `body` with every place once.
  @inline(__always)
  static func eachPlace(_ bytes: UnsafeBufferPointer<UInt8>, shape: Shape, _ body: (Int) -> Void) {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(1, (1 << shape.bits) / 64)) { seen in
      seen.initialize(repeating: 0)
      let shift = UInt64(64 - shape.bits)
      @inline(__always) func add(_ hash: UInt64) {
        let place = Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) &>> shift)
        let bit: UInt64 = 1 &<< UInt64(place & 63)
        if seen[place &>> 6] & bit == 0 {
          seen[place &>> 6] |= bit
          body(place)
        }
      }
      // The end is read too when there is more than head and tail.
      let isCut = bytes.count > shape.head + shape.tail
      for part in 0..<(isCut ? 2 : 1) {
        let range = part == 0 ? 0..<(isCut ? shape.head : bytes.count) : (bytes.count - shape.tail)..<bytes.count
        var window: UInt64 = 0x20
        var count = 1
        var word: UInt64 = 0
        var lastWord: UInt64 = 0
        for index in range {
          var byte = bytes[index]
          if byte &- 65 < 26 { byte |= 32 } else if byte &- 48 < 10 { byte = 48 } else if byte <= 32 { byte = 32 }
          let isLetter = byte >= 0x80 || byte &- 97 < 26
          if isLetter {
            word = (word ^ UInt64(byte)) &* 0x100_0000_01b3 &+ 0x51
          } else {
            if word != 0 {
              if lastWord != 0 { add(word &* 31 &+ lastWord &* 0x85EB_CA6B &+ 7) }
              lastWord = word
              word = 0
            }
            // Runs of the same sign that is no letter count once: a line of forty dashes is a line.
            if UInt64(byte) == window & 0xFF { continue }
          }
          window = window << 8 | UInt64(byte)
          count &+= 1
          if count >= 3 { add(window & 0xFF_FFFF | 3 << 56) }
          if count >= 4 { add(window & 0xFFFF_FFFF | 4 << 56) }
          if count >= 5 { add(window & 0xFF_FFFF_FFFF | 5 << 56) }
        }
        if word != 0, lastWord != 0 { add(word &* 31 &+ lastWord &* 0x85EB_CA6B &+ 7) }
      }
    }
  }

  /// As a row to learn from: every n-gram counts the same, and a long text no more than a short one; `features` follow.
  package static func row(_ text: some Sequence<UInt8>, shape: Shape, features: [Float]) -> SparseRow {
    var used: [Int32] = []
    Array(text).withUnsafeBufferPointer { bytes in eachPlace(bytes, shape: shape) { used.append(Int32($0)) } }
    used.sort()
    let value = 1 / Float(max(1, used.count)).squareRoot()
    var row = SparseRow(places: used, values: [Float](repeating: value, count: used.count))
    for (index, feature) in features.enumerated() where feature != 0 {
      row.places.append(Int32(1 << shape.bits + index))
      row.values.append(feature)
    }
    return row
  }
}

/// A fitted model with its weights in one byte each.
package struct HashedTextModel: Sendable, Equatable {
  package let shape: HashedText.Shape
  let weights: ContiguousArray<Int8>
  let scale: Float
  let features: [Float]
  let bias: Float

  /// Rounds the weights of `model` to a byte each.
  package init(_ model: LogisticRegression, shape: HashedText.Shape, features count: Int) {
    self.shape = shape
    let size = 1 << shape.bits
    let largest = model.weights.prefix(size).reduce(0.0) { max($0, abs($1)) }
    let scale = max(1e-9, largest / 127)
    weights = ContiguousArray(model.weights.prefix(size).map { Int8(max(-127, min(127, ($0 / scale).rounded()))) })
    self.scale = Float(scale)
    features = (0..<count).map { Float(model.weights[size + $0]) }
    bias = Float(model.bias)
  }

  /// Log-odds of a text and its counted features.
  package func margin(_ bytes: UnsafeBufferPointer<UInt8>, features values: [Float]) -> Double {
    var sum: Int32 = 0
    var count: Int32 = 0
    weights.withUnsafeBufferPointer { weights in
      HashedText.eachPlace(bytes, shape: shape) { place in
        sum &+= Int32(weights[place])
        count &+= 1
      }
    }
    var margin = bias + Float(sum) * scale / Float(max(1, count)).squareRoot()
    for (weight, value) in zip(features, values) { margin += weight * value }
    return Double(margin)
  }

  package var featureCount: Int { features.count }

  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(int: shape.bits)
    bytes.append(int: shape.head)
    bytes.append(int: shape.tail)
    bytes.append(int: features.count)
    bytes.append(float: scale)
    bytes.append(float: bias)
    for feature in features { bytes.append(float: feature) }
    for weight in weights { bytes.append(UInt8(bitPattern: weight)) }
    return bytes
  }

  /// Nil when the bytes are not a whole model.
  package init?(encoded bytes: [UInt8]) {
    var cursor = ByteCursor(bytes)
    let bits = cursor.int()
    let head = cursor.int()
    let tail = cursor.int()
    let count = cursor.int()
    guard (6...20).contains(bits), count < 1000, bytes.count == 24 + count * 4 + (1 << bits) else { return nil }
    shape = HashedText.Shape(bits: bits, head: head, tail: tail)
    scale = cursor.float()
    bias = cursor.float()
    features = (0..<count).map { _ in cursor.float() }
    guard scale.isFinite, bias.isFinite, features.allSatisfy(\.isFinite) else { return nil }
    weights = ContiguousArray(bytes.suffix(1 << bits).map { Int8(bitPattern: $0) })
  }
}
