// Reads the protobuf wire format field by field from memory that is not copied (protobuf.dev/programming-guides/encoding).
//
// Written by hand and not generated: a generated decoder makes a tree of everything first, and 4 MB of empty messages become a
// gigabyte of it. Here whoever reads decides what is kept.

/// The bytes are not protobuf.
struct MalformedProtobuf: Error {}

struct ProtobufReader {
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(UnsafeRawBufferPointer)
  }

  struct Field {
    var number: UInt64
    var value: Value
  }

  /// How deep unknown groups may be nested within each other.
  private static let groupDepthLimit = 16

  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next field, or `nil` at the end. Groups, which no message here has, are skipped.
  mutating func next() throws(MalformedProtobuf) -> Field? {
    var groupDepth = 0
    while position < bytes.count {
      let key = try varint()
      let number = key >> 3
      guard number >= 1, number < 1 << 29 else { throw MalformedProtobuf() }
      let value: Value
      switch key & 7 {
      case 0: value = .varint(try varint())
      case 1: value = .fixed64(try fixed(UInt64.self))
      case 2:
        let count = try varint()
        guard count <= UInt64(bytes.count - position) else { throw MalformedProtobuf() }
        value = .bytes(UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)]))
        position += Int(count)
      case 3:
        groupDepth += 1
        guard groupDepth <= Self.groupDepthLimit else { throw MalformedProtobuf() }
        continue
      case 4:
        groupDepth -= 1
        guard groupDepth >= 0 else { throw MalformedProtobuf() }
        continue
      case 5: value = .fixed32(try fixed(UInt32.self))
      default: throw MalformedProtobuf()
      }
      if groupDepth == 0 { return Field(number: number, value: value) }
    }
    guard groupDepth == 0 else { throw MalformedProtobuf() }
    return nil
  }

  private mutating func varint() throws(MalformedProtobuf) -> UInt64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      // The tenth byte holds one bit; what is beyond 64 bits is no number.
      guard shift < 63 || byte <= 1 else { throw MalformedProtobuf() }
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return result }
      shift += 7
    }
    throw MalformedProtobuf()
  }

  private mutating func fixed<Number: FixedWidthInteger>(_: Number.Type) throws(MalformedProtobuf) -> Number {
    let size = MemoryLayout<Number>.size
    guard bytes.count - position >= size else { throw MalformedProtobuf() }
    let value = bytes.loadUnaligned(fromByteOffset: position, as: Number.self)
    position += size
    return Number(littleEndian: value)
  }
}

extension ProtobufReader.Value {
  /// A field of another type than expected is one that is not known, as in every reader of protobuf.
  var bytes: UnsafeRawBufferPointer? { if case .bytes(let bytes) = self { bytes } else { nil } }
  var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
  var fixed64: UInt64? { if case .fixed64(let number) = self { number } else { nil } }
  var varint: UInt64? { if case .varint(let number) = self { number } else { nil } }
}
