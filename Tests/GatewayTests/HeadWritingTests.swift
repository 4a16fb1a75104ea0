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
}
