// Heads as they are written: chosen fields in their order, each line in one form, however it came.

import NIOCore
import Testing

@testable import Gateway

@Suite struct HeadWritingTests {
  private func written(_ lines: String, where isChosen: (UnsafeRawBufferPointer) -> Bool) throws -> String {
    let head = ByteBuffer(string: "POST / HTTP/1.1\r\n" + lines + "\r\n")
    let block = HeaderBlock(bytes: head, fields: try HeadParser.parse(head).fields)
    var out = ByteBuffer()
    block.write(into: &out, where: isChosen)
    return String(buffer: out)
  }

  @Test func chosenFieldsKeepTheirOrderAndTheirSpelling() throws {
    let lines = "A: 1\r\nb:2\r\nC: 3\r\nd: \t4 \r\nE: \r\nf:\r\nG: 7\r\n"
    #expect(try written(lines) { _ in true } == "A: 1\r\nb: 2\r\nC: 3\r\nd: 4\r\nE: \r\nf: \r\nG: 7\r\n")
    #expect(try written(lines) { _ in false }.isEmpty)
    for left in ["A", "b", "C", "d", "E", "f", "G"] {
      let rest = try written(lines) { !$0.elementsEqual(left.utf8) }
      #expect(!rest.contains("\(left):") && rest.split(separator: "\r\n").count == 6)
    }
    #expect(try written(lines) { $0.elementsEqual("A".utf8) || $0.elementsEqual("G".utf8) } == "A: 1\r\nG: 7\r\n")
  }

  @Test(arguments: [0, 1, 9, 10, 15, 16, 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, .max] as [UInt64])
  func idsAreSixteenDigits(value: UInt64) {
    var out = ByteBuffer()
    out.writeHexadecimal(value)
    let digits = String(value, radix: 16)
    #expect(String(buffer: out) == String(repeating: "0", count: 16 - digits.count) + digits)
  }

  @Test(arguments: [0, 1, 9, 10, 200, 4096, 999_999_999_999_999] as [Int]) func numbersAreWrittenInDigits(value: Int) {
    var out = ByteBuffer()
    out.writeDecimal(value)
    #expect(String(buffer: out) == String(value))
  }

  /// A length goes on as it came only where it is said once, in the one way of saying it.
  @Test(arguments: [
    ("Content-Length: 12\r\n", true), ("Content-Length: 13\r\n", false), ("Content-Length: 012\r\n", false),
    ("Content-Length: +12\r\n", false), ("Content-Length: 12\r\ncontent-length: 12\r\n", false), ("Content-Type: 12\r\n", false),
    ("Content-Length: 1234567890123456\r\n", false), ("Content-Length:\r\n", false),
  ])
  func aLengthIsKeptWhereItIsPlain(lines: String, isKept: Bool) throws {
    let head = ByteBuffer(string: "POST / HTTP/1.1\r\n" + lines + "\r\n")
    let block = HeaderBlock(bytes: head, fields: try HeadParser.parse(head).fields)
    #expect(block.isOnly("content-length", 12) == isKept)
  }

  /// Whatever the provider says of its connection, the client learns how long the answer is, once.
  @Test(arguments: [
    ("HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nA: 1\r\n", false, "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nA: 1\r\n\r\n"),
    (
      "HTTP/1.1 200\r\nConnection: content-length\r\nContent-Length: 2\r\n", false,
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    ),
    (
      "HTTP/1.0 200 OK\r\nContent-Length: 02\r\nA: 1\r\n", false, "HTTP/1.1 200 OK\r\nA: 1\r\ncontent-length: 2\r\n\r\n"
    ),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n", false,
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
    ),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", true, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
  ])
  func anAnswerHasOneLength(head: String, changesBody: Bool, wanted: String) throws {
    var decoder = ResponseDecoder()
    var bytes = ByteBuffer(string: head + "\r\n")
    guard case .head(let answer) = try decoder.next(&bytes) else { throw HTTPProblem.badRequest("no head") }
    var writer = ResponseWriter()
    writer.writeHead(answer, changesBody: changesBody, contentType: nil) { _ in }
    #expect(String(buffer: writer.bytes) == wanted)
  }
}
