// Counting events and reading their sending time, in the forms that the measured gateways write them.

import NIOCore
import Testing

@testable import gateway_bench

struct EventReaderTests {
  private func read(_ text: String, pieces: Int) -> [EventReader.Event] {
    var reader = EventReader()
    var found: [EventReader.Event] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      Array(bytes[start..<min(start + pieces, bytes.count)]).withUnsafeBytes { reader.read($0) { found.append($0) } }
    }
    return found
  }

  @Test("stamped chunks, a final chunk, usage and the end, in pieces of every size and with either line ending")
  func readsEveryForm() {
    let first = "data: {\"choices\":[{\"delta\":{\"content\":\"0000001405128262976 \"}}]}"
    // Written anew by a gateway that puts spaces in.
    let second = "data: {\"choices\": [{\"delta\": {\"role\": \"assistant\", \"content\": \"0000001405128262999 \"}}]}"
    let rest = ["data: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}", ": a comment", "data: {\"usage\":{}}", "data: [DONE]"]
    for newline in ["\n", "\r\n"] {
      let text = ([first, second] + rest).map { $0 + newline + newline }.joined()
      for pieces in 1...text.utf8.count {
        #expect(
          read(text, pieces: pieces) == [
            .init(sent: 1_405_128_262_976, isDone: false), .init(sent: 1_405_128_262_999, isDone: false),
            .init(sent: nil, isDone: false), .init(sent: nil, isDone: false), .init(sent: nil, isDone: true),
          ])
      }
    }
  }

  @Test("the chunks of the bench upstream are read back with their time")
  func readsItsOwnChunks() {
    for time in [0, 7, 1_234_567_890, 9_999_999_999_999_999] as [UInt64] {
      var chunk = ChatAnswers().chunk(sentAt: time, allocator: ByteBufferAllocator())
      let text = chunk.readString(length: chunk.readableBytes) ?? ""
      let data = text.split(separator: "\r\n", maxSplits: 1).last.map(String.init) ?? ""
      #expect(read(data, pieces: 4_096) == [.init(sent: time, isDone: false)])
    }
  }
}
