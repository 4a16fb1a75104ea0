// The vectors of an index in memory, side by side: an exact search looks at each of them.

/// Vectors of one length and of length 1. Removing one puts the last into its place.
struct VectorTable: Sendable {
  private(set) var ids: [String] = []
  private var tags: [[String: [String]]] = []
  private var rows: [String: Int] = [:]
  private var values: ContiguousArray<Float> = []
  private(set) var dimensions = 0

  var count: Int { ids.count }

  /// Takes a vector in, in the place of one with the same id. Returns false for one of another length.
  mutating func set(_ id: String, _ vector: [Float], tags newTags: [String: [String]]) -> Bool {
    if ids.isEmpty {
      dimensions = vector.count
      values = []
    }
    guard vector.count == dimensions else { return false }
    if let row = rows[id] {
      tags[row] = newTags
      values.replaceSubrange((row * dimensions)..<((row + 1) * dimensions), with: vector)
    } else {
      rows[id] = ids.count
      ids.append(id)
      tags.append(newTags)
      values.append(contentsOf: vector)
    }
    return true
  }

  mutating func remove(_ id: String) {
    guard let row = rows.removeValue(forKey: id) else { return }
    let last = ids.count - 1
    if row != last {
      ids[row] = ids[last]
      tags[row] = tags[last]
      rows[ids[row]] = row
      for offset in 0..<dimensions { values[row * dimensions + offset] = values[last * dimensions + offset] }
    }
    ids.removeLast()
    tags.removeLast()
    values.removeLast(dimensions)
  }

  /// The nearest first; equals in the order of their ids. A `vector` of another length finds nothing.
  func nearest(to vector: [Float], limit: Int, filter: PassageFilter) -> [Neighbor] {
    guard vector.count == dimensions, limit > 0 else { return [] }
    var best: [(similarity: Float, row: Int)] = []
    best.reserveCapacity(limit + 1)
    values.withUnsafeBufferPointer { values in
      vector.withUnsafeBufferPointer { wanted in
        for row in 0..<ids.count where filter.restricts.isEmpty || filter.admits(tags[row]) {
          let similarity = Self.product(
            UnsafeBufferPointer(rebasing: values[(row * dimensions)..<((row + 1) * dimensions)]), wanted)
          if best.count == limit, let worst = best.last, similarity < worst.similarity { continue }
          func isBefore(_ other: (similarity: Float, row: Int)) -> Bool {
            similarity > other.similarity || (similarity == other.similarity && ids[row] < ids[other.row])
          }
          let place = best.firstIndex(where: isBefore) ?? best.count
          best.insert((similarity, row), at: place)
          if best.count > limit { best.removeLast() }
        }
      }
    }
    return best.map { Neighbor(passageID: ids[$0.row], similarity: Double($0.similarity)) }
  }

  /// Eight sums at a time, which the compiler turns into vector instructions.
  private static func product(_ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>) -> Float {
    var sums = SIMD8<Float>(repeating: 0)
    var index = 0
    while index + 8 <= left.count {
      var leftLane = SIMD8<Float>()
      var rightLane = SIMD8<Float>()
      for lane in 0..<8 {
        leftLane[lane] = left[index + lane]
        rightLane[lane] = right[index + lane]
      }
      sums.addProduct(leftLane, rightLane)
      index += 8
    }
    var sum = sums.sum()
    while index < left.count {
      sum += left[index] * right[index]
      index += 1
    }
    return sum
  }
}
