// Numbers as text that compiles fast: base64 in lines, decoded once at the start.

package enum ModelText {
  static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// White space is skipped; decoding ends at a padding sign.
  static func bytes(_ text: String) -> [UInt8] {
    var places = [UInt8](repeating: 255, count: 256)
    for (place, sign) in alphabet.enumerated() { places[Int(sign)] = UInt8(place) }
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count * 3 / 4)
    var buffer: UInt32 = 0
    var bits = 0
    for sign in text.utf8 {
      let value = places[Int(sign)]
      guard value < 64 else { continue }
      buffer = buffer << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
      }
    }
    return result
  }

  /// In lines of 120 signs.
  package static func text(_ bytes: [UInt8]) -> String {
    var signs: [UInt8] = []
    var line = 0
    var index = 0
    while index < bytes.count {
      let rest = min(3, bytes.count - index)
      var group: UInt32 = 0
      for offset in 0..<3 { group = group << 8 | (offset < rest ? UInt32(bytes[index + offset]) : 0) }
      for offset in 0..<(rest + 1) { signs.append(alphabet[Int(group >> UInt32(18 - 6 * offset) & 63)]) }
      index += 3
      line += 4
      if line == 120 {
        signs.append(UInt8(ascii: "\n"))
        line = 0
      }
    }
    if signs.last == UInt8(ascii: "\n") { signs.removeLast() }
    return String(decoding: signs, as: UTF8.self)
  }
}

/// Reads little-endian numbers one after another; past the end it reads zeros and says so.
struct ByteCursor {
  let bytes: [UInt8]
  private(set) var place = 0
  private(set) var isExhausted = false

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func byte() -> UInt8 {
    guard place < bytes.count else {
      isExhausted = true
      return 0
    }
    defer { place += 1 }
    return bytes[place]
  }
  mutating func int() -> Int { (0..<4).reduce(0) { sum, offset in sum | Int(byte()) << (8 * offset) } }
  mutating func float() -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: int())) }
  var isAtEnd: Bool { place == bytes.count && !isExhausted }
}

extension [UInt8] {
  mutating func append(int value: Int) { for offset in 0..<4 { append(UInt8(truncatingIfNeeded: value >> (8 * offset))) } }
  mutating func append(float value: Float) { append(int: Int(value.bitPattern)) }
}
