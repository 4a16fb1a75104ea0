// Writes the protobuf wire format straight into bytes; nothing is built first.

/// Appends fields. A message within a message is written by a closure and gets its length afterwards.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  mutating func varint(_ field: Int, _ value: UInt64) {
    key(field, 0)
    append(varint: value)
  }

  mutating func fixed64(_ field: Int, _ value: UInt64) {
    key(field, 1)
    append(little: value)
  }

  mutating func fixed32(_ field: Int, _ value: UInt32) {
    key(field, 5)
    append(little: value)
  }

  mutating func double(_ field: Int, _ value: Double) { fixed64(field, value.bitPattern) }

  mutating func text(_ field: Int, _ value: String) {
    key(field, 2)
    append(varint: UInt64(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  mutating func text(_ field: Int, _ value: StaticString) {
    key(field, 2)
    append(varint: UInt64(value.utf8CodeUnitCount))
    bytes.append(contentsOf: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
  }

  mutating func data(_ field: Int, _ value: [UInt8]) {
    key(field, 2)
    append(varint: UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// A bytes field that holds a number with its highest byte first, as trace and span ids are written.
  mutating func identifier(_ field: Int, _ parts: UInt64...) {
    key(field, 2)
    append(varint: UInt64(parts.count * 8))
    for part in parts { withUnsafeBytes(of: part.bigEndian) { bytes.append(contentsOf: $0) } }
  }

  /// One byte is kept for the length. The few messages of 128 bytes and more are moved on by what theirs needs beyond.
  mutating func message(_ field: Int, _ write: (inout ProtobufWriter) -> Void) {
    key(field, 2)
    let place = bytes.count
    bytes.append(0)
    write(&self)
    var length = UInt64(bytes.count - place - 1)
    if length < 0x80 {
      bytes[place] = UInt8(length)
      return
    }
    var digits: [UInt8] = []
    while length >= 0x80 {
      digits.append(UInt8(truncatingIfNeeded: length) | 0x80)
      length >>= 7
    }
    digits.append(UInt8(length))
    bytes.replaceSubrange(place...place, with: digits)
  }

  /// The key and length of a message whose content follows.
  @inline(__always)
  mutating func header(_ field: Int, count: Int) {
    key(field, 2)
    append(varint: UInt64(count))
  }

  @inline(__always)
  private mutating func key(_ field: Int, _ type: Int) { append(varint: UInt64(field << 3 | type)) }

  @inline(__always)
  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  @inline(__always)
  private mutating func append(little value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
