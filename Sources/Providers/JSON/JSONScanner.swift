// Finds single values in JSON bytes, in any order, without decoding the rest.

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
  private let searched: JSONBytes

  package init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    searched = JSONBytes(bytes)
  }

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
  package func end(of value: Int) -> Int? { searched.endOfValue(value) }

  /// The next byte that is not white space.
  private func value(from start: Int) -> Int? {
    let position = searched.skipSpace(start)
    return position < bytes.count ? position : nil
  }

  private func endOfString(_ start: Int) -> Int? { searched.endOfString(start) }

  @inline(__always)
  package static func equal(_ key: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
    guard key.count == name.utf8CodeUnitCount, let base = key.baseAddress else {
      return key.isEmpty && name.utf8CodeUnitCount == 0
    }
    return memcmp(base, name.utf8Start, key.count) == 0
  }
}
