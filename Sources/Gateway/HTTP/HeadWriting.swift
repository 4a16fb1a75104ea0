// Writes heads of HTTP/1 messages straight into the buffer that goes out.

import NIOCore

extension ByteBuffer {
  mutating func writeField(_ name: StaticString, _ value: String) {
    writeStaticString(name)
    writeStaticString(": ")
    writeString(value)
    writeStaticString("\r\n")
  }

  mutating func writeField(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    // Both come from one head. Where its line is as this one would be, it is copied whole, with its CR LF.
    if let start = name.baseAddress, let text = value.baseAddress, start + name.count + 2 == text,
      (text - 1).load(as: UInt8.self) == 0x20
    {
      writeBytes(UnsafeRawBufferPointer(start: start, count: name.count + 2 + value.count))
      writeStaticString("\r\n")
      return
    }
    writeBytes(name)
    writeStaticString(": ")
    writeBytes(value)
    writeStaticString("\r\n")
  }

  /// Sixteen hexadecimal digits, as span ids are written.
  mutating func writeHexadecimal(_ value: UInt64) {
    var shift: UInt64 = 64
    while shift > 0 {
      shift -= 4
      let digit = UInt8(truncatingIfNeeded: value >> shift & 15)
      writeInteger(digit < 10 ? digit + 48 : digit + 87)
    }
  }

  mutating func writeDecimal(_ value: Int) { writeString(String(value)) }

  /// One chunk of a chunked body; nothing for no bytes, since an empty chunk ends the body.
  mutating func writeChunk(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    writeChunkSize(bytes.count)
    writeBytes(bytes)
    writeStaticString("\r\n")
  }

  mutating func writeChunkSize(_ count: Int) {
    var shift = max(0, (Int.bitWidth - count.leadingZeroBitCount + 3) / 4 - 1) * 4
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: count >> shift & 15)
      writeInteger(digit < 10 ? digit + 48 : digit + 87)
      shift -= 4
    }
    writeStaticString("\r\n")
  }
}

/// The standard words for the status codes the gateway itself answers with.
enum StatusReason {
  static func phrase(_ status: Int) -> StaticString {
    switch status {
    case 100: "Continue"
    case 200: "OK"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 413: "Content Too Large"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: "Error"
    }
  }
}
