// Finds the place of a series again: by its number in a batch of spans, by its name for all others.

import LLMMetrics

/// A slot for each series, kept from one draining to the next so that a series that stays costs an index and nothing else.
struct SeriesTable<Slot> {
  /// Slots that are kept; beyond that all go at a draining, and those that are needed come again.
  private static var keptLimit: Int { 16_384 }

  private struct Name: Hashable {
    let key: SeriesKey
    let time: Int64?
  }

  private var slots: [Slot] = []
  private var isInUse: [Bool] = []
  /// Those in use, in the order they first came.
  private var used: [Int32] = []
  /// Place in `slots` by the number of a series; -1 for none.
  private var places: [Int32] = []
  private var placesByName: [Name: Int32] = [:]
  private var generation: UInt64 = 0
  /// Some slots can no longer be found, or will not be asked for again.
  private var hasStale = false

  var usedCount: Int { used.count }

  /// To be called before values of `batch` are added. A series that changes its number has two slots until the next draining.
  mutating func prepare(for batch: MeasurementBatch) {
    if batch.generation != generation {
      places.removeAll(keepingCapacity: true)
      generation = batch.generation
      hasStale = !slots.isEmpty
    }
    if places.count < batch.series.count {
      places.append(contentsOf: repeatElement(-1, count: batch.series.count - places.count))
    }
  }

  /// After `prepare(for:)`. A place is good until the next draining.
  @inline(__always)
  func place(of number: Int32) -> Int? {
    let place = Int(places[Int(number)])
    return place < 0 ? nil : place
  }

  mutating func insert(_ slot: Slot, number: Int32) -> Int {
    places[Int(number)] = Int32(slots.count)
    return append(slot)
  }

  func place(of key: SeriesKey, time: Int64? = nil) -> Int? { placesByName[Name(key: key, time: time)].map { Int($0) } }

  mutating func insert(_ slot: Slot, key: SeriesKey, time: Int64? = nil) -> Int {
    placesByName[Name(key: key, time: time)] = Int32(slots.count)
    // A moment does not come again.
    if time != nil { hasStale = true }
    return append(slot)
  }

  @inline(__always)
  mutating func use(_ place: Int, _ change: (inout Slot) -> Void) {
    if !isInUse[place] {
      isInUse[place] = true
      used.append(Int32(place))
    }
    change(&slots[place])
  }

  /// Hands every slot in use to `take`, which leaves it as good as new.
  mutating func drain(_ take: (inout Slot) -> Void) {
    for place in used {
      take(&slots[Int(place)])
      isInUse[Int(place)] = false
    }
    used.removeAll(keepingCapacity: true)
    guard hasStale || slots.count > Self.keptLimit else { return }
    hasStale = false
    slots.removeAll(keepingCapacity: true)
    isInUse.removeAll(keepingCapacity: true)
    placesByName.removeAll(keepingCapacity: true)
    for index in places.indices { places[index] = -1 }
  }

  private mutating func append(_ slot: Slot) -> Int {
    slots.append(slot)
    isInUse.append(false)
    return slots.count - 1
  }
}
