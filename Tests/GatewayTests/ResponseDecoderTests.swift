// Answers out of bytes: each way a body can be framed, cut anywhere.

import NIOCore
import Testing

@testable import Gateway

@Suite struct ResponseDecoderTests {
  private static func read(_ text: String, size: Int) throws(HTTPProblem) -> (
    statuses: [Int], body: String, ends: Int, ResponseDecoder
  ) {
    var decoder = ResponseDecoder()
    var buffer = ByteBuffer()
    var statuses: [Int] = []
    var body = ""
    var ends = 0
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      buffer.writeBytes(rest.prefix(size))
      rest = rest.dropFirst(size)
      while let part = try decoder.next(&buffer) {
        switch part {
        case .head(let head): statuses.append(head.status)
        case .body(let bytes): body += String(buffer: bytes)
        case .end: ends += 1
        }
      }
    }
    return (statuses, body, ends, decoder)
  }

  @Test(arguments: [1, 2, 3, 7, 1000]) func everyFramingIsRead(size: Int) throws {
    let text =
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
      + "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\ncd\r\n0\r\n\r\nHTTP/1.0 500 Oops\r\n\r\nuntil the end"
    let (statuses, body, ends, decoder) = try Self.read(text, size: size)
    #expect(statuses == [200, 204, 200, 500] && body == "abcduntil the end" && ends == 3 && decoder.endsWithConnection)
  }

  @Test(arguments: [
    "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "hello\r\n\r\n",
    "HTTP/1.1 101 Switching\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\u{0}\r\n\r\n",
  ])
  func whatIsNoAnswerIsRefused(text: String) throws {
    #expect(throws: HTTPProblem.self) { _ = try Self.read(text, size: 1000) }
  }
}
