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
    writeBytes(name)
    writeStaticString(": ")
    writeBytes(value)
    writeStaticString("\r\n")
  }

  /// Sixteen hexadecimal digits, as span ids are written.
  mutating func writeHexadecimal(_ value: UInt64) {
    writeMultipleIntegers(
      Self.hexadecimal(UInt32(truncatingIfNeeded: value >> 32)), Self.hexadecimal(UInt32(truncatingIfNeeded: value)))
  }

  /// Eight digits at once, the first in the highest byte: each half byte moves to a byte of its own and becomes a letter there.
  private static func hexadecimal(_ value: UInt32) -> UInt64 {
    var digits = UInt64(value)
    digits = (digits | digits << 16) & 0x0000_ffff_0000_ffff
    digits = (digits | digits << 8) & 0x00ff_00ff_00ff_00ff
    digits = (digits | digits << 4) & 0x0f0f_0f0f_0f0f_0f0f
    // From ten on the letters follow, 39 places behind where the digits would go on.
    let isLetter = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return digits &+ 0x3030_3030_3030_3030 &+ isLetter &* 39
  }

  /// A number that is not negative: a length or a status.
  mutating func writeDecimal(_ value: Int) {
    // As many digits as an `Int` has at most, from the last on.
    withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
      var first = digits.count
      var rest = value.magnitude
      repeat {
        first -= 1
        digits[first] = UInt8(truncatingIfNeeded: rest % 10) + 48
        rest /= 10
      } while rest > 0
      writeBytes(UnsafeRawBufferPointer(rebasing: digits[first...]))
    }
  }

  mutating func writeContentLength(_ length: Int) {
    writeStaticString("content-length: ")
    writeDecimal(length)
    writeStaticString("\r\n")
  }

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
