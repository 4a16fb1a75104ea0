// Reads JSON bytes into a tree in one pass (RFC 8259), strictly: what is translated must have been understood.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension JSONTree {
  /// Google's JSON reader refuses more than 100 levels; the others take a little more.
  package static let depthLimit = 128

  /// Parses one document; `nil` when the bytes are not exactly one JSON value, or are nested deeper than the limit.
  package init?(parsing bytes: UnsafeRawBufferPointer) {
    var parser = JSONTreeParser(bytes: bytes)
    guard let value = parser.value(depth: 0), parser.isAtEnd else { return nil }
    self = value
  }

  package init?(parsing text: String) {
    var text = text
    let parsed = text.withUTF8 { JSONTree(parsing: UnsafeRawBufferPointer($0)) }
    guard let parsed else { return nil }
    self = parsed
  }
}

/// Not built on `JSONScanner`: that one skips a value to find its end, so that walking a tree with it reads the bytes once
/// for each level. Recursion is bounded by the depth limit.
private struct JSONTreeParser {
  let bytes: UnsafeRawBufferPointer
  var position = 0

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return position == bytes.count
    }
  }

  mutating func value(depth: Int) -> JSONTree? {
    skipSpace()
    guard position < bytes.count, depth <= JSONTree.depthLimit else { return nil }
    switch bytes[position] {
    case UInt8(ascii: "{"): return object(depth: depth)
    case UInt8(ascii: "["): return array(depth: depth)
    case UInt8(ascii: "\""): return string().map(JSONTree.string)
    case UInt8(ascii: "t"): return word("true") ? .bool(true) : nil
    case UInt8(ascii: "f"): return word("false") ? .bool(false) : nil
    case UInt8(ascii: "n"): return word("null") ? .null : nil
    default: return number()
    }
  }

  private mutating func object(depth: Int) -> JSONTree? {
    position += 1
    var members: [JSONTree.Member] = []
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\""), let name = string(), take(":"),
        let value = value(depth: depth + 1)
      else { return nil }
      members.append(JSONTree.Member(name, value))
    } while take(",")
    return take("}") ? .object(members) : nil
  }

  private mutating func array(depth: Int) -> JSONTree? {
    position += 1
    var elements: [JSONTree] = []
    if take("]") { return .array(elements) }
    repeat {
      guard let value = value(depth: depth + 1) else { return nil }
      elements.append(value)
    } while take(",")
    return take("]") ? .array(elements) : nil
  }

  private mutating func string() -> String? {
    guard let base = bytes.baseAddress else { return nil }
    let start = position + 1
    var search = start
    while search < bytes.count, let found = memchr(base + search, 0x22, bytes.count - search) {
      let quote = base.distance(to: found)
      var backslashes = 0
      while quote - 1 - backslashes >= start, bytes[quote - 1 - backslashes] == 0x5c { backslashes += 1 }
      search = quote + 1
      guard backslashes % 2 == 0 else { continue }
      position = search
      return JSONText.unescape(UnsafeRawBufferPointer(rebasing: bytes[start..<quote]))
    }
    return nil
  }

  /// `-? (0 | 1-9 digits) (. digits)? ([eE] [+-]? digits)?`
  private mutating func number() -> JSONTree? {
    let start = position
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
    let first = position
    guard digits() > 0, bytes[first] != UInt8(ascii: "0") || position == first + 1 else { return nil }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      guard digits() > 0 else { return nil }
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") { position += 1 }
      guard digits() > 0 else { return nil }
    }
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func digits() -> Int {
    let start = position
    while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 { position += 1 }
    return position - start
  }

  private mutating func word(_ word: StaticString) -> Bool {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count, JSONScanner.equal(UnsafeRawBufferPointer(rebasing: bytes[position..<end]), word) else {
      return false
    }
    position = end
    return true
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
  }
}
