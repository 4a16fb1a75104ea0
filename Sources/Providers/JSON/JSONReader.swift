// Reads JSON bytes once, front to back, and takes what is asked for: the reader of the relay's hot path.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A position in JSON bytes. Every reading method takes the value at the position, whatever its type; a value of another
/// type than asked for is passed over and yields `nil`. Malformed input ends the reading, never traps.
///
/// Against `JSONScanner`, which looks single values up in any order, nothing is looked at twice. Borrows the bytes: use it
/// only inside the `withUnsafeBytes` call that lent them.
struct JSONReader {
  /// A member's name, possibly with escapes in it.
  struct Key {
    let bytes: UnsafeRawBufferPointer
    let isEscaped: Bool

    @inline(__always)
    static func == (key: Key, name: StaticString) -> Bool {
      key.isEscaped ? JSONText.escaped(key.bytes, equals: name) : JSONScanner.equal(key.bytes, name)
    }

    var text: String { JSONText.unescape(bytes) }
  }

  let bytes: JSONBytes
  private(set) var position: Int
  private(set) var isMalformed = false

  init(_ buffer: UnsafeRawBufferPointer) {
    bytes = JSONBytes(buffer)
    position = bytes.skipSpace(0)
  }

  /// Starts at a value found before.
  init(_ bytes: JSONBytes, at position: Int) {
    self.bytes = bytes
    self.position = position
  }

  var isObject: Bool { bytes[position] == 0x7b }
  var isArray: Bool { bytes[position] == 0x5b }
  var isString: Bool { bytes[position] == 0x22 }
  var isNull: Bool { bytes[position] == 0x6e }
  var isBoolean: Bool { bytes[position] == 0x74 || bytes[position] == 0x66 }
  /// `[]`, `{}` or `""`.
  var isEmptyContainer: Bool {
    let open = bytes[position]
    let next = bytes[isString ? position + 1 : bytes.skipSpace(position + 1)]
    return open == 0x22 && next == 0x22 || open == 0x7b && next == 0x7d || open == 0x5b && next == 0x5d
  }
  /// Nothing but white space is left.
  var isAtEnd: Bool { bytes.skipSpace(position) == bytes.count }

  /// Calls `body` for each member, the reader standing at its value; what `body` does not read is passed over.
  @inline(__always)
  mutating func forEachMember(_ body: (Key, inout JSONReader) -> Void) {
    guard isObject else { return skip() }
    position = bytes.skipSpace(position + 1)
    if bytes[position] == 0x7d {
      position += 1
      return
    }
    while true {
      guard bytes[position] == 0x22 else { return fail() }
      let keyStart = position + 1
      var keyEnd = keyStart
      var isEscaped = false
      while keyEnd < bytes.count {
        let byte = bytes[keyEnd]
        if byte == 0x22 { break }
        if byte == 0x5c {
          isEscaped = true
          keyEnd += 1
        }
        keyEnd += 1
      }
      guard keyEnd < bytes.count else { return fail() }
      position = bytes.skipSpace(keyEnd + 1)
      guard bytes[position] == 0x3a else { return fail() }
      position = bytes.skipSpace(position + 1)
      let value = position
      body(Key(bytes: bytes.slice(keyStart, keyEnd), isEscaped: isEscaped), &self)
      guard endItem(from: value, close: 0x7d) else { return }
    }
  }

  /// Calls `body` for each element, the reader standing at it; what `body` does not read is passed over.
  @inline(__always)
  mutating func forEachElement(_ body: (inout JSONReader) -> Void) {
    guard isArray else { return skip() }
    position = bytes.skipSpace(position + 1)
    if bytes[position] == 0x5d {
      position += 1
      return
    }
    while true {
      let value = position
      body(&self)
      guard endItem(from: value, close: 0x5d) else { return }
    }
  }

  /// Moves past the value at `start` if it was not read, and past the comma. Returns false when the container ended.
  @inline(__always)
  private mutating func endItem(from start: Int, close: UInt8) -> Bool {
    if position == start { skip() }
    if isMalformed { return false }
    position = bytes.skipSpace(position)
    switch bytes[position] {
    case 0x2c:
      position = bytes.skipSpace(position + 1)
      return true
    case close: position += 1
    default: fail()
    }
    return false
  }

  mutating func skip() {
    if let end = bytes.endOfValue(position) { position = end } else { fail() }
  }

  private mutating func fail() {
    isMalformed = true
    position = bytes.count
  }

  /// Where the value stands.
  mutating func range() -> Range<Int>? {
    let start = position
    skip()
    return isMalformed ? nil : start..<position
  }

  /// The bytes between the quotes, escapes and all.
  @inline(__always)
  mutating func rawString() -> UnsafeRawBufferPointer? {
    guard isString, let end = bytes.endOfString(position) else {
      skip()
      return nil
    }
    let raw = bytes.slice(position + 1, end - 1)
    position = end
    return raw
  }

  /// Invalid UTF-8 is repaired.
  mutating func string() -> String? { rawString().map(JSONText.unescape) }

  mutating func boolean() -> Bool? {
    let first = bytes[position]
    skip()
    return first == 0x74 ? true : first == 0x66 ? false : nil
  }

  /// A whole number of at least zero. `2.0`, `1e3` and `"12"` are whole numbers: protobuf's JSON writes and reads them so,
  /// and lenient servers do. `nil` for anything else and for a number no count can have, so that sums cannot overflow.
  mutating func count() -> Int? {
    var start = position
    skip()
    var end = position
    guard !isMalformed else { return nil }
    if bytes[start] == 0x22 {
      start += 1
      end -= 1
    }
    var result = 0
    for offset in start..<max(start, end) {
      let byte = bytes[offset]
      guard byte >= 0x30, byte <= 0x39 else { return Self.wholeNumber(String(decoding: bytes.slice(start, end), as: UTF8.self)) }
      result = result * 10 + Int(byte - 0x30)
      if result > Self.largestCount { return nil }
    }
    return start < end ? result : nil
  }

  @inline(never)
  private static func wholeNumber(_ text: String) -> Int? {
    guard text.utf8.count < 32, let value = Double(text), value >= 0, value <= Double(largestCount), value.rounded() == value
    else { return nil }
    return Int(value)
  }

  private static let largestCount = 1 << 40
}
