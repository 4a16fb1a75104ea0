// Reads from an HTTP/1.1 head only what framing needs: status, content length, chunked coding, and whether the connection closes.

struct HeadScan {
  var status = 0
  var contentLength: Int?
  var isChunked = false
  var closes = false

  /// `nil` when the start line of a response or a content length cannot be read.
  init?(_ head: UnsafeRawBufferPointer, isResponse: Bool) {
    if isResponse {
      // `HTTP/1.1 200 OK`
      guard head.count > 12, let status = Self.decimal(head, 9..<12) else { return nil }
      self.status = status
      // Informational answers are not used by any of the measured gateways; they would be a message of their own.
      if status < 200 || status == 204 || status == 304 { contentLength = 0 }
    }
    var line = 0
    while line < head.count {
      var end = line
      while end < head.count, head[end] != UInt8.lineFeed { end += 1 }
      switch head[line] | 0x20 {
      case UInt8(ascii: "c"):
        if let value = Self.value(of: "content-length:", head, line..<end) {
          guard let length = Self.decimal(head, value) else { return nil }
          contentLength = length
        } else if let value = Self.value(of: "connection:", head, line..<end) {
          closes = !value.isEmpty && head[value.lowerBound] | 0x20 == UInt8(ascii: "c")
        }
      case UInt8(ascii: "t"):
        if Self.value(of: "transfer-encoding:", head, line..<end) != nil { isChunked = true }
      default: break
      }
      line = end + 1
    }
  }

  private static func value(of name: StaticString, _ head: UnsafeRawBufferPointer, _ line: Range<Int>) -> Range<Int>? {
    let length = name.utf8CodeUnitCount
    guard line.count > length else { return nil }
    for index in 0..<length where head[line.lowerBound + index] | 0x20 != name.utf8Start[index] | 0x20 { return nil }
    var start = line.lowerBound + length
    var end = line.upperBound
    while start < end, head[start] == UInt8.space { start += 1 }
    while end > start, head[end - 1] == UInt8.carriageReturn || head[end - 1] == UInt8.space { end -= 1 }
    return start..<end
  }

  private static func decimal(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    guard !range.isEmpty, range.count < 16 else { return nil }
    var value = 0
    for index in range {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { return nil }
      value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
    }
    return value
  }
}
