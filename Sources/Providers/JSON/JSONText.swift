// JSON string escapes in both directions (RFC 8259 section 7).

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

package enum JSONText {
  /// Whether a member name with escapes in it means `name`, which is ASCII.
  static func escaped(_ raw: UnsafeRawBufferPointer, equals name: StaticString) -> Bool {
    var position = 0
    for expected in UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount) {
      guard position < raw.count else { return false }
      var byte = UInt16(raw[position])
      position += 1
      if byte == 0x5c, position < raw.count {
        byte = UInt16(raw[position])
        position += 1
        if byte == UInt8(ascii: "u") {
          guard let unit = fourDigits(raw, position) else { return false }
          byte = unit
          position += 4
        } else if byte != 0x22, byte != 0x5c, byte != UInt8(ascii: "/") {
          // A control character, which no name here has.
          return false
        }
      }
      guard byte == expected else { return false }
    }
    return position == raw.count
  }

  /// The UTF-8 bytes that `unescape` would give, without making them.
  static func unescapedByteCount(_ raw: UnsafeRawBufferPointer) -> Int {
    guard let base = raw.baseAddress, memchr(base, 0x5c, raw.count) != nil else { return raw.count }
    var count = 0
    var position = 0
    while position < raw.count {
      if raw[position] != 0x5c || position + 1 == raw.count {
        count += 1
        position += 1
      } else if raw[position + 1] == UInt8(ascii: "u"), let unit = fourDigits(raw, position + 2) {
        position += 6
        switch unit {
        case 0..<0x80: count += 1
        case 0x80..<0x800: count += 2
        // Each half of a pair is two of its four bytes.
        case 0xd800..<0xe000: count += 2
        default: count += 3
        }
      } else {
        count += raw[position + 1] == UInt8(ascii: "u") ? 3 : 1
        position += 2
      }
    }
    return count
  }

  /// Resolves escapes; lone surrogates and invalid UTF-8 become U+FFFD.
  package static func unescape(_ raw: UnsafeRawBufferPointer) -> String {
    guard let base = raw.baseAddress, memchr(base, 0x5c, raw.count) != nil else { return String(decoding: raw, as: UTF8.self) }
    var units: [UInt8] = []
    units.reserveCapacity(raw.count)
    var position = 0
    while position < raw.count {
      guard raw[position] == 0x5c, position + 1 < raw.count else {
        units.append(raw[position])
        position += 1
        continue
      }
      position += 2
      switch raw[position - 1] {
      case UInt8(ascii: "n"): units.append(0x0a)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "r"): units.append(0x0d)
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0c)
      case UInt8(ascii: "u"):
        guard let first = fourDigits(raw, position) else {
          units.append(contentsOf: "\u{fffd}".utf8)
          continue
        }
        position += 4
        var scalar = UInt32(first)
        if (0xd800..<0xdc00).contains(first), position + 1 < raw.count, raw[position] == 0x5c,
          raw[position + 1] == UInt8(ascii: "u"),
          let second = fourDigits(raw, position + 2), (0xdc00..<0xe000).contains(second)
        {
          scalar = 0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00)
          position += 6
        }
        units.append(contentsOf: String(Unicode.Scalar(scalar).map(Character.init) ?? "\u{fffd}").utf8)
      default: units.append(raw[position - 1])
      }
    }
    return String(decoding: units, as: UTF8.self)
  }

  /// The text as a JSON string, quotes included.
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
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private static func fourDigits(_ raw: UnsafeRawBufferPointer, _ start: Int) -> UInt16? {
    guard start + 4 <= raw.count else { return nil }
    var value: UInt16 = 0
    for offset in start..<start + 4 {
      switch raw[offset] {
      case 48...57: value = value << 4 | UInt16(raw[offset] - 48)
      case 65...70: value = value << 4 | UInt16(raw[offset] - 55)
      case 97...102: value = value << 4 | UInt16(raw[offset] - 87)
      default: return nil
      }
    }
    return value
  }
}
