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

  /// Sums side by side, which the compiler turns into vector instructions. A product and a sum are two steps: one fused step is a
  /// library call for each number where the processor's own cannot be assumed.
  private static func product(_ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>) -> Float {
    let leftBytes = UnsafeRawBufferPointer(left)
    let rightBytes = UnsafeRawBufferPointer(right)
    var first = SIMD8<Float>(repeating: 0)
    var second = SIMD8<Float>(repeating: 0)
    var index = 0
    while index + 16 <= left.count {
      let offset = index * 4
      first +=
        leftBytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
        * rightBytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
      second +=
        leftBytes.loadUnaligned(fromByteOffset: offset + 32, as: SIMD8<Float>.self)
        * rightBytes.loadUnaligned(fromByteOffset: offset + 32, as: SIMD8<Float>.self)
      index += 16
    }
    var sum = (first + second).sum()
    while index < left.count {
      sum += left[index] * right[index]
      index += 1
    }
    return sum
  }
}
