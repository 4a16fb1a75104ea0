// However a stream is cut into chunks, it holds the same events.

import Testing

@testable import Providers

@Suite struct SplitterTests {
  private static let stream =
    "data: {\"a\":1}\n\n: note\r\n\r\nevent: x\r\ndata:{\"b\":\r\ndata: 2}\r\n\r\n\n\ndata: [DONE]\n\ndata: {\"unfin"
  private static let array = "[{\"a\":\"}]\\\"{\"},\r\n{\"b\":[{\"c\":{}}]}\n,{\"d\":\"\\\\\"}\n]\n"

  /// Every way to cut `text` in two, and into single bytes.
  static func chunkings(_ text: String) -> [[[UInt8]]] {
    let bytes = Array(text.utf8)
    return (0...bytes.count).map { [Array(bytes[..<$0]), Array(bytes[$0...])] } + [bytes.map { [$0] }]
  }

  @Test func everyChunkingOfAnEventStreamGivesTheSameEvents() {
    for chunks in Self.chunkings(Self.stream) {
      var splitter = EventStreamSplitter(limit: 1000)
      var events: [String] = []
      var data: [String] = []
      for chunk in chunks {
        let fits = chunk.withUnsafeBytes {
          splitter.consume($0) { event in
            events.append(String(decoding: event, as: UTF8.self))
            EventStreamSplitter.withData(of: event) { data.append(String(decoding: $0, as: UTF8.self)) }
          }
        }
        #expect(fits)
      }
      #expect(data == ["{\"a\":1}", "{\"b\":\n2}", "[DONE]"])
      #expect(events.joined() + String(decoding: splitter.remainder, as: UTF8.self) == Self.stream)
    }
  }

  @Test func everyChunkingOfAnArrayGivesTheSameElements() {
    for chunks in Self.chunkings(Self.array) {
      var splitter = JSONArraySplitter(limit: 1000)
      var elements: [String] = []
      for chunk in chunks {
        let fits = chunk.withUnsafeBytes { splitter.consume($0) { elements.append(String(decoding: $0, as: UTF8.self)) } }
        #expect(fits)
      }
      #expect(elements == ["{\"a\":\"}]\\\"{\"}", "{\"b\":[{\"c\":{}}]}", "{\"d\":\"\\\\\"}"])
    }
  }

  @Test func aFrameBeyondTheLimitIsToldAndOneWithinItIsNot() {
    var events = EventStreamSplitter(limit: 10)
    var elements = JSONArraySplitter(limit: 10)
    let fit = [
      withBytes(of: "data: 1\n\ndata: 1\n\n") { events.consume($0) { _ in } },
      withBytes(of: "data: 12345678") { events.consume($0) { _ in } },
      withBytes(of: "[{\"a\":1},{\"a\":2}") { elements.consume($0) { _ in } },
      withBytes(of: ",{\"a\":1234567") { elements.consume($0) { _ in } },
    ]
    #expect(fit == [true, false, true, false])
  }
}
