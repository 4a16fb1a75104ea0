// The load generator's framing of HTTP/1.1, however the bytes are cut.

import Testing

@testable import gateway_bench

struct MessageReaderTests {
  /// Everything a reader finds when it gets the bytes in pieces of this size, as a connection would give it.
  private func read(_ text: String, pieces: Int, responses: Bool = true) -> [String] {
    var reader = MessageReader(readsResponses: responses)
    var unread: [UInt8] = []
    var found: [String] = []
    var body = ""
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      unread += bytes[start..<min(start + pieces, bytes.count)]
      var offset = 0
      let isValid = unread.withUnsafeBytes { input in
        while true {
          switch reader.next(input, &offset) {
          case .head(let status): found.append("head \(status)")
          case .body(let range): body += String(decoding: input[range], as: UTF8.self)
          case .end:
            found.append(body)
            body = ""
          case .needMore: return true
          case .invalid:
            found.append("invalid")
            return false
          }
        }
      }
      if !isValid { return found }
      unread.removeFirst(offset)
    }
    return found
  }

  @Test("two answers on one connection, one of announced length and one in chunks, in pieces of every size")
  func framesWhateverThePieces() {
    let text =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
      + "HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"
      + "HTTP/1.1 204 No Content\r\nserver: x\r\n\r\n"
    for pieces in 1...text.utf8.count {
      #expect(read(text, pieces: pieces) == ["head 200", "hello", "head 503", "abc0123456789", "head 204", ""])
    }
  }

  @Test("a request without a body ends with its head; a response without a length ends with its connection")
  func messagesWithoutLength() {
    #expect(read("GET / HTTP/1.1\r\nhost: x\r\n\r\n", pieces: 7, responses: false) == ["head 0", ""])
    var reader = MessageReader(readsResponses: true)
    var offset = 0
    Array("HTTP/1.0 200 OK\r\n\r\nabc".utf8).withUnsafeBytes { input in
      #expect(reader.next(input, &offset) == .head(status: 200))
      #expect(reader.next(input, &offset) == .body(19..<22))
      #expect(reader.next(input, &offset) == .needMore)
    }
    #expect(reader.endsWithConnection)
    #expect(reader.closesAfter)
  }

  @Test(
    "what is no HTTP is refused",
    arguments: [
      "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n",
    ])
  func refusesWhatIsNoHTTP(text: String) {
    #expect(read(text, pieces: 8_192).last == "invalid")
  }

  @Test("a head without end is refused before it fills the memory")
  func refusesEndlessHeads() {
    #expect(read(String(repeating: "a", count: MessageReader.longestHead + 1), pieces: 8_192) == ["invalid"])
  }

  @Test("connection: close is noticed")
  func noticesClose() {
    var reader = MessageReader(readsResponses: true)
    var offset = 0
    Array("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".utf8).withUnsafeBytes {
      _ = reader.next($0, &offset)
    }
    #expect(reader.closesAfter)
  }
}
