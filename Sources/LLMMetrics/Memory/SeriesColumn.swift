// The past of one series or group in memory: any stretch of it is totalled without going through its points.

import LLMTelemetry

/// Intervals with data, by slot (the number of the rollup since 1970), and what they hold. A class, so that whoever adds to it finds it
/// without going through all that contains it.
final class SeriesColumn {
  private let isCount: Bool
  private var counts = CountColumn()
  /// From the finest to the widest intervals; empty for counts.
  private var levels: [SketchLevel]
  /// The newest interval while it is in the finest level only: it joins the others once it is over, and not with every value.
  private var pending: Int?

  /// - Parameter hasLevels: whether minutes and hours are kept beside the finest intervals; they make long windows of
  ///   distributions cheap and cost a fifth more room.
  init(isCount: Bool, hasLevels: Bool) {
    self.isCount = isCount
    levels = isCount ? [] : (hasLevels ? [1, 6, 360] : [1]).map { SketchLevel(width: $0) }
  }

  var isEmpty: Bool { isCount ? counts.isEmpty : levels[0].slots.isEmpty }

  func add(_ count: Int64, at slot: Int) {
    if isCount { counts.add(count, at: slot) }
  }

  func add(sample: Double, at slot: Int) { update(at: slot) { $0.add(sample) } }

  func add(_ sketch: PackedSketch, at slot: Int) { update(at: slot) { $0.merge(sketch) } }

  @inline(__always)
  private func update(at slot: Int, _ change: (inout PackedSketch) -> Void) {
    guard !isCount else { return }
    if slot != pending {
      if let last = levels[0].slots.last, slot <= last {
        for index in levels.indices { levels[index].update(at: slot, change) }
        return
      }
      settle()
      pending = slot
    }
    levels[0].update(at: slot, change)
  }

  private func settle() {
    guard pending != nil, levels.count > 1, let slot = levels[0].slots.last, let sketch = levels[0].sketches.last else { return }
    pending = nil
    for index in levels.indices.dropFirst() { levels[index].update(at: slot) { $0.merge(sketch) } }
  }

  /// Everything in `slots` as one aggregate and the last slot with data; `nil` without data.
  func total(_ slots: Range<Int>) -> (aggregate: Aggregate, last: Int)? {
    if isCount { return counts.total(slots).map { (.count($0.sum), $0.last) } }
    guard let last = levels[0].lastSlot(in: slots) else { return nil }
    settle()
    var sketch = QuantileSketch()
    collect(slots, levels.count - 1, into: &sketch)
    return (.sketch(sketch), last)
  }

  func points(_ slots: Range<Int>) -> [(slot: Int, aggregate: Aggregate)] {
    if isCount { return counts.points(slots).map { ($0.slot, .count($0.count)) } }
    return levels[0].range(slots).map { (levels[0].slots[$0], .sketch(levels[0].sketches[$0].unpacked)) }
  }

  func copyPoints(_ slots: Range<Int>, into other: SeriesColumn) {
    if isCount {
      for point in counts.points(slots) { other.add(point.count, at: point.slot) }
    } else {
      for index in levels[0].range(slots) { other.add(levels[0].sketches[index], at: levels[0].slots[index]) }
    }
  }

  func forget(before slot: Int) {
    if isCount { counts.forget(before: slot) }
    for index in levels.indices { levels[index].forget(before: slot) }
  }

  /// The widest intervals that fit, in the order of time.
  private func collect(_ slots: Range<Int>, _ level: Int, into sketch: inout QuantileSketch) {
    guard !slots.isEmpty else { return }
    let width = levels[level].width
    let begin = (slots.lowerBound + width - 1) / width
    let end = slots.upperBound / width
    guard begin < end else {
      collect(slots, level - 1, into: &sketch)
      return
    }
    if level > 0 { collect(slots.lowerBound..<begin * width, level - 1, into: &sketch) }
    for index in levels[level].range(begin * width..<end * width) { sketch.merge(levels[level].sketches[index]) }
    if level > 0 { collect(end * width..<slots.upperBound, level - 1, into: &sketch) }
  }
}

/// Running sums: the difference of two of them is what lies between.
private struct CountColumn: Sendable {
  private var slots = SlotList()
  /// The sum of everything up to and with each slot.
  private var sums: [Int64] = []
  /// The sum of what was forgotten.
  private var base: Int64 = 0

  var isEmpty: Bool { slots.isEmpty }

  mutating func add(_ count: Int64, at slot: Int) {
    if let last = slots.last, slot <= last {
      let index = slots.lowerBound(slot)
      if slots[index] != slot {
        sums.insert(sum(before: index), at: index)
        slots.insert(slot, at: index)
      }
      for later in index..<sums.count { sums[later] &+= count }
    } else {
      sums.append((sums.last ?? base) &+ count)
      slots.append(slot)
    }
  }

  private func sum(before index: Int) -> Int64 { index == 0 ? base : sums[index - 1] }

  func total(_ range: Range<Int>) -> (sum: Int64, last: Int)? {
    let begin = slots.lowerBound(range.lowerBound)
    let end = slots.lowerBound(range.upperBound)
    guard begin < end else { return nil }
    return (sums[end - 1] &- sum(before: begin), slots[end - 1])
  }

  func points(_ range: Range<Int>) -> [(slot: Int, count: Int64)] {
    (slots.lowerBound(range.lowerBound)..<slots.lowerBound(range.upperBound)).map { (slots[$0], sums[$0] &- sum(before: $0)) }
  }

  mutating func forget(before slot: Int) {
    let index = slots.lowerBound(slot)
    guard slots.isWorthRemoving(index) else { return }
    base = sums[index - 1]
    sums.removeFirst(index)
    slots.removeFirst(index)
  }
}

/// Sketches of intervals of `width` slots, by the first slot of each.
struct SketchLevel: Sendable {
  let width: Int
  private(set) var slots = SlotList()
  private(set) var sketches: [PackedSketch] = []

  init(width: Int) { self.width = width }

  mutating func update(at slot: Int, _ update: (inout PackedSketch) -> Void) {
    let start = slot - slot % width
    if let last = slots.last, start <= last {
      let index = start == last ? slots.count - 1 : slots.lowerBound(start)
      if slots[index] != start {
        slots.insert(start, at: index)
        sketches.insert(PackedSketch(), at: index)
      }
      update(&sketches[index])
    } else {
      slots.append(start)
      sketches.append(PackedSketch())
      update(&sketches[sketches.count - 1])
    }
  }

  /// Places of the intervals that start in `range`.
  func range(_ range: Range<Int>) -> Range<Int> {
    let begin = slots.lowerBound(range.lowerBound)
    return begin..<max(begin, slots.lowerBound(range.upperBound))
  }

  func lastSlot(in range: Range<Int>) -> Int? {
    let end = slots.lowerBound(range.upperBound)
    guard end > 0, slots[end - 1] >= range.lowerBound else { return nil }
    return slots[end - 1]
  }

  mutating func forget(before slot: Int) {
    // An interval goes when all of it lies before.
    let index = slots.lowerBound(slot - width + 1)
    guard slots.isWorthRemoving(index) else { return }
    slots.removeFirst(index)
    sketches.removeFirst(index)
  }
}

/// Slots in ascending order, each once. Where there is data all the time, a slot is found at its place without searching.
struct SlotList: Sendable {
  private var slots: [Int] = []

  var count: Int { slots.count }
  var isEmpty: Bool { slots.isEmpty }
  var last: Int? { slots.last }
  subscript(index: Int) -> Int { slots[index] }

  mutating func append(_ slot: Int) { slots.append(slot) }
  mutating func insert(_ slot: Int, at index: Int) { slots.insert(slot, at: index) }
  mutating func removeFirst(_ count: Int) { slots.removeFirst(count) }

  /// What stays has to be moved, so a third as much has to go.
  func isWorthRemoving(_ count: Int) -> Bool { count > 0 && count * 4 >= slots.count }

  /// The first place whose slot is not before `slot`.
  func lowerBound(_ slot: Int) -> Int {
    guard let first = slots.first, let last = slots.last, slot > first else { return 0 }
    guard slot <= last else { return slots.count }
    // Slots differ by one at least, so a slot lies neither past its distance from the first nor before that from the last.
    var high = min(slots.count - 1, slot - first)
    if slots[high] == slot { return high }
    var low = max(0, slots.count - 1 - (last - slot))
    if slots[low] == slot { return low }
    while low < high {
      let middle = (low + high) / 2
      if slots[middle] < slot { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
