// Round trips, pieces of any size, members, and everything that must be refused.

import Compression
import Testing

struct CompressionTests {
  private static let text = Array(String(repeating: "the quick brown fox, again; ", count: 20_000).utf8)

  @Test(arguments: [CompressionFormat.gzip, .zlib])
  func whatIsCompressedComesBack(format: CompressionFormat) throws {
    for bytes in [[], [0], Self.text, (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }] {
      let compressed = try #require(format.compress(bytes))
      #expect(try format.decompress(compressed, limit: bytes.count) == bytes)
    }
    #expect(try #require(format.compress(Self.text)).count < Self.text.count / 20)
  }

  @Test func piecesOfAnySizeGiveTheSame() throws {
    let compressed = try #require(CompressionFormat.gzip.compress(Self.text, level: 9))
    for size in [1, 7, 1000] {
      let decompressor = Decompressor(limit: Self.text.count)
      var result: [UInt8] = []
      for start in stride(from: 0, to: compressed.count, by: size) {
        try Array(compressed[start..<min(start + size, compressed.count)]).withUnsafeBytes { piece in
          try decompressor.decompress(piece) { result.append(contentsOf: $0) }
        }
      }
      try decompressor.finish()
      #expect(result == Self.text)
    }
  }

  @Test func membersFollowEachOther() throws {
    let gzip = CompressionFormat.gzip
    let members = try #require(gzip.compress([1, 2])) + #require(gzip.compress([])) + #require(gzip.compress([3]))
    #expect(try gzip.decompress(members, limit: 3) == [1, 2, 3])
    #expect(throws: DecompressionFailure.tooLarge(limit: 2)) { try gzip.decompress(members, limit: 2) }
  }

  @Test func aBombIsRefusedWithoutItsSizeInMemory() throws {
    let bomb = try #require(CompressionFormat.gzip.compress([UInt8](repeating: 0, count: 64 << 20), level: 9))
    #expect(bomb.count < 100_000)
    let decompressor = Decompressor(limit: 1 << 20)
    var count = 0
    #expect(throws: DecompressionFailure.tooLarge(limit: 1 << 20)) {
      try bomb.withUnsafeBytes { input in try decompressor.decompress(input) { count += $0.count } }
    }
    #expect(count <= 1 << 20)
    #expect(throws: DecompressionFailure.tooLarge(limit: 1 << 20)) { try decompressor.finish() }
  }

  @Test func damageIsSeen() throws {
    let gzip = CompressionFormat.gzip
    let compressed = try #require(gzip.compress(Self.text))
    #expect(throws: DecompressionFailure.truncated) { try gzip.decompress(Array(compressed.dropLast()), limit: 1 << 20) }
    #expect(throws: DecompressionFailure.truncated) { try gzip.decompress([], limit: 1) }
    #expect(throws: DecompressionFailure.corrupt) { try gzip.decompress(Array("no gzip at all".utf8), limit: 100) }
    #expect(throws: DecompressionFailure.corrupt) { try gzip.decompress(compressed + [1, 2, 3, 4], limit: 1 << 20) }
    // The check sum stands in the last eight bytes.
    var wrongSum = compressed
    wrongSum[compressed.count - 6] ^= 1
    #expect(throws: DecompressionFailure.corrupt) { try gzip.decompress(wrongSum, limit: 1 << 20) }
    #expect(throws: DecompressionFailure.corrupt) { try CompressionFormat.zlib.decompress(compressed, limit: 1 << 20) }
  }

  @Test func arbitraryBytesNeverTrap() throws {
    var generator = SystemRandomNumberGenerator()
    let compressed = try #require(CompressionFormat.gzip.compress(Array(Self.text.prefix(3000))))
    for _ in 0..<500 {
      var bytes = compressed
      for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator) }
      // Either the same bytes or a failure: the check sum sees everything else.
      if let result = try? CompressionFormat.gzip.decompress(bytes, limit: 1 << 20) {
        #expect(result == Array(Self.text.prefix(3000)))
      }
    }
  }
}
