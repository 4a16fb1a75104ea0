// A small hash table from 32-bit keys to integers: what an index of a few hundred words needs, at a fraction of a dictionary's cost.

/// Open addressing with linear probing. Keys are hashes already, so they are only spread.
struct HashTable {
  /// The key zero means "empty"; a key that is zero is kept as one.
  private var keys: ContiguousArray<UInt32>
  private var values: ContiguousArray<Int32>
  private var mask: Int
  private(set) var count = 0

  init(minimumCapacity: Int) {
    var size = 16
    while size < minimumCapacity * 2 { size *= 2 }
    keys = ContiguousArray(repeating: 0, count: size)
    values = ContiguousArray(repeating: 0, count: size)
    mask = size - 1
  }

  @inline(__always)
  private func slot(_ key: UInt32) -> Int { Int(truncatingIfNeeded: (key &* 0x9E37_79B1) >> 7) & mask }

  /// The value of `key`, or nil.
  @inline(__always)
  subscript(key: UInt32) -> Int32? {
    let key = key == 0 ? 1 : key
    var index = slot(key)
    while keys[index] != 0 {
      if keys[index] == key { return values[index] }
      index = (index &+ 1) & mask
    }
    return nil
  }

  @inline(__always)
  func contains(_ key: UInt32) -> Bool { self[key] != nil }

  /// Sets the value of `key` and gives back the one it had.
  @discardableResult
  mutating func set(_ key: UInt32, _ value: Int32) -> Int32? {
    if count * 2 > mask { grow() }
    let key = key == 0 ? 1 : key
    var index = slot(key)
    while keys[index] != 0 {
      if keys[index] == key {
        let old = values[index]
        values[index] = value
        return old
      }
      index = (index &+ 1) & mask
    }
    keys[index] = key
    values[index] = value
    count += 1
    return nil
  }

  /// True when `key` was not there.
  @discardableResult
  mutating func insert(_ key: UInt32) -> Bool {
    if count * 2 > mask { grow() }
    let key = key == 0 ? 1 : key
    var index = slot(key)
    while keys[index] != 0 {
      if keys[index] == key { return false }
      index = (index &+ 1) & mask
    }
    keys[index] = key
    count += 1
    return true
  }

  private mutating func grow() {
    var larger = HashTable(minimumCapacity: keys.count)
    for index in keys.indices where keys[index] != 0 { larger.set(keys[index], values[index]) }
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

  /// Differs for the two orders.
  @inline(__always)
  static func pair(_ left: UInt32, _ right: UInt32) -> UInt32 {
    var mixed = left &* 0x85EB_CA6B &+ (right ^ (right >> 15)) &* 0xC2B2_AE35 &+ 0x27D4_EB2F
    mixed ^= mixed >> 15
    return mixed
  }
}
