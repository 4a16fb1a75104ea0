// A small hash table from 32-bit keys to integers: what an index of a few hundred words needs, at a fraction of a dictionary's cost.

/// Open addressing with linear probing. Keys are hashes already, so they are only spread. Key and value share one word, so that a
/// look-up touches one place in memory.
struct HashTable {
  /// The key zero means "empty"; a key that is zero is kept as one.
  private var entries: ContiguousArray<UInt64>
  private var mask: Int
  private(set) var count = 0

  init(minimumCapacity: Int) {
    var size = 16
    while size < minimumCapacity * 2 { size *= 2 }
    entries = ContiguousArray(repeating: 0, count: size)
    mask = size - 1
  }

  @inline(__always)
  private static func packed(_ key: UInt32, _ value: Int32) -> UInt64 { UInt64(key) << 32 | UInt64(UInt32(bitPattern: value)) }

  /// The place of `key`, or the empty one where it belongs.
  @inline(__always)
  private static func place(_ key: UInt32, _ entries: UnsafeBufferPointer<UInt64>, _ mask: Int) -> Int {
    var index = Int(truncatingIfNeeded: (key &* 0x9E37_79B1) >> 7) & mask
    while entries[index] != 0, UInt32(truncatingIfNeeded: entries[index] >> 32) != key { index = (index &+ 1) & mask }
    return index
  }

  /// The value of `key`, or nil.
  @inline(__always)
  subscript(key: UInt32) -> Int32? {
    let key = key == 0 ? 1 : key
    let entry = entries.withUnsafeBufferPointer { $0[Self.place(key, $0, mask)] }
    return entry == 0 ? nil : Int32(truncatingIfNeeded: entry)
  }

  @inline(__always)
  func contains(_ key: UInt32) -> Bool { self[key] != nil }

  /// Sets the value of `key` and gives back the one it had.
  @discardableResult
  mutating func set(_ key: UInt32, _ value: Int32) -> Int32? { change(key) { _ in value } }

  /// Sets the value of `key` when it has none, else gives back the one it has.
  @discardableResult
  @inline(__always)
  mutating func setIfAbsent(_ key: UInt32, _ value: Int32) -> Int32? { change(key) { $0 ?? value } }

  /// Counts `key` once more.
  mutating func add(_ key: UInt32) { _ = change(key) { ($0 ?? 0) &+ 1 } }

  /// True when `key` was not there.
  @discardableResult
  mutating func insert(_ key: UInt32) -> Bool { change(key) { $0 ?? 0 } == nil }

  @inline(__always)
  private mutating func change(_ key: UInt32, _ value: (Int32?) -> Int32) -> Int32? {
    if count &* 2 > mask { grow() }
    let key = key == 0 ? 1 : key
    let mask = mask
    let old: UInt64 = entries.withUnsafeMutableBufferPointer { entries in
      let index = Self.place(key, UnsafeBufferPointer(entries), mask)
      let old = entries[index]
      entries[index] = Self.packed(key, value(old == 0 ? nil : Int32(truncatingIfNeeded: old)))
      return old
    }
    if old == 0 {
      count &+= 1
      return nil
    }
    return Int32(truncatingIfNeeded: old)
  }

  /// Forgets everything and keeps the room.
  mutating func removeAll() {
    guard count > 0 else { return }
    count = 0
    entries.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
  }

  private mutating func grow() {
    var larger = HashTable(minimumCapacity: entries.count)
    for entry in entries where entry != 0 {
      larger.set(UInt32(truncatingIfNeeded: entry >> 32), Int32(truncatingIfNeeded: entry))
    }
    self = larger
  }
}

/// Which keys were seen, and nothing about them: half the memory of a table.
struct HashSet {
  /// The key zero means "empty"; a key that is zero is kept as one.
  private var keys: ContiguousArray<UInt32>
  private var mask: Int
  private(set) var count = 0

  init(minimumCapacity: Int) {
    var size = 16
    while size < minimumCapacity * 2 { size *= 2 }
    keys = ContiguousArray(repeating: 0, count: size)
    mask = size - 1
  }

  @inline(__always)
  private static func place(_ key: UInt32, _ keys: UnsafeBufferPointer<UInt32>, _ mask: Int) -> Int {
    var index = Int(truncatingIfNeeded: (key &* 0x9E37_79B1) >> 7) & mask
    while keys[index] != 0, keys[index] != key { index = (index &+ 1) & mask }
    return index
  }

  @inline(__always)
  func contains(_ key: UInt32) -> Bool {
    let key = key == 0 ? 1 : key
    return keys.withUnsafeBufferPointer { $0[Self.place(key, $0, mask)] != 0 }
  }

  /// True when `key` was not there.
  @discardableResult
  @inline(__always)
  mutating func insert(_ key: UInt32) -> Bool {
    if count &* 2 > mask { grow() }
    let key = key == 0 ? 1 : key
    let mask = mask
    let isNew = keys.withUnsafeMutableBufferPointer { keys in
      let index = Self.place(key, UnsafeBufferPointer(keys), mask)
      let isNew = keys[index] == 0
      keys[index] = key
      return isNew
    }
    if isNew { count &+= 1 }
    return isNew
  }

  /// Forgets everything and keeps the room.
  mutating func removeAll() {
    guard count > 0 else { return }
    count = 0
    keys.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
  }

  private mutating func grow() {
    var larger = HashSet(minimumCapacity: keys.count)
    for key in keys where key != 0 { larger.insert(key) }
    self = larger
  }
}

/// FNV-1a in 32 bits, and how two hashes make one.
enum TextHash {
  static let start: UInt32 = 0x811C_9DC5

  @inline(__always)
  static func add(_ hash: UInt32, _ byte: UInt8) -> UInt32 { (hash ^ UInt32(byte)) &* 0x0100_0193 }

  static func of(_ bytes: some Sequence<UInt8>) -> UInt32 { bytes.reduce(start) { add($0, $1) } }
  static func of(_ text: String) -> UInt32 { of(text.utf8) }
  static func of(number: UInt64) -> UInt32 {
    var hash = add(start, 1)
    var rest = number
    repeat {
      hash = add(hash, UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    } while rest > 0
    return hash
  }

  /// Differs for the two orders.
  @inline(__always)
  static func pair(_ left: UInt32, _ right: UInt32) -> UInt32 {
    var mixed = left &* 0x85EB_CA6B &+ (right ^ (right >> 15)) &* 0xC2B2_AE35 &+ 0x27D4_EB2F
    mixed ^= mixed >> 15
    return mixed
  }
}
