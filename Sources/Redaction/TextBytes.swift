// The bytes of a text under search, and what each byte can be part of.

/// Borrows the bytes: use it only inside the `withUTF8` call that lent them.
struct TextBytes {
  let bytes: UnsafeBufferPointer<UInt8>
  /// Whether an address of e-mail can be in the text at all: `@`, or one of its escapes.
  let hasAtSign: Bool
  let hasColon: Bool
  /// `\` or `%`: a value may begin in what looks like the middle of a word.
  let hasEscape: Bool

  /// One pass tells most texts from those that need a search: `nil` when nothing sensitive can be in these bytes.
  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    var seen: UInt8 = 0
    ByteClass.withTable { table in
      for byte in bytes { seen |= table[Int(byte)] }
    }
    // What has neither digit nor sign is a credential of letters alone, and those are not short.
    guard
      seen & (ByteClass.digit | ByteClass.atSign | ByteClass.colon | ByteClass.equals | ByteClass.dash) != 0 || bytes.count >= 16
    else { return nil }
    self.bytes = bytes
    hasAtSign = seen & (ByteClass.atSign | ByteClass.escape) != 0
    hasColon = seen & ByteClass.colon != 0
    hasEscape = seen & ByteClass.escape != 0
  }

  var count: Int { bytes.count }

  @inline(__always)
  subscript(_ index: Int) -> UInt8 { bytes[index] }

  /// The byte at `index`, or 0 outside.
  @inline(__always)
  func at(_ index: Int) -> UInt8 { index >= 0 && index < bytes.count ? bytes[index] : 0 }

  /// A value begins where no word or number goes on. The letter of an escape (`\n` or `\u003d` in JSON, `%3D` in a URL) is no
  /// part of a word.
  func isValueStart(_ index: Int) -> Bool {
    guard index > 0 else { return true }
    if hasEscape, isPartOfEscape(index) { return false }
    guard ByteClass.isWord(bytes[index - 1]) else { return true }
    guard hasEscape else { return false }
    if at(index - 2) == UInt8(ascii: "\\") {
      switch bytes[index - 1] {
      case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "f"): return true
      default: return false
      }
    }
    if at(index - 3) == UInt8(ascii: "%"), ByteClass.isHexadecimal(bytes[index - 1]), ByteClass.isHexadecimal(bytes[index - 2]) {
      return true
    }
    return at(index - 6) == UInt8(ascii: "\\") && at(index - 5) == UInt8(ascii: "u")
      && (index - 4..<index).allSatisfy { ByteClass.isHexadecimal(bytes[$0]) }
  }

  /// The `n` of `\n`, the `u` of `\u003d`, the `3` of `%3D`: replaced with what follows them, they would break what they are part of.
  private func isPartOfEscape(_ index: Int) -> Bool {
    switch bytes[index - 1] {
    case UInt8(ascii: "\\"):
      switch bytes[index] {
      case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "u"): true
      default: false
      }
    case UInt8(ascii: "%"): ByteClass.isHexadecimal(bytes[index]) && ByteClass.isHexadecimal(at(index + 1))
    default: false
    }
  }

  /// The end of the bytes from `start` that `belongs` takes, at most `limit`.
  @inline(__always)
  func run(_ start: Int, limit: Int = 8192, _ belongs: (UInt8) -> Bool) -> Int {
    var index = start
    let end = min(bytes.count, start + limit)
    while index < end, belongs(bytes[index]) { index += 1 }
    return index
  }

  @inline(__always)
  func hasPrefix(_ prefix: StaticString, at start: Int) -> Bool {
    let count = prefix.utf8CodeUnitCount
    guard start + count <= bytes.count else { return false }
    for offset in 0..<count where bytes[start + offset] != prefix.utf8Start[offset] { return false }
    return true
  }

  /// `prefix` in lower case.
  func hasPrefixOfAnyCase(_ prefix: StaticString, at start: Int) -> Bool {
    let count = prefix.utf8CodeUnitCount
    guard start + count <= bytes.count else { return false }
    for offset in 0..<count where ByteClass.lowercased(bytes[start + offset]) != prefix.utf8Start[offset] { return false }
    return true
  }

  /// The number that the digits of a range are, at most nine of them.
  func number(_ range: Range<Int>) -> Int? {
    guard !range.isEmpty, range.count <= 9, range.upperBound <= bytes.count else { return nil }
    var value = 0
    for index in range {
      guard ByteClass.isDigit(bytes[index]) else { return nil }
      value = value * 10 + Int(bytes[index]) - 48
    }
    return value
  }

  /// Length of the at sign at `index`, as it is or as JSON and URLs may write it; 0 when there is none.
  func atSignLength(_ index: Int) -> Int {
    switch at(index) {
    case UInt8(ascii: "@"): 1
    case UInt8(ascii: "%"): hasPrefix("%40", at: index) ? 3 : 0
    case UInt8(ascii: "\\"): hasPrefix("\\u0040", at: index) ? 6 : 0
    default: 0
    }
  }
}

enum ByteClass {
  static let digit: UInt8 = 1
  static let letter: UInt8 = 2
  static let atSign: UInt8 = 4
  static let colon: UInt8 = 8
  static let equals: UInt8 = 16
  /// `\` and `%`.
  static let escape: UInt8 = 32
  static let dash: UInt8 = 64
  /// A value may begin with it: digits, `+`, `(`, `=`, `:`, `-`, every letter.
  static let begins: UInt8 = 128

  private static let table: [UInt8] = (0...255).map { (byte: UInt8) -> UInt8 in
    switch byte {
    case 48...57: digit | begins
    case 65...90, 97...122: letter | begins
    case UInt8(ascii: "@"): atSign
    case UInt8(ascii: ":"): colon | begins
    case UInt8(ascii: "="): equals | begins
    case UInt8(ascii: "\\"), UInt8(ascii: "%"): escape
    case UInt8(ascii: "-"): dash | begins
    case UInt8(ascii: "+"), UInt8(ascii: "("): begins
    case 0x80...: begins
    default: 0
    }
  }

  @inline(__always)
  static func withTable<Value>(_ body: (UnsafePointer<UInt8>) -> Value) -> Value {
    table.withUnsafeBufferPointer { body($0.baseAddress.unsafelyUnwrapped) }
  }

  @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
  @inline(__always) static func isUpper(_ byte: UInt8) -> Bool { byte &- 65 < 26 }
  @inline(__always) static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 }
  @inline(__always) static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }
  @inline(__always) static func isHexadecimal(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 97 < 6 }
  @inline(__always) static func lowercased(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }

  /// The first letters and digits of `Credentials.prefixes`, of `Bearer` and `Basic`, of a JSON web token.
  @inline(__always)
  static func beginsCredential(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "s"), UInt8(ascii: "p"), UInt8(ascii: "r"), UInt8(ascii: "w"), UInt8(ascii: "S"), UInt8(ascii: "A"),
      UInt8(ascii: "y"), UInt8(ascii: "c"), UInt8(ascii: "g"), UInt8(ascii: "G"), UInt8(ascii: "x"), UInt8(ascii: "h"),
      UInt8(ascii: "n"), UInt8(ascii: "d"), UInt8(ascii: "e"), UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "1"):
      true
    default: false
    }
  }
}
