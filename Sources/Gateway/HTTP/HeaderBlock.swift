// The header fields of one HTTP message, left in the bytes they came in: relaying copies them, and looks at few.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import NIOCore

struct HeaderBlock {
  struct Field {
    var nameStart: Int32
    var nameCount: Int32
    var valueStart: Int32
    var valueCount: Int32
  }

  /// The whole head; offsets of fields count from its first readable byte.
  let bytes: ByteBuffer
  let fields: [Field]
  /// A bit for each length of a name that is here: most fields that are asked for are not, and their length tells so.
  private let lengths: UInt64

  init(bytes: ByteBuffer, fields: [Field]) {
    self.bytes = bytes
    self.fields = fields
    lengths = fields.reduce(0) { $0 | 1 << UInt64(min(63, $1.nameCount)) }
  }

  @inline(__always)
  private func mayHave(_ nameCount: Int) -> Bool { lengths >> UInt64(min(63, nameCount)) & 1 == 1 }

  /// The first value of a field.
  ///
  /// - Parameter name: in lowercase.
  func first(_ name: StaticString) -> String? {
    guard mayHave(name.utf8CodeUnitCount) else { return nil }
    return bytes.withUnsafeReadableBytes { raw in
      for field in fields where Int(field.nameCount) == name.utf8CodeUnitCount && Self.isEqual(raw, field, name) {
        return String(decoding: raw[Int(field.valueStart)..<Int(field.valueStart + field.valueCount)], as: UTF8.self)
      }
      return nil
    }
  }

  /// The fields that keys come in, in the order they are looked at.
  enum CredentialField: CaseIterable {
    case authorization, googleKey, key

    var name: StaticString {
      switch self {
      case .authorization: "authorization"
      case .googleKey: "x-goog-api-key"
      case .key: "x-api-key"
      }
    }
  }

  /// The value of the first field for keys that is here; `nil` when there is none.
  @discardableResult
  func withCredential<Result>(_ body: (CredentialField, UnsafeRawBufferPointer) -> Result) -> Result? {
    bytes.withUnsafeReadableBytes { raw in
      for credential in CredentialField.allCases where mayHave(credential.name.utf8CodeUnitCount) {
        for field in fields where Self.isEqual(raw, field, credential.name) {
          return body(
            credential,
            UnsafeRawBufferPointer(rebasing: raw[Int(field.valueStart)..<Int(field.valueStart + field.valueCount)]))
        }
      }
      return nil
    }
  }

  /// The token of `Authorization: Bearer …`.
  var bearer: String? {
    bytes.withUnsafeReadableBytes { raw in
      for field in fields where field.nameCount == 13 && Self.isEqual(raw, field, "authorization") {
        let value = UnsafeRawBufferPointer(rebasing: raw[Int(field.valueStart)..<Int(field.valueStart + field.valueCount)])
        guard value.count > 7, value[6] == 0x20, Self.isEqual(UnsafeRawBufferPointer(rebasing: value[..<6]), "bearer") else {
          return nil
        }
        return String(decoding: value[7...], as: UTF8.self)
      }
      return nil
    }
  }

  /// The first value of a field, when it is a whole number of 15 digits at most.
  func wholeNumber(_ name: StaticString) -> Int? {
    bytes.withUnsafeReadableBytes { raw in
      guard let field = fields.first(where: { Int($0.nameCount) == name.utf8CodeUnitCount && Self.isEqual(raw, $0, name) }),
        (1...15).contains(field.valueCount)
      else { return nil }
      var number = 0
      for offset in Int(field.valueStart)..<Int(field.valueStart + field.valueCount) {
        guard (48...57).contains(raw[offset]) else { return nil }
        number = number * 10 + Int(raw[offset]) - 48
      }
      return number
    }
  }

  func first(named name: String) -> String? {
    bytes.withUnsafeReadableBytes { raw in
      for field in fields where Int(field.nameCount) == name.utf8.count {
        let range = Int(field.nameStart)..<Int(field.nameStart + field.nameCount)
        if zip(raw[range], name.utf8).allSatisfy({ $0 | 0x20 == $1 }) {
          return String(decoding: raw[Int(field.valueStart)..<Int(field.valueStart + field.valueCount)], as: UTF8.self)
        }
      }
      return nil
    }
  }

  func count(_ name: StaticString) -> Int {
    guard mayHave(name.utf8CodeUnitCount) else { return 0 }
    return bytes.withUnsafeReadableBytes { raw in
      var count = 0
      for field in fields where Int(field.nameCount) == name.utf8CodeUnitCount && Self.isEqual(raw, field, name) { count += 1 }
      return count
    }
  }

  /// Every value of a field, in order.
  func all(_ name: StaticString) -> [String] {
    bytes.withUnsafeReadableBytes { raw in
      fields.compactMap { field in
        guard Int(field.nameCount) == name.utf8CodeUnitCount, Self.isEqual(raw, field, name) else { return nil }
        return String(decoding: raw[Int(field.valueStart)..<Int(field.valueStart + field.valueCount)], as: UTF8.self)
      }
    }
  }

  /// Writes the fields whose names, as they came, are chosen. Lines that stand one after the other are copied as one piece.
  ///
  /// - Parameter start: a part of the head that is written before them.
  func write(behind start: Range<Int> = 0..<0, into out: inout ByteBuffer, where isChosen: (UnsafeRawBufferPointer) -> Bool) {
    bytes.withUnsafeReadableBytes { raw in
      var run = start
      func endRun() {
        if !run.isEmpty { out.writeBytes(UnsafeRawBufferPointer(rebasing: raw[run])) }
        run = 0..<0
      }
      for field in fields {
        let start = Int(field.nameStart)
        let colon = start + Int(field.nameCount)
        let value = Int(field.valueStart)..<Int(field.valueStart + field.valueCount)
        let name = UnsafeRawBufferPointer(rebasing: raw[start..<colon])
        guard isChosen(name) else { continue }
        // A line as it would be written: one space, the value, CR LF. The blank line is behind it, so there are two bytes more.
        guard value.lowerBound == colon + 2, raw[colon + 1] == 0x20, raw[value.upperBound] == 0x0d else {
          endRun()
          out.writeField(name, UnsafeRawBufferPointer(rebasing: raw[value]))
          continue
        }
        if run.upperBound != start { endRun() }
        run = (run.isEmpty ? start : run.lowerBound)..<value.upperBound + 2
      }
      endRun()
    }
  }

  /// The names, in lowercase, that `Connection` says belong to this connection only (RFC 9110 section 7.6.1).
  var nominatedByConnection: [String] {
    guard mayHave(10), !isOnly("connection", "keep-alive"), count("connection") > 0 else { return [] }
    return all("connection").flatMap { $0.lowercased().split(separator: ",") }
      .map { $0.trimmingSpaces }.filter { !$0.isEmpty && $0 != "close" && $0 != "keep-alive" }
  }

  /// Whether the field is here once and says just this, in lowercase: what most clients and providers say needs no list.
  func isOnly(_ name: StaticString, _ value: StaticString) -> Bool {
    bytes.withUnsafeReadableBytes { raw in
      var found = 0
      for field in fields where Int(field.nameCount) == name.utf8CodeUnitCount && Self.isEqual(raw, field, name) {
        let said = raw[Int(field.valueStart)..<Int(field.valueStart + field.valueCount)]
        guard Self.isEqual(UnsafeRawBufferPointer(rebasing: said), value) else { return false }
        found += 1
      }
      return found == 1
    }
  }

  /// The same for a number, said as we would say it: without zeros in front.
  func isOnly(_ name: StaticString, _ number: Int) -> Bool {
    bytes.withUnsafeReadableBytes { raw in
      var found = 0
      for field in fields where Int(field.nameCount) == name.utf8CodeUnitCount && Self.isEqual(raw, field, name) {
        let start = Int(field.valueStart)
        guard (1...15).contains(field.valueCount), raw[start] != 48 || field.valueCount == 1 else { return false }
        var value = 0
        for offset in start..<start + Int(field.valueCount) {
          guard (48...57).contains(raw[offset]) else { return false }
          value = value * 10 + Int(raw[offset]) - 48
        }
        guard value == number else { return false }
        found += 1
      }
      return found == 1
    }
  }

  /// Whether a comma-separated field lists `token`, which is in lowercase.
  func lists(_ token: String, in name: StaticString) -> Bool {
    all(name).contains { $0.lowercased().split(separator: ",").contains { $0.trimmingSpaces == token } }
  }

  /// Names hold token characters only (the decoder checks), where setting bit 5 folds letters and changes nothing else
  /// that could be mistaken.
  private static func isEqual(_ raw: UnsafeRawBufferPointer, _ field: Field, _ name: StaticString) -> Bool {
    isEqual(UnsafeRawBufferPointer(rebasing: raw[Int(field.nameStart)..<Int(field.nameStart + field.nameCount)]), name)
  }

  /// Whether the bytes are these, to the letter.
  @inline(__always)
  static func isExactly(_ raw: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    guard raw.count == text.utf8CodeUnitCount, let start = raw.baseAddress else { return false }
    return memcmp(start, text.utf8Start, raw.count) == 0
  }

  static func isEqual(_ raw: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
    guard raw.count == name.utf8CodeUnitCount else { return false }
    let expected = name.utf8Start
    for offset in 0..<raw.count where raw[offset] | 0x20 != expected[offset] { return false }
    return true
  }
}

extension Substring {
  /// Without spaces and tabs at both ends.
  var trimmingSpaces: String {
    var part = self.utf8[...]
    while let first = part.first, first == 0x20 || first == 0x09 { part = part.dropFirst() }
    while let last = part.last, last == 0x20 || last == 0x09 { part = part.dropLast() }
    return String(Substring(part))
  }
}
