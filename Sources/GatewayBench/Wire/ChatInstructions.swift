// What a chat request asks the upstream to do, found in its bytes: whether to stream, and the pace that the prompt names.

/// The pace stands in the prompt because the prompt is the one thing that every gateway hands on as it is.
struct ChatInstructions: Equatable {
  var streams = false
  var includesUsage = false
  var chunks = 64
  var paceMicroseconds = 0

  init(streams: Bool = false, includesUsage: Bool = false, chunks: Int = 64, paceMicroseconds: Int = 0) {
    self.streams = streams
    self.includesUsage = includesUsage
    self.chunks = chunks
    self.paceMicroseconds = paceMicroseconds
  }

  init(reading body: UnsafeRawBufferPointer) {
    streams = Self.isTrue("\"stream\":", body)
    guard streams else { return }
    includesUsage = Self.isTrue("\"include_usage\":", body)
    chunks = Self.number(after: "chunks=", body, limit: 1_000_000) ?? chunks
    paceMicroseconds = Self.number(after: "pace_us=", body, limit: 10_000_000) ?? paceMicroseconds
  }

  /// The words of a prompt that say the same.
  var promptWords: String { "chunks=\(chunks) pace_us=\(paceMicroseconds)" }

  private static func isTrue(_ name: StaticString, _ body: UnsafeRawBufferPointer) -> Bool {
    guard var index = end(of: name, body) else { return false }
    while index < body.count, body[index] == UInt8.space { index += 1 }
    return index < body.count && body[index] == UInt8(ascii: "t")
  }

  private static func number(after name: StaticString, _ body: UnsafeRawBufferPointer, limit: Int) -> Int? {
    guard var index = end(of: name, body) else { return nil }
    var value = 0
    let start = index
    while index < body.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(body[index]), value <= limit {
      value = value * 10 + Int(body[index] - UInt8(ascii: "0"))
      index += 1
    }
    return index == start ? nil : min(value, limit)
  }

  private static func end(of name: StaticString, _ body: UnsafeRawBufferPointer) -> Int? {
    let length = name.utf8CodeUnitCount
    guard body.count >= length else { return nil }
    let first = name.utf8Start[0]
    // The second letter is compared first: quotes are everywhere in JSON, an `s` behind one is rare.
    let second = name.utf8Start[1]
    var start = 0
    let last = body.count - length
    while start <= last {
      if body[start + 1] == second, body[start] == first {
        var index = 2
        while index < length, body[start + index] == name.utf8Start[index] { index += 1 }
        if index == length { return start + length }
      }
      start += 1
    }
    return nil
  }
}
