// Counts server-sent events in the bytes of a stream and reads the sending time that the bench upstream writes into each chunk.

struct EventReader {
  struct Event: Equatable {
    /// When the upstream wrote it, in nanoseconds of the machine's monotonic clock; `nil` for events without content.
    var sent: UInt64?
    var isDone: Bool
  }

  private var positionInLine = 0
  private var hasData = false
  private var isDone = false
  private var matched = 0
  private var digits = 0
  private var stamp: UInt64 = 0
  private var readsDigits = false

  private static let name: StaticString = "\"content\":"
  /// As many digits as a chunk of `ChatAnswers` has; shorter numbers are not stamps.
  static let stampDigits = 19

  mutating func reset() { self = EventReader() }

  @inline(__always)
  mutating func read(_ bytes: UnsafeRawBufferPointer, each event: (Event) -> Void) {
    for byte in bytes {
      switch byte {
      case UInt8.carriageReturn: continue
      case UInt8.lineFeed:
        if positionInLine == 0 {
          if hasData { event(Event(sent: digits == Self.stampDigits ? stamp : nil, isDone: isDone)) }
          reset()
        } else {
          positionInLine = 0
          matched = 0
          readsDigits = false
        }
        continue
      default: break
      }
      if positionInLine == 0 {
        hasData = hasData || byte == UInt8(ascii: "d")
      } else if positionInLine < 7, byte == UInt8(ascii: "[") {
        // `data: [DONE]`; every other event is a JSON object.
        isDone = true
      }
      positionInLine += 1
      if readsDigits {
        if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), digits < Self.stampDigits {
          stamp = stamp &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
          digits += 1
        } else if digits > 0 || (byte != UInt8.space && byte != UInt8.quote) {
          readsDigits = false
        }
      } else if byte == Self.name.utf8Start[matched] {
        matched += 1
        if matched == Self.name.utf8CodeUnitCount {
          matched = 0
          readsDigits = digits == 0
        }
      } else {
        matched = byte == UInt8.quote ? 1 : 0
      }
    }
  }
}
