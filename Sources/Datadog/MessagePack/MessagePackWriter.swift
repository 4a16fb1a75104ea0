// Writes MessagePack into memory of its own, byte by byte, without a value in between (specification: msgpack.org, spec.md).

struct MessagePackWriter: ~Copyable {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 1 << 16) {
    self.capacity = max(64, capacity)
    base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  /// The bytes from `offset` on.
  func bytes(from offset: Int = 0) -> [UInt8] {
    [UInt8](UnsafeRawBufferPointer(start: base + offset, count: count - offset))
  }

  mutating func removeAll() { count = 0 }

  @inline(__always)
  private mutating func reserve(_ size: Int) {
    if capacity - count < size { grow(size) }
  }

  @inline(never)
  private mutating func grow(_ size: Int) {
    capacity = max(capacity * 2, count + size)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    larger.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = larger
  }

  /// Room must have been made.
  @inline(__always)
  private mutating func put(byte: UInt8) {
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  /// Big-endian; room must have been made.
  @inline(__always)
  private mutating func put<Number: FixedWidthInteger>(_ number: Number) {
    base.storeBytes(of: number.bigEndian, toByteOffset: count, as: Number.self)
    count += MemoryLayout<Number>.size
  }

  @inline(__always)
  mutating func append(raw bytes: [UInt8]) {
    reserve(bytes.count)
    bytes.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      (base + count).copyMemory(from: start, byteCount: source.count)
    }
    count += bytes.count
  }

  mutating func appendNil() {
    reserve(1)
    put(byte: 0xc0)
  }

  mutating func append(_ value: Bool) {
    reserve(1)
    put(byte: value ? 0xc3 : 0xc2)
  }

  /// In the shortest form.
  @inline(__always)
  mutating func append(_ number: Int64) {
    guard number < 0 else { return append(UInt64(number)) }
    reserve(9)
    switch number {
    case Int64(-32)...: put(Int8(number))
    case Int64(Int8.min)...:
      put(byte: 0xd0)
      put(Int8(number))
    case Int64(Int16.min)...:
      put(byte: 0xd1)
      put(Int16(number))
    case Int64(Int32.min)...:
      put(byte: 0xd2)
      put(Int32(number))
    default:
      put(byte: 0xd3)
      put(number)
    }
  }

  /// In the shortest form.
  @inline(__always)
  mutating func append(_ number: UInt64) {
    reserve(9)
    switch number {
    case 0..<128: put(byte: UInt8(number))
    case 128..<256:
      put(byte: 0xcc)
      put(byte: UInt8(number))
    case 256..<65_536:
      put(byte: 0xcd)
      put(UInt16(number))
    case 65_536..<4_294_967_296:
      put(byte: 0xce)
      put(UInt32(number))
    default:
      put(byte: 0xcf)
      put(number)
    }
  }

  @inline(__always)
  mutating func append(_ number: Double) {
    reserve(9)
    put(byte: 0xcb)
    put(number.bitPattern)
  }

  /// Of a literal: names of members.
  @inline(__always)
  mutating func append(_ text: StaticString) {
    let size = text.utf8CodeUnitCount
    reserve(5 + size)
    putTextHead(size)
    (base + count).copyMemory(from: text.utf8Start, byteCount: size)
    count += size
  }

  /// At most the first `limit` bytes, cut between two characters.
  @inline(__always)
  mutating func append(_ text: String, limit: Int = .max) {
    var text = text
    text.withUTF8 { bytes in
      var size = bytes.count
      if size > limit {
        size = max(0, limit)
        // A byte 10xxxxxx continues a character.
        while size > 0, bytes[size] & 0xc0 == 0x80 { size -= 1 }
      }
      reserve(5 + size)
      putTextHead(size)
      guard let start = bytes.baseAddress else { return }
      (base + count).copyMemory(from: start, byteCount: size)
      count += size
    }
  }

  @inline(__always)
  private mutating func putTextHead(_ size: Int) {
    if size < 32 {
      put(byte: 0xa0 | UInt8(size))
    } else if size < 256 {
      put(byte: 0xd9)
      put(byte: UInt8(size))
    } else if size < 65_536 {
      put(byte: 0xda)
      put(UInt16(size))
    } else {
      put(byte: 0xdb)
      put(UInt32(truncatingIfNeeded: size))
    }
  }

  /// Sixteen lowercase hexadecimal digits.
  mutating func append(hexadecimal number: UInt64) {
    reserve(17)
    putTextHead(16)
    for shift in stride(from: 60, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
      put(byte: digit < 10 ? digit + 48 : digit + 87)
    }
  }

  mutating func append(binary bytes: [UInt8]) {
    reserve(5)
    if bytes.count < 256 {
      put(byte: 0xc4)
      put(byte: UInt8(bytes.count))
    } else if bytes.count < 65_536 {
      put(byte: 0xc5)
      put(UInt16(bytes.count))
    } else {
      put(byte: 0xc6)
      put(UInt32(truncatingIfNeeded: bytes.count))
    }
    append(raw: bytes)
  }

  mutating func appendArray(_ size: Int) {
    reserve(5)
    if size < 16 {
      put(byte: 0x90 | UInt8(size))
    } else if size < 65_536 {
      put(byte: 0xdc)
      put(UInt16(size))
    } else {
      put(byte: 0xdd)
      put(UInt32(truncatingIfNeeded: size))
    }
  }

  @inline(__always)
  mutating func appendMap(_ size: Int) {
    reserve(5)
    if size < 16 {
      put(byte: 0x80 | UInt8(size))
    } else if size < 65_536 {
      put(byte: 0xde)
      put(UInt16(size))
    } else {
      put(byte: 0xdf)
      put(UInt32(truncatingIfNeeded: size))
    }
  }

  /// The head of a map whose size is told afterwards, by `end`; at most 65,535 entries.
  @inline(__always)
  mutating func beginMap() -> Int {
    reserve(3)
    put(byte: 0xde)
    put(UInt16(0))
    return count - 2
  }

  /// The same of an array.
  @inline(__always)
  mutating func beginArray() -> Int {
    reserve(3)
    put(byte: 0xdc)
    put(UInt16(0))
    return count - 2
  }

  /// Bytes of our own in front of what is sent.
  mutating func overwrite(_ number: UInt32, at place: Int) {
    base.storeBytes(of: number.bigEndian, toByteOffset: place, as: UInt32.self)
  }

  @inline(__always)
  mutating func end(_ place: Int, size: Int) {
    base.storeBytes(of: UInt16(truncatingIfNeeded: size).bigEndian, toByteOffset: place, as: UInt16.self)
  }
}
