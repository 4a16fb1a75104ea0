// A JSON document as a value that can be taken apart and put together: translation rewrites whole bodies, for which the
// scanner's offsets do not suffice.

/// A JSON value. Objects keep their members' order; numbers keep their source text, so that no digit is lost.
package indirect enum JSONTree: Equatable, Sendable {
  case object([Member])
  case array([JSONTree])
  case string(String)
  case number(String)
  case bool(Bool)
  case null

  package struct Member: Equatable, Sendable {
    package var name: String
    package var value: JSONTree

    package init(_ name: String, _ value: JSONTree) {
      self.name = name
      self.value = value
    }
  }

  /// The first member of that name, as `JSONScanner` has it.
  package subscript(_ name: String) -> JSONTree? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// As the subscript, with `null` as absent: clients send both for "not set".
  package func present(_ name: String) -> JSONTree? {
    guard let value = self[name], value != .null else { return nil }
    return value
  }

  package var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  package var elements: [JSONTree]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  package var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  package var boolean: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// A whole number; `nil` for fractions, exponents and overflow.
  package var integer: Int? {
    if case .number(let source) = self { Int(source) } else { nil }
  }

  package var double: Double? {
    if case .number(let source) = self { Double(source) } else { nil }
  }

  /// Whether every number survives Google's `Struct`, which holds doubles: an identifier of twenty digits does not.
  package var survivesDoubles: Bool {
    switch self {
    case .object(let members): members.allSatisfy { $0.value.survivesDoubles }
    case .array(let elements): elements.allSatisfy(\.survivesDoubles)
    case .number(let source): source.utf8.count { $0 >= 48 && $0 <= 57 } <= 15
    case .string, .bool, .null: true
    }
  }
}

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByBooleanLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONTree)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package static func integer(_ value: some BinaryInteger) -> JSONTree { .number(String(value)) }
}

extension JSONTree {
  package var serialised: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return bytes
  }

  package func write(to bytes: inout [UInt8]) {
    switch self {
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.write(member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        element.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .string(let text): Self.write(text, to: &bytes)
    case .number(let source): bytes.append(contentsOf: source.utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .null: bytes.append(contentsOf: "null".utf8)
    }
  }

  /// Byte by byte, in contrast to `JSONText.quoted`: images of megabytes pass through here.
  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5c:
        bytes.append(0x5c)
        bytes.append(byte)
      case 0x0a: bytes.append(contentsOf: [0x5c, UInt8(ascii: "n")])
      case 0x0d: bytes.append(contentsOf: [0x5c, UInt8(ascii: "r")])
      case 0x09: bytes.append(contentsOf: [0x5c, UInt8(ascii: "t")])
      case 0..<0x20: bytes.append(contentsOf: JSONText.quoted(String(Unicode.Scalar(byte))).utf8.dropFirst().dropLast())
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }
}
