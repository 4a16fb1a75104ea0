// Requests out of bytes: the same however they are cut, and refused where two readers could disagree.

import NIOCore
import Testing

@testable import Gateway

@Suite struct RequestDecoderTests {
  private struct Read: Equatable {
    var uri = ""
    var body = ""
    var isWhole = false
  }

  /// Everything in `text`, fed in pieces of `size` bytes.
  private static func read(_ text: String, size: Int = .max) throws(HTTPProblem) -> [Read] {
    var decoder = RequestDecoder()
    var buffer = ByteBuffer()
    var result: [Read] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      buffer.writeBytes(rest.prefix(size))
      rest = rest.dropFirst(size)
      while let part = try decoder.next(&buffer) {
        switch part {
        case .head(let head): result.append(Read(uri: head.uri))
        case .body(let bytes): result[result.count - 1].body += String(buffer: bytes)
        case .end: result[result.count - 1].isWhole = true
        }
      }
    }
    return result
  }

  private static let two =
    "POST /a HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhello\r\n"
    + "POST /b?x=%20 HTTP/1.1\r\nhost: g\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nT: 1\r\n\r\n"

  @Test(arguments: [1, 2, 3, 5, 7, 16, 64, 1000]) func anyCutReadsTheSame(size: Int) throws {
    #expect(
      try Self.read(Self.two, size: size) == [
        Read(uri: "/a", body: "hello", isWhole: true), Read(uri: "/b?x=%20", body: "abc0123456789abcdef", isWhole: true),
      ])
  }

  @Test(arguments: [
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: +5\r\n",
    "Content-Length: 5, 5\r\n", "Content-Length: 0x5\r\n", "Content-Length: -1\r\n", "Content-Length:\r\n",
    "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: xchunked\r\n", "Content-Length : 5\r\n", " Folded: 1\r\n", "X: a\r\n b\r\n", "X: a\rb\r\n",
    "X: a\u{0}b\r\n", "X\u{0}: a\r\n",
    "X: a\n", ": none\r\n", "NoColon\r\n", "Host: other\r\n",
  ])
  func whatTwoReadersCouldReadDifferentlyIsRefused(field: String) throws {
    #expect(throws: HTTPProblem.self) { try Self.read("POST / HTTP/1.1\r\nHost: g\r\n\(field)\r\nhello") }
  }

  @Test(arguments: [
    "POST /\r\n", "POST  / HTTP/1.1\r\n", "POST / x HTTP/1.1\r\n", "POST / HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n", "/ HTTP/1.1\r\n",
    "P@ST / HTTP/1.1\r\n", "POST /a\u{1}b HTTP/1.1\r\n", "POST / HTTP/1.1 \r\n",
  ])
  func aRequestLineThatIsNoneIsRefused(line: String) throws {
    #expect(throws: HTTPProblem.self) { try Self.read("\(line)Host: g\r\n\r\n") }
  }

  @Test(arguments: ["g\r\nabc", "\r\nabc", "5 \nhello", "3\r\nabcd\r\n", "FFFFFFFFFFFFF\r\n", "-1\r\n", "3\r\nabc\n0\r\n\r\n"])
  func aChunkThatIsNoneIsRefused(chunks: String) throws {
    #expect(throws: HTTPProblem.self) {
      try Self.read("POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)\r\n\r\n")
    }
  }

  @Test func headsAndLinesHaveLimits() throws {
    let long = String(repeating: "a", count: HeadParser.limit)
    #expect(throws: HTTPProblem.self) { try Self.read("POST / HTTP/1.1\r\nHost: g\r\nX: \(long)\r\n\r\n") }
    #expect(throws: HTTPProblem.self) { try Self.read("POST / HTTP/1.1\r\nHost: g\r\nX: \(long)", size: 4096) }
    let many = (0...HeadParser.fieldLimit).map { "X-\($0): 1\r\n" }.joined()
    #expect(throws: HTTPProblem.self) { try Self.read("POST / HTTP/1.1\r\nHost: g\r\n\(many)\r\n") }
    #expect(throws: HTTPProblem.self) {
      try Self.read("POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n1;\(long)", size: 4096)
    }
  }

  @Test func versionsAndConnectionDecideWhetherItStaysOpen() throws {
    func keepsAlive(_ head: String) throws -> Bool? {
      var decoder = RequestDecoder()
      var buffer = ByteBuffer(string: head)
      guard case .head(let head) = try decoder.next(&buffer) else { return nil }
      return head.keepsAlive
    }
    #expect(try keepsAlive("GET / HTTP/1.1\r\nHost: g\r\n\r\n") == true)
    #expect(try keepsAlive("GET / HTTP/1.1\r\nHost: g\r\nConnection: x, Close\r\n\r\n") == false)
    #expect(try keepsAlive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == false)
  }

  @Test func fieldsAreFoundInAnyCaseAndNominatedOnesAreKnown() throws {
    var decoder = RequestDecoder()
    var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nhOsT: g\r\nX-A:\t 1 \t\r\nConnection: Keep-Alive, X-Secret\r\n\r\n")
    guard case .head(let head) = try decoder.next(&buffer) else { throw Impatience(what: "a head") }
    #expect(head.headers.first("x-a") == "1" && head.headers.first(named: "host") == "g" && head.headers.first("x-b") == nil)
    #expect(head.headers.nominatedByConnection == ["x-secret"])
  }
}
