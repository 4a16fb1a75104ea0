// Takes the body of an HTTP/1 message out of its framing: a length, chunks, or the end of the connection.

import NIOCore

/// One body being read.
struct MessageBody {
  enum Framing: Equatable {
    case none
    case length(Int)
    case chunked
    /// Answers only.
    case untilClose
  }

  enum Part {
    case bytes(ByteBuffer)
    case end
  }

  private enum Phase {
    case length(Int)
    case chunkSize
    case chunk(Int)
    case chunkEnd
    case trailers(Int)
    case untilClose
    case ended
  }

  private var phase: Phase

  private static let sizeLineLimit = 256
  private static let trailerLimit = 16 << 10

  init(_ framing: Framing) {
    phase =
      switch framing {
      case .none, .length(0): .length(0)
      case .length(let count): .length(count)
      case .chunked: .chunkSize
      case .untilClose: .untilClose
      }
  }

  /// True when the connection's end is this body's proper end.
  var endsWithConnection: Bool { if case .untilClose = phase { true } else { false } }

  /// The next part, `nil` when more bytes are needed; nothing follows `.end`.
  mutating func next(_ buffer: inout ByteBuffer) throws(HTTPProblem) -> Part? {
    while true {
      switch phase {
      case .length(0):
        phase = .ended
        return .end
      case .length(let left):
        guard let part = buffer.readSlice(length: min(left, buffer.readableBytes)), part.readableBytes > 0 else { return nil }
        phase = .length(left - part.readableBytes)
        return .bytes(part)
      case .untilClose:
        guard buffer.readableBytes > 0, let part = buffer.readSlice(length: buffer.readableBytes) else { return nil }
        return .bytes(part)
      case .chunkSize:
        guard let line = try line(&buffer, limit: Self.sizeLineLimit) else { return nil }
        let size = try Self.size(line)
        phase = size == 0 ? .trailers(0) : .chunk(size)
      case .chunk(let left):
        guard let part = buffer.readSlice(length: min(left, buffer.readableBytes)), part.readableBytes > 0 else { return nil }
        phase = left == part.readableBytes ? .chunkEnd : .chunk(left - part.readableBytes)
        return .bytes(part)
      case .chunkEnd:
        guard buffer.readableBytes >= 2 else { return nil }
        guard buffer.readInteger(as: UInt16.self) == 0x0d0a else {
          throw .badRequest("A chunk of the body is longer than it says.")
        }
        phase = .chunkSize
      case .trailers(let seen):
        guard let line = try line(&buffer, limit: Self.trailerLimit) else { return nil }
        guard seen + line.readableBytes <= Self.trailerLimit else { throw .badRequest("The trailer fields are too large.") }
        if line.readableBytes == 0 {
          phase = .ended
          return .end
        }
        // Trailers belong to nobody here: they are dropped, as RFC 9110 section 6.5.1 allows.
        phase = .trailers(seen + line.readableBytes)
      case .ended: return nil
      }
    }
  }

  /// A line without its CRLF.
  private func line(_ buffer: inout ByteBuffer, limit: Int) throws(HTTPProblem) -> ByteBuffer? {
    let window = min(buffer.readableBytes, limit + 2)
    let newline = buffer.withUnsafeReadableBytes { raw in raw[..<window].firstIndex(of: 0x0a) }
    guard let newline else {
      guard buffer.readableBytes <= limit + 2 else {
        throw .badRequest("A line of a chunked body is longer than \(limit) bytes.")
      }
      return nil
    }
    guard newline > 0, let line = buffer.readSlice(length: newline - 1), buffer.readInteger(as: UInt16.self) == 0x0d0a else {
      throw .badRequest("A line of a chunked body does not end in CR LF.")
    }
    return line
  }

  /// Hexadecimal digits, then nothing or an extension, which is ignored.
  private static func size(_ line: ByteBuffer) throws(HTTPProblem) -> Int {
    let size: Int? = line.withUnsafeReadableBytes { raw in
      var value = 0
      var digits = 0
      for byte in raw {
        let digit: Int
        switch byte {
        case 48...57: digit = Int(byte) - 48
        case 65...70: digit = Int(byte) - 55
        case 97...102: digit = Int(byte) - 87
        case 0x3b, 0x20, 0x09: return digits > 0 ? value : nil
        default: return nil
        }
        digits += 1
        guard digits <= 12 else { return nil }
        value = value << 4 | digit
      }
      return digits > 0 ? value : nil
    }
    guard let size else { throw .badRequest("A chunk of the body has no valid size.") }
    return size
  }
}
