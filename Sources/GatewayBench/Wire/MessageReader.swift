// Splits the bytes of an HTTP/1.1 connection into heads and body pieces, with no allocation and no copy of a body.

struct MessageReader {
  enum Event: Equatable {
    /// A head is complete. The status is 0 for a request.
    case head(status: Int)
    /// Bytes of the body, as a range of what was passed in.
    case body(Range<Int>)
    case end
    /// What is left from the offset on is the beginning of something; pass it again with more bytes behind it.
    case needMore
    case invalid
  }

  private enum State: Equatable {
    case head
    case fixed(remaining: Int)
    case chunkSize
    case chunk(remaining: Int)
    case chunkEnd
    case trailer
    /// The peer closes to end the body.
    case untilClose
  }

  private var state = State.head
  private(set) var closesAfter = false
  private let readsResponses: Bool

  /// A head or a chunk-size line longer than this is invalid.
  static let longestHead = 65_536

  init(readsResponses: Bool) { self.readsResponses = readsResponses }

  var isBetweenMessages: Bool { state == .head }
  var endsWithConnection: Bool { state == .untilClose }
  /// Whether the body piece that was just read completes a body of announced length.
  var isLastPiece: Bool { state == .fixed(remaining: 0) }

  /// Reads one event from `offset` on and moves it past what was read.
  mutating func next(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> Event {
    while true {
      switch state {
      case .head:
        guard let end = Self.endOfHead(bytes, from: offset) else { return incomplete(bytes, offset) }
        let head = HeadScan(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]), isResponse: readsResponses)
        offset = end
        guard let head else { return .invalid }
        closesAfter = head.closes
        if head.isChunked {
          state = .chunkSize
        } else if let length = head.contentLength {
          state = .fixed(remaining: length)
        } else {
          state = readsResponses ? .untilClose : .fixed(remaining: 0)
          if readsResponses { closesAfter = true }
        }
        return .head(status: head.status)
      case .fixed(let remaining):
        if remaining == 0 {
          state = .head
          return .end
        }
        guard offset < bytes.count else { return .needMore }
        let taken = min(remaining, bytes.count - offset)
        state = .fixed(remaining: remaining - taken)
        offset += taken
        return .body(offset - taken..<offset)
      case .chunkSize:
        guard let line = Self.endOfLine(bytes, from: offset) else { return incomplete(bytes, offset) }
        guard let size = Self.hexadecimal(bytes, offset..<line) else { return .invalid }
        offset = line
        state = size == 0 ? .trailer : .chunk(remaining: size)
      case .chunk(let remaining):
        guard offset < bytes.count else { return .needMore }
        let taken = min(remaining, bytes.count - offset)
        state = taken == remaining ? .chunkEnd : .chunk(remaining: remaining - taken)
        offset += taken
        return .body(offset - taken..<offset)
      case .chunkEnd:
        guard bytes.count - offset >= 2 else { return .needMore }
        guard bytes[offset] == UInt8.carriageReturn, bytes[offset + 1] == UInt8.lineFeed else { return .invalid }
        offset += 2
        state = .chunkSize
      case .trailer:
        guard let line = Self.endOfLine(bytes, from: offset) else { return incomplete(bytes, offset) }
        let isEmpty = line - offset == 2
        offset = line
        if isEmpty {
          state = .head
          return .end
        }
      case .untilClose:
        guard offset < bytes.count else { return .needMore }
        let start = offset
        offset = bytes.count
        return .body(start..<offset)
      }
    }
  }

  private func incomplete(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Event {
    bytes.count - offset > Self.longestHead ? .invalid : .needMore
  }

  private static func endOfHead(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start + 3
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8.lineFeed {
        if bytes[index - 1] == UInt8.carriageReturn, bytes[index - 2] == UInt8.lineFeed { return index + 1 }
        index += 2
      } else {
        index += byte == UInt8.carriageReturn ? 1 : 2
      }
    }
    return nil
  }

  /// The offset behind the CR LF of the line that begins at `start`.
  private static func endOfLine(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start
    while index < bytes.count {
      if bytes[index] == UInt8.lineFeed { return index + 1 }
      index += 1
    }
    return nil
  }

  private static func hexadecimal(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    var value = 0
    var digits = 0
    for index in range {
      guard let digit = Character(UnicodeScalar(bytes[index])).hexDigitValue else { break }
      value = value << 4 | digit
      digits += 1
      if digits > 8 { return nil }
    }
    return digits == 0 ? nil : value
  }
}

extension UInt8 {
  static let lineFeed: UInt8 = 10
  static let carriageReturn: UInt8 = 13
  static let space: UInt8 = 32
  static let quote: UInt8 = 34
}
