// Numbers for the values of one dimension; a million spans ask ten times each, so it hashes short texts faster than a dictionary.

struct ValueCodes: Sendable {
  /// By code; code 0 is "absent or folded".
  private(set) var names: [String] = [""]
  /// Code by hash, open addressing; 0 is free.
  private var slots: [Int32] = Array(repeating: 0, count: 64)

  var count: Int { names.count }

  /// The code of a value, new or known; 0 where there are `limit` others already.
  mutating func code(_ value: String, limit: Int) -> Int32 {
    var slot = Self.hash(value) & (slots.count - 1)
    while slots[slot] != 0 {
      if names[Int(slots[slot])] == value { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    guard names.count <= limit else { return 0 }
    let code = Int32(names.count)
    names.append(value)
    slots[slot] = code
    if names.count * 2 > slots.count { grow() }
    return code
  }

  /// 0 where the value was never seen.
  func known(_ value: String) -> Int32 {
    var slot = Self.hash(value) & (slots.count - 1)
    while slots[slot] != 0 {
      if names[Int(slots[slot])] == value { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    return 0
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 4)
    for code in 1..<names.count {
      var slot = Self.hash(names[code]) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(code)
    }
  }

  /// FNV-1a with a finish. Equal texts in different Unicode normal forms may become two values; they are two in the data as well.
  private static func hash(_ value: String) -> Int {
    var value = value
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    value.withUTF8 { bytes in
      for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    state ^= state >> 32
    return Int(truncatingIfNeeded: (state &* 0x9e37_79b9_7f4a_7c15) >> 24)
  }
}
