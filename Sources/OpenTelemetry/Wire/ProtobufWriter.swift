// Writes the protobuf wire format straight into memory; nothing is built first.

/// Appends fields. A message whose size is not known begins with `begin` and gets its length by `end`.
struct ProtobufWriter: ~Copyable {
  /// Where a message's length goes.
  struct Mark {
    fileprivate var place: Int
  }

  /// More than a key, a length and a number take together.
  private static let slack = 32

  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 256) {
    self.capacity = max(capacity, Self.slack)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  var bytes: [UInt8] { Array(UnsafeBufferPointer(start: base, count: count)) }

  mutating func varint(_ field: Int, _ value: UInt64) {
    reserve(0)
    key(field, 0)
    append(varint: value)
  }

  mutating func fixed64(_ field: Int, _ value: UInt64) {
    reserve(0)
    key(field, 1)
    append(little: value)
  }

  mutating func fixed32(_ field: Int, _ value: UInt32) {
    reserve(0)
    key(field, 5)
    append(little: value)
  }

  mutating func double(_ field: Int, _ value: Double) { fixed64(field, value.bitPattern) }

  mutating func text(_ field: Int, _ value: String) {
    var value = value
    value.withUTF8 { data(field, UnsafeRawBufferPointer($0)) }
  }

  mutating func text(_ field: Int, _ value: StaticString) {
    data(field, UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
  }

  mutating func data(_ field: Int, _ value: UnsafeRawBufferPointer) {
    reserve(value.count)
    key(field, 2)
    append(varint: UInt64(value.count))
    UnsafeMutableRawBufferPointer(start: base + count, count: value.count).copyMemory(from: value)
    count += value.count
  }

  /// A bytes field that holds a number with its highest byte first, as trace and span ids are written.
  mutating func identifier(_ field: Int, _ high: UInt64?, _ low: UInt64) {
    reserve(0)
    key(field, 2)
    append(varint: high == nil ? 8 : 16)
    if let high { append(little: high.byteSwapped) }
    append(little: low.byteSwapped)
  }

  /// The key and length of a message whose content follows.
  @inline(__always)
  mutating func header(_ field: Int, count size: Int) {
    reserve(0)
    key(field, 2)
    append(varint: UInt64(size))
  }

  /// Two bytes are kept for the length, which is what a span's takes.
  mutating func begin(_ field: Int) -> Mark {
    reserve(0)
    key(field, 2)
    count += 2
    return Mark(place: count)
  }

  mutating func end(_ mark: Mark) {
    let length = count - mark.place
    let width = Self.size(length)
    if width != 2 {
      // What was written is moved to where it has to be.
      reserve(0)
      (base + mark.place - 2 + width).update(from: base + mark.place, count: length)
    }
    count = mark.place - 2
    append(varint: UInt64(length))
    count += length
  }

  /// The size of a number as a varint, for the lengths of messages.
  @inline(__always)
  static func size(_ number: Int) -> Int {
    var size = 1
    var rest = number >> 7
    while rest > 0 {
      size += 1
      rest >>= 7
    }
    return size
  }

  @inline(__always)
  private mutating func reserve(_ size: Int) {
    if capacity - count < size + Self.slack { grow(size) }
  }

  private mutating func grow(_ size: Int) {
    capacity = max(capacity * 2, count + size + Self.slack)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
  }

  @inline(__always)
  private mutating func key(_ field: Int, _ type: Int) { append(varint: UInt64(field << 3 | type)) }

  @inline(__always)
  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      base[count] = UInt8(truncatingIfNeeded: rest) | 0x80
      count += 1
      rest >>= 7
    }
    base[count] = UInt8(truncatingIfNeeded: rest)
    count += 1
  }

  @inline(__always)
  private mutating func append<Number: FixedWidthInteger>(little value: Number) {
    UnsafeMutableRawPointer(base + count).storeBytes(of: value.littleEndian, as: Number.self)
    count += MemoryLayout<Number>.size
  }
}
