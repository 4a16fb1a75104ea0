// Reads MessagePack into values, for the check of what is sent and for tests; counts and depth that the bytes cannot hold are errors.

indirect enum MessagePackValue: Equatable, Sendable {
  case null
  case bool(Bool)
  /// Negative numbers.
  case int(Int64)
  /// Numbers from zero on.
  case uint(UInt64)
  case double(Double)
  case string(String)
  case binary([UInt8])
  case array([MessagePackValue])
  /// In their order; a name may come twice.
  case map([Entry])
  case extended(type: Int8, [UInt8])

  struct Entry: Equatable, Sendable {
    var key: MessagePackValue
    var value: MessagePackValue
  }

  /// The first value by a name.
  subscript(name: String) -> MessagePackValue? {
    guard case .map(let entries) = self else { return nil }
    return entries.first { $0.key == .string(name) }?.value
  }

  var text: String? { if case .string(let text) = self { text } else { nil } }
  var number: Double? {
    switch self {
    case .int(let number): Double(number)
    case .uint(let number): Double(number)
    case .double(let number): number
    default: nil
    }
  }
  var unsigned: UInt64? { if case .uint(let number) = self { number } else { nil } }
  var elements: [MessagePackValue]? { if case .array(let elements) = self { elements } else { nil } }
}

struct MessagePackError: Error, Equatable, CustomStringConvertible {
  var offset: Int
  var problem: String
  var description: String { "byte \(offset): \(problem)" }
}

struct MessagePackReader {
  private static let depthLimit = 32
  private let bytes: [UInt8]
  private var offset = 0

  /// The one value that `bytes` are.
  static func value(_ bytes: [UInt8]) throws(MessagePackError) -> MessagePackValue {
    var reader = MessagePackReader(bytes: bytes)
    let value = try reader.value(depth: 0)
    guard reader.offset == bytes.count else { throw reader.error("more bytes than one value has") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func error(_ problem: String) -> MessagePackError { MessagePackError(offset: offset, problem: problem) }

  private mutating func take(_ count: Int) throws(MessagePackError) -> ArraySlice<UInt8> {
    guard count <= bytes.count - offset else { throw error("the bytes end inside a value") }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(MessagePackError) -> Number {
    try take(MemoryLayout<Number>.size).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
  }

  private mutating func value(depth: Int) throws(MessagePackError) -> MessagePackValue {
    guard depth < Self.depthLimit else { throw error("nested too deeply") }
    let first = try number(UInt8.self)
    switch first {
    case 0x00...0x7f: return .uint(UInt64(first))
    case 0x80...0x8f: return try map(Int(first & 15), depth)
    case 0x90...0x9f: return try array(Int(first & 15), depth)
    case 0xa0...0xbf: return try string(Int(first & 31))
    case 0xc0: return .null
    case 0xc2: return .bool(false)
    case 0xc3: return .bool(true)
    case 0xc4: return .binary(Array(try take(Int(try number(UInt8.self)))))
    case 0xc5: return .binary(Array(try take(Int(try number(UInt16.self)))))
    case 0xc6: return .binary(Array(try take(Int(try number(UInt32.self)))))
    case 0xc7: return try extended(Int(try number(UInt8.self)))
    case 0xc8: return try extended(Int(try number(UInt16.self)))
    case 0xc9: return try extended(Int(try number(UInt32.self)))
    case 0xca: return .double(Double(Float(bitPattern: try number(UInt32.self))))
    case 0xcb: return .double(Double(bitPattern: try number(UInt64.self)))
    case 0xcc: return .uint(UInt64(try number(UInt8.self)))
    case 0xcd: return .uint(UInt64(try number(UInt16.self)))
    case 0xce: return .uint(UInt64(try number(UInt32.self)))
    case 0xcf: return .uint(try number(UInt64.self))
    case 0xd0: return Self.signed(Int64(Int8(bitPattern: try number(UInt8.self))))
    case 0xd1: return Self.signed(Int64(Int16(bitPattern: try number(UInt16.self))))
    case 0xd2: return Self.signed(Int64(Int32(bitPattern: try number(UInt32.self))))
    case 0xd3: return Self.signed(Int64(bitPattern: try number(UInt64.self)))
    case 0xd4...0xd8: return try extended(1 << Int(first - 0xd4))
    case 0xd9: return try string(Int(try number(UInt8.self)))
    case 0xda: return try string(Int(try number(UInt16.self)))
    case 0xdb: return try string(Int(try number(UInt32.self)))
    case 0xdc: return try array(Int(try number(UInt16.self)), depth)
    case 0xdd: return try array(Int(try number(UInt32.self)), depth)
    case 0xde: return try map(Int(try number(UInt16.self)), depth)
    case 0xdf: return try map(Int(try number(UInt32.self)), depth)
    case 0xe0...0xff: return .int(Int64(Int8(bitPattern: first)))
    default: throw error("a byte that begins no value")
    }
  }

  private static func signed(_ number: Int64) -> MessagePackValue { number < 0 ? .int(number) : .uint(UInt64(number)) }

  private mutating func string(_ size: Int) throws(MessagePackError) -> MessagePackValue {
    guard let text = String(validating: try take(size), as: UTF8.self) else { throw error("text that is not UTF-8") }
    return .string(text)
  }

  private mutating func extended(_ size: Int) throws(MessagePackError) -> MessagePackValue {
    let type = Int8(bitPattern: try number(UInt8.self))
    return .extended(type: type, Array(try take(size)))
  }

  private mutating func array(_ size: Int, _ depth: Int) throws(MessagePackError) -> MessagePackValue {
    guard size <= bytes.count - offset else { throw error("an array of more elements than there are bytes") }
    var elements: [MessagePackValue] = []
    for _ in 0..<size { elements.append(try value(depth: depth + 1)) }
    return .array(elements)
  }

  private mutating func map(_ size: Int, _ depth: Int) throws(MessagePackError) -> MessagePackValue {
    guard size <= (bytes.count - offset) / 2 else { throw error("a map of more entries than there are bytes") }
    var entries: [MessagePackValue.Entry] = []
    for _ in 0..<size {
      let key = try value(depth: depth + 1)
      entries.append(MessagePackValue.Entry(key: key, value: try value(depth: depth + 1)))
    }
    return .map(entries)
  }
}
