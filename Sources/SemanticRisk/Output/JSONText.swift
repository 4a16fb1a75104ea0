// A strict reader of JSON (RFC 8259): what the format scorer judges answers by, and what rows of labelled data are read with.

/// Numbers keep their text, because schemas compare them exactly. Members keep their order.
package indirect enum JSONText: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONText])
  case object([Member])

  package struct Member: Sendable, Equatable {
    package var name: String
    package var value: JSONText
  }

  package struct Failure: Error, Equatable, Sendable {
    /// In bytes.
    package var place: Int
    package var reason: String
  }

  /// Nesting beyond this is refused, so that no text exhausts the stack.
  package static let depthLimit = 512

  package static func read(_ bytes: some Collection<UInt8>) throws(Failure) -> JSONText {
    var reader = JSONTextReader(bytes: Array(bytes))
    return try reader.document()
  }

  /// The last member of that name.
  package subscript(name: String) -> JSONText? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  package var string: String? { if case .string(let text) = self { text } else { nil } }
  package var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
  package var elements: [JSONText]? { if case .array(let elements) = self { elements } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// `text` as a JSON string with its quotation marks.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

private struct JSONTextReader {
  let bytes: [UInt8]
  var place = 0

  mutating func document() throws(JSONText.Failure) -> JSONText {
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    guard place == bytes.count else { throw failure("something follows the value") }
    return value
  }

  private func failure(_ reason: String) -> JSONText.Failure { JSONText.Failure(place: place, reason: reason) }
  private var byte: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func skipSpace() {
    while let byte, byte == 32 || byte == 9 || byte == 10 || byte == 13 { place += 1 }
  }

  private mutating func value(depth: Int) throws(JSONText.Failure) -> JSONText {
    guard depth < JSONText.depthLimit else { throw failure("nested too deeply") }
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"):
      try word("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try word("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try word("null")
      return .null
    case .some(let byte) where byte == UInt8(ascii: "-") || (48...57).contains(byte): return .number(try number())
    case nil: throw failure("the text ends where a value is wanted")
    default: throw failure("no value begins like this")
    }
  }

  private mutating func word(_ word: StaticString) throws(JSONText.Failure) {
    for offset in 0..<word.utf8CodeUnitCount {
      guard byte == word.utf8Start[offset] else { throw failure("only true, false and null stand without quotation marks") }
      place += 1
    }
  }

  private mutating func object(depth: Int) throws(JSONText.Failure) -> JSONText {
    place += 1
    var members: [JSONText.Member] = []
    skipSpace()
    if byte == UInt8(ascii: "}") {
      place += 1
      return .object(members)
    }
    while true {
      skipSpace()
      guard byte == UInt8(ascii: "\"") else { throw failure("a member's name is wanted") }
      let name = try string()
      skipSpace()
      guard byte == UInt8(ascii: ":") else { throw failure("a colon is wanted") }
      place += 1
      skipSpace()
      members.append(JSONText.Member(name: name, value: try value(depth: depth + 1)))
      skipSpace()
      if byte == UInt8(ascii: ",") {
        place += 1
      } else if byte == UInt8(ascii: "}") {
        place += 1
        return .object(members)
      } else {
        throw failure("a comma or a closing brace is wanted")
      }
    }
  }

  private mutating func array(depth: Int) throws(JSONText.Failure) -> JSONText {
    place += 1
    var elements: [JSONText] = []
    skipSpace()
    if byte == UInt8(ascii: "]") {
      place += 1
      return .array(elements)
    }
    while true {
      skipSpace()
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if byte == UInt8(ascii: ",") {
        place += 1
      } else if byte == UInt8(ascii: "]") {
        place += 1
        return .array(elements)
      } else {
        throw failure("a comma or a closing bracket is wanted")
      }
    }
  }

  private mutating func number() throws(JSONText.Failure) -> String {
    let start = place
    if byte == UInt8(ascii: "-") { place += 1 }
    if byte == UInt8(ascii: "0") {
      place += 1
    } else {
      try digits()
    }
    if byte == UInt8(ascii: ".") {
      place += 1
      try digits()
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      place += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { place += 1 }
      try digits()
    }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }

  private mutating func digits() throws(JSONText.Failure) {
    guard let first = byte, (48...57).contains(first) else { throw failure("a digit is wanted") }
    while let byte, (48...57).contains(byte) { place += 1 }
  }

  private mutating func string() throws(JSONText.Failure) -> String {
    place += 1
    var content: [UInt8] = []
    while let byte {
      switch byte {
      case UInt8(ascii: "\""):
        place += 1
        guard let text = String(validating: content, as: UTF8.self) else { throw failure("the string is no UTF-8") }
        return text
      case UInt8(ascii: "\\"):
        place += 1
        try escape(into: &content)
      case 0..<0x20: throw failure("a control character stands in a string")
      default:
        content.append(byte)
        place += 1
      }
    }
    throw failure("the text ends in a string")
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONText.Failure) {
    guard let sign = byte else { throw failure("the text ends in an escape") }
    place += 1
    switch sign {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(sign)
    case UInt8(ascii: "b"): content.append(8)
    case UInt8(ascii: "f"): content.append(12)
    case UInt8(ascii: "n"): content.append(10)
    case UInt8(ascii: "r"): content.append(13)
    case UInt8(ascii: "t"): content.append(9)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800...0xDBFF).contains(code), byte == UInt8(ascii: "\\"), place + 1 < bytes.count,
        bytes[place + 1] == UInt8(ascii: "u")
      {
        let mark = place
        place += 2
        let low = try hexadecimal()
        if (0xDC00...0xDFFF).contains(low) {
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        } else {
          place = mark
        }
      }
      // A lone surrogate is no scalar; the replacement character stands for it.
      content.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
    default: throw failure("no such escape")
    }
  }

  private mutating func hexadecimal() throws(JSONText.Failure) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits are wanted")
      }
      code = code << 4 | UInt32(digit)
      place += 1
    }
    return code
  }
}
