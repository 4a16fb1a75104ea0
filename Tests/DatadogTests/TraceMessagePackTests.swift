// MessagePack at the borders of its forms, against bytes from the specification, and damage that must not trap.

import TestSeries
import Testing

@testable import Datadog

@Suite struct TraceMessagePackTests {
  private static func bytes(_ write: (inout MessagePackWriter) -> Void) -> [UInt8] {
    var writer = MessagePackWriter(capacity: 1)
    write(&writer)
    return writer.bytes()
  }

  @Test func numbersTakeTheirShortestForm() throws {
    let unsigned: [(UInt64, [UInt8])] = [
      (0, [0x00]), (127, [0x7f]), (128, [0xcc, 0x80]), (255, [0xcc, 0xff]), (256, [0xcd, 1, 0]), (65_535, [0xcd, 0xff, 0xff]),
      (65_536, [0xce, 0, 1, 0, 0]), (4_294_967_295, [0xce, 0xff, 0xff, 0xff, 0xff]),
      (4_294_967_296, [0xcf, 0, 0, 0, 1, 0, 0, 0, 0]), (.max, [0xcf] + [UInt8](repeating: 0xff, count: 8)),
    ]
    for (number, expected) in unsigned { #expect(Self.bytes { $0.append(number) } == expected) }
    let signed: [(Int64, [UInt8])] = [
      (-1, [0xff]), (-32, [0xe0]), (-33, [0xd0, 0xdf]), (-128, [0xd0, 0x80]), (-129, [0xd1, 0xff, 0x7f]),
      (-32_768, [0xd1, 0x80, 0]), (-32_769, [0xd2, 0xff, 0xff, 0x7f, 0xff]), (-2_147_483_648, [0xd2, 0x80, 0, 0, 0]),
      (-2_147_483_649, [0xd3, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]),
      (.min, [0xd3, 0x80] + [UInt8](repeating: 0, count: 7)),
      (1_795_464_236_712_474_875, [0xcf, 0x18, 0xea, 0xc5, 0x35, 0xe4, 0x2a, 0x38, 0xfb]),
    ]
    for (number, expected) in signed {
      #expect(Self.bytes { $0.append(number) } == expected)
      let read: MessagePackValue = number < 0 ? .int(number) : .uint(UInt64(number))
      #expect(try MessagePackReader.value(expected) == read)
    }
    #expect(Self.bytes { $0.append(1.5) } == [0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0])
    #expect(
      Self.bytes { $0.appendNil() } + Self.bytes { $0.append(true) } + Self.bytes { $0.append(false) } == [0xc0, 0xc3, 0xc2])
  }

  @Test(arguments: [0, 1, 31, 32, 255, 256, 65_535, 65_536])
  func textsAndBytesReadBack(size: Int) throws {
    let text = String(repeating: "x", count: size)
    #expect(try MessagePackReader.value(Self.bytes { $0.append(text) }) == .string(text))
    let binary = [UInt8](repeating: 7, count: size)
    #expect(try MessagePackReader.value(Self.bytes { $0.append(binary: binary) }) == .binary(binary))
  }

  @Test func aTextIsCutBetweenCharacters() throws {
    for (limit, expected) in [(0, ""), (1, ""), (2, "é"), (4, "é"), (5, "é€"), (8, "é€"), (9, "é€😀"), (100, "é€😀")] {
      #expect(try MessagePackReader.value(Self.bytes { $0.append("é€😀", limit: limit) }) == .string(expected))
    }
  }

  @Test(arguments: [0, 15, 16, 65_535, 65_536])
  func listsAndMapsReadBack(size: Int) throws {
    let array = Self.bytes { writer in
      writer.appendArray(size)
      for _ in 0..<size { writer.appendNil() }
    }
    #expect(try MessagePackReader.value(array) == .array(Array(repeating: .null, count: size)))
    let map = Self.bytes { writer in
      writer.appendMap(size)
      for index in 0..<size {
        writer.append(UInt64(index))
        writer.append(true)
      }
    }
    guard case .map(let entries) = try MessagePackReader.value(map) else {
      Issue.record("no map")
      return
    }
    #expect(entries.count == size && entries.last?.value == (size == 0 ? nil : .bool(true)))
  }

  @Test func aSizeToldLaterIsInItsPlace() throws {
    let bytes = Self.bytes { writer in
      let list = writer.beginArray()
      let map = writer.beginMap()
      writer.append("tid")
      writer.append(hexadecimal: 0x0123_4567_89ab_cdef)
      writer.end(map, size: 1)
      writer.end(list, size: 1)
    }
    let value = try MessagePackReader.value(bytes)
    #expect(value.elements?.first?["tid"]?.text == "0123456789abcdef")
  }

  /// Every cut and every changed byte of a payload is an error or another value, and never a trap or a mountain of memory.
  @Test func damageIsAnErrorOrAnotherValue() {
    let payload = TraceSamples.payload([TraceSamples.full(), TraceSamples.span(id: 2)])
    for end in 0..<payload.count {
      #expect(throws: MessagePackError.self) { try MessagePackReader.value(Array(payload[..<end])) }
    }
    var random = SplitMix(state: 1)
    for _ in 0..<20_000 {
      var damaged = payload
      damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = TracePayloadCheck.faults(in: damaged)
    }
    let deep = [UInt8](repeating: 0x91, count: 1_000_000)
    #expect(throws: MessagePackError.self) { try MessagePackReader.value(deep) }
    #expect(throws: MessagePackError.self) { try MessagePackReader.value([0xdd, 0xff, 0xff, 0xff, 0xff]) }
    #expect(throws: MessagePackError.self) { try MessagePackReader.value([0xdf, 0xff, 0xff, 0xff, 0xff]) }
    #expect(throws: MessagePackError.self) { try MessagePackReader.value([0xa2, 0xc3, 0x28]) }
  }
}
