// Cuts the head of an HTTP/1 message into its start line and fields, and refuses what two readers could read differently.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import NIOCore

/// Bytes that are not HTTP/1, or not the part of it this gateway speaks.
struct HTTPProblem: Error, Equatable {
  /// The status to answer a client with.
  var status: Int
  var message: String

  static func badRequest(_ message: String) -> HTTPProblem { HTTPProblem(status: 400, message: message) }
}

/// Finds where a head ends, looking at each byte once however slowly they come.
struct HeadParser {
  /// Bytes a head may have. Providers and SDKs stay far below; nginx allows 32 KiB in all.
  static let limit = 64 << 10
  static let fieldLimit = 256

  private var searched = 0
  private var lineStart = 0

  /// The length of the head with its blank line, or `nil` while it is not all there.
  mutating func length(in buffer: ByteBuffer) throws(HTTPProblem) -> Int? {
    var found: Int?
    buffer.withUnsafeReadableBytes { raw in
      guard let base = raw.baseAddress else { return }
      while searched < raw.count, let newline = memchr(base + searched, 0x0a, raw.count - searched) {
        let position = base.distance(to: newline)
        searched = position + 1
        let isBlank = position == lineStart || (position == lineStart + 1 && raw[lineStart] == 0x0d)
        lineStart = searched
        if isBlank {
          found = searched
          return
        }
      }
      if found == nil { searched = raw.count }
    }
    if let found {
      guard found <= Self.limit else {
        throw HTTPProblem(status: 431, message: "The header fields are larger than \(Self.limit) bytes.")
      }
      self = HeadParser()
      return found
    }
    guard buffer.readableBytes <= Self.limit else {
      throw HTTPProblem(status: 431, message: "The header fields are larger than \(Self.limit) bytes.")
    }
    return nil
  }

  /// The start line and the fields of a complete head.
  static func parse(_ head: ByteBuffer) throws(HTTPProblem) -> (startLine: Range<Int>, fields: [HeaderBlock.Field]) {
    let result: Result<(Range<Int>, [HeaderBlock.Field]), HTTPProblem> = head.withUnsafeReadableBytes { raw in
      do throws(HTTPProblem) { return .success(try parse(raw)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func parse(_ raw: UnsafeRawBufferPointer) throws(HTTPProblem) -> (Range<Int>, [HeaderBlock.Field]) {
    var fields: [HeaderBlock.Field] = []
    fields.reserveCapacity(16)
    var position = try lineEnd(raw, from: 0)
    let startLine = 0..<position
    position += 2
    while true {
      let end = try lineEnd(raw, from: position)
      if end == position { return (startLine, fields) }
      guard fields.count < fieldLimit else {
        throw HTTPProblem(status: 431, message: "There are more than \(fieldLimit) header fields.")
      }
      fields.append(try field(raw, position..<end))
      position = end + 2
    }
  }

  /// The offset of the CR of the line's CRLF. A bare LF ends no line here: another reader might not agree (RFC 9112, 2.2).
  private static func lineEnd(_ raw: UnsafeRawBufferPointer, from start: Int) throws(HTTPProblem) -> Int {
    guard let base = raw.baseAddress, start < raw.count, let newline = memchr(base + start, 0x0a, raw.count - start) else {
      throw .badRequest("The head of the message is cut off.")
    }
    let end = base.distance(to: newline) - 1
    guard end >= start, raw[end] == 0x0d else { throw .badRequest("A header line does not end in CR LF.") }
    return end
  }

  private static func field(_ raw: UnsafeRawBufferPointer, _ line: Range<Int>) throws(HTTPProblem) -> HeaderBlock.Field {
    var colon = line.lowerBound
    while colon < line.upperBound, raw[colon] != 0x3a {
      guard isTokenByte(raw[colon]) else {
        throw .badRequest("A header name has a character that no name may have, or a line is folded.")
      }
      colon += 1
    }
    guard colon > line.lowerBound, colon < line.upperBound else { throw .badRequest("A header line has no name or no colon.") }
    var start = colon + 1
    var end = line.upperBound
    while start < end, raw[start] == 0x20 || raw[start] == 0x09 { start += 1 }
    while end > start, raw[end - 1] == 0x20 || raw[end - 1] == 0x09 { end -= 1 }
    guard !hasControl(raw, start..<end) else { throw .badRequest("A header value has a control character.") }
    return HeaderBlock.Field(
      nameStart: Int32(line.lowerBound), nameCount: Int32(colon - line.lowerBound), valueStart: Int32(start),
      valueCount: Int32(end - start))
  }

  /// Any control character but a tab. Eight bytes at a time, until there is one below 0x20 or 0x7f among them: from there on each is
  /// looked at.
  @inline(__always)
  private static func hasControl(_ raw: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    var offset = range.lowerBound
    while offset < range.upperBound, range.count >= 8 {
      // The last word takes some of the bytes before it along.
      offset = min(offset, range.upperBound - 8)
      let word = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let delete = word ^ 0x7f7f_7f7f_7f7f_7f7f
      let isLow = (word &- 0x2020_2020_2020_2020) & ~word
      let isDelete = (delete &- 0x0101_0101_0101_0101) & ~delete
      if (isLow | isDelete) & 0x8080_8080_8080_8080 != 0 { break }
      offset += 8
    }
    while offset < range.upperBound {
      if raw[offset] < 0x20 && raw[offset] != 0x09 || raw[offset] == 0x7f { return true }
      offset += 1
    }
    return false
  }

  /// `tchar` of RFC 9110 section 5.6.2: letters, digits and !#$%&'*+-.^_`|~. A bit for each of the 128 ASCII codes.
  @inline(__always)
  static func isTokenByte(_ byte: UInt8) -> Bool {
    // Letters first: names are made of them.
    if (byte | 0x20) &- 0x61 < 26 { return true }
    let low: UInt64 = 0x03ff_6cfa_0000_0000
    let high: UInt64 = 0x57ff_ffff_c7ff_fffe
    return byte < 64 ? low >> UInt64(byte) & 1 == 1 : byte < 128 && high >> UInt64(byte - 64) & 1 == 1
  }
}
