// Finds single values in JSON bytes without decoding the rest: relaying needs three facts of a body that may be megabytes.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A cursor over UTF-8 JSON. A value is named by the offset of its first byte. Malformed input yields `nil`, never a trap;
/// nesting is counted, not recursed into, so depth cannot exhaust the stack.
///
/// The scanner borrows the bytes: use it only inside the `withUnsafeBytes` call that lent them.
package struct JSONScanner {
  private let bytes: UnsafeRawBufferPointer

  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The offset of the document's value, or `nil` when there is none.
  package var root: Int? { value(from: 0) }

  package func isObject(_ value: Int) -> Bool { value < bytes.count && bytes[value] == UInt8(ascii: "{") }
  package func isArray(_ value: Int) -> Bool { value < bytes.count && bytes[value] == UInt8(ascii: "[") }
  package func isString(_ value: Int) -> Bool { value < bytes.count && bytes[value] == UInt8(ascii: "\"") }
  package func isNull(_ value: Int) -> Bool { value < bytes.count && bytes[value] == UInt8(ascii: "n") }

  /// Calls `body` with each member's key bytes (still escaped) and value, until it returns false or the object ends.
  /// Returns false when the object is malformed.
  @discardableResult
  package func forEachMember(of object: Int, _ body: (UnsafeRawBufferPointer, Int) -> Bool) -> Bool {
    guard isObject(object) else { return false }
    guard var position = value(from: object + 1) else { return false }
    if bytes[position] == UInt8(ascii: "}") { return true }
    while true {
      guard isString(position), let keyEnd = endOfString(position), let colon = value(from: keyEnd),
        bytes[colon] == UInt8(ascii: ":"), let member = value(from: colon + 1)
      else { return false }
      if !body(UnsafeRawBufferPointer(rebasing: bytes[position + 1..<keyEnd - 1]), member) { return true }
      guard let end = end(of: member), let separator = value(from: end) else { return false }
      if bytes[separator] == UInt8(ascii: "}") { return true }
      guard bytes[separator] == UInt8(ascii: ","), let next = value(from: separator + 1) else { return false }
      position = next
    }
  }

  /// Calls `body` with each element, until it returns false or the array ends. Returns false when malformed.
  @discardableResult
  package func forEachElement(of array: Int, _ body: (Int) -> Bool) -> Bool {
    guard isArray(array), var position = value(from: array + 1) else { return false }
    if bytes[position] == UInt8(ascii: "]") { return true }
    while true {
      if !body(position) { return true }
      guard let end = end(of: position), let separator = value(from: end) else { return false }
      if bytes[separator] == UInt8(ascii: "]") { return true }
      guard bytes[separator] == UInt8(ascii: ","), let next = value(from: separator + 1) else { return false }
      position = next
    }
  }

  /// The value of a member, or `nil`. The last of duplicate keys does not win: the first does, which is enough here.
  package func member(_ name: StaticString, of object: Int?) -> Int? {
    guard let object else { return nil }
    var found: Int?
    forEachMember(of: object) { key, value in
      guard Self.equal(key, name) else { return true }
      found = value
      return false
    }
    return found
  }

  package func firstElement(of array: Int?) -> Int? {
    guard let array else { return nil }
    var first: Int?
    forEachElement(of: array) { element in
      first = element
      return false
    }
    return first
  }

  /// The unescaped text of a string value; `nil` for another type. Invalid UTF-8 is repaired.
  package func string(_ value: Int?) -> String? {
    guard let value, isString(value), let end = endOfString(value) else { return nil }
    let raw = UnsafeRawBufferPointer(rebasing: bytes[value + 1..<end - 1])
    return JSONText.unescape(raw)
  }

  /// An integer value; `nil` for fractions, exponents, other types and overflow.
  package func integer(_ value: Int?) -> Int? {
    guard let value, value < bytes.count else { return nil }
    var position = value
    let isNegative = bytes[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    var result = 0
    var digits = 0
    while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
      let (product, overflow) = result.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int(bytes[position] - 48))
      if overflow || carry { return nil }
      result = sum
      digits += 1
      position += 1
    }
    guard digits > 0 else { return nil }
    if position < bytes.count, bytes[position] == 46 || bytes[position] | 0x20 == UInt8(ascii: "e") { return nil }
    return isNegative ? -result : result
  }

  package func boolean(_ value: Int?) -> Bool? {
    guard let value, value < bytes.count else { return nil }
    switch bytes[value] {
    case UInt8(ascii: "t"): return true
    case UInt8(ascii: "f"): return false
    default: return nil
    }
  }

  /// The offset just past a value, or `nil` when the bytes end first.
  package func end(of value: Int) -> Int? {
    guard value < bytes.count else { return nil }
    switch bytes[value] {
    case UInt8(ascii: "\""): return endOfString(value)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      var depth = 0
      var position = value
      while position < bytes.count {
        switch bytes[position] {
        case UInt8(ascii: "\""):
          guard let end = endOfString(position) else { return nil }
          position = end
          continue
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          depth -= 1
          if depth == 0 { return position + 1 }
        default: break
        }
        position += 1
      }
      return nil
    case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"): return nil
    default:
      var position = value
      while position < bytes.count {
        switch bytes[position] {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x09, 0x0a, 0x0d: return position
        default: position += 1
        }
      }
      return position
    }
  }

  /// The next byte that is not white space.
  private func value(from start: Int) -> Int? {
    var position = start
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0a, 0x0d: position += 1
      default: return position
      }
    }
    return nil
  }

  /// The offset past the closing quote: memchr finds quotes, an odd number of backslashes before one escapes it.
  private func endOfString(_ start: Int) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var position = start + 1
    while position < bytes.count, let found = memchr(base + position, 0x22, bytes.count - position) {
      let quote = base.distance(to: found)
      var backslashes = 0
      while quote - 1 - backslashes > start, bytes[quote - 1 - backslashes] == 0x5c { backslashes += 1 }
      if backslashes % 2 == 0 { return quote + 1 }
      position = quote + 1
    }
    return nil
  }

  package static func equal(_ key: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
    guard key.count == name.utf8CodeUnitCount, let base = key.baseAddress else {
      return key.isEmpty && name.utf8CodeUnitCount == 0
    }
    return memcmp(base, name.utf8Start, key.count) == 0
  }
}
