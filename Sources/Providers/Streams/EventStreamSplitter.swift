// Cuts a byte stream into server-sent events (WHATWG HTML, "Server-sent events"; LF and CRLF line ends).

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Finds event boundaries across arbitrary chunk boundaries. An event's bytes include the blank line that ends it.
package struct EventStreamSplitter: Sendable {
  /// Bytes of an event that has begun and not ended.
  private var partial: [UInt8] = []
  /// Where the line in progress begins in `partial`. Everything in `partial` was searched for line ends already, so that
  /// bytes are looked at once however small the chunks are.
  private var lineStart = 0
  private let limit: Int

  /// - Parameter limit: bytes one event may have; a longer one makes `consume` return false.
  package init(limit: Int) { self.limit = limit }

  /// Feeds a chunk and calls `event` for each event it completes. Returns false when an event exceeds the limit;
  /// the splitter is then of no more use.
  package mutating func consume(_ chunk: UnsafeRawBufferPointer, _ event: (UnsafeRawBufferPointer) -> Void) -> Bool {
    if partial.isEmpty {
      var line = 0
      let consumed = Self.events(in: chunk, searchedTo: 0, lineStart: &line, event)
      partial.append(contentsOf: chunk[consumed...])
      lineStart = line - consumed
    } else {
      let searched = partial.count
      partial.append(contentsOf: chunk)
      var line = lineStart
      let consumed = partial.withUnsafeBytes { Self.events(in: $0, searchedTo: searched, lineStart: &line, event) }
      partial.removeFirst(consumed)
      lineStart = line - consumed
    }
    return partial.count <= limit
  }

  /// What is left when the stream ends: an event the sender did not finish.
  package var remainder: [UInt8] { partial }

  /// Calls `event` for each complete event; returns the offset just past the last one.
  private static func events(
    in bytes: UnsafeRawBufferPointer, searchedTo: Int, lineStart: inout Int, _ event: (UnsafeRawBufferPointer) -> Void
  ) -> Int {
    var eventStart = 0
    var position = searchedTo
    while let lineEnd = newline(in: bytes, from: position) {
      let isBlank = lineEnd == lineStart || (lineEnd == lineStart + 1 && bytes[lineStart] == 0x0d)
      lineStart = lineEnd + 1
      position = lineStart
      if isBlank {
        event(UnsafeRawBufferPointer(rebasing: bytes[eventStart..<lineStart]))
        eventStart = lineStart
      }
    }
    return eventStart
  }

  @inline(__always)
  private static func newline(in bytes: UnsafeRawBufferPointer, from position: Int) -> Int? {
    guard position < bytes.count, let base = bytes.baseAddress,
      let found = memchr(base + position, 0x0a, bytes.count - position)
    else { return nil }
    return base.distance(to: UnsafeRawPointer(found))
  }

  /// Calls `body` with the event's data: its `data:` lines joined by line feeds. Not called for an event without data.
  package static func withData(of event: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    var single: Range<Int>?
    var joined: [UInt8]?
    var position = 0
    while position < event.count {
      let newline = Self.newline(in: event, from: position) ?? event.count
      var end = newline
      if end > position, event[end - 1] == 0x0d { end -= 1 }
      if end - position >= 5, event[position] == UInt8(ascii: "d"), event[position + 1] == UInt8(ascii: "a"),
        event[position + 2] == UInt8(ascii: "t"), event[position + 3] == UInt8(ascii: "a"),
        event[position + 4] == UInt8(ascii: ":")
      {
        var start = position + 5
        if start < end, event[start] == 0x20 { start += 1 }
        if let first = single {
          if joined == nil { joined = Array(event[first]) }
          joined?.append(0x0a)
          joined?.append(contentsOf: event[start..<end])
        } else {
          single = start..<end
        }
      }
      position = newline + 1
    }
    if let joined {
      joined.withUnsafeBytes(body)
    } else if let single {
      body(UnsafeRawBufferPointer(rebasing: event[single]))
    }
  }
}
