// Decompresses piece by piece into a fixed piece of memory, and stops at a limit on what comes out, so that a bomb is refused.

import CZlib

/// One compressed stream; gzip's may be several members one after the other (RFC 1952 section 2.2).
package final class Decompressor {
  /// What is handed out at a time at most.
  private static let pieceSize = 1 << 16

  // zlib keeps the address of its state and refuses to work at another one.
  private let state: UnsafeMutablePointer<z_stream>
  private let piece: UnsafeMutableRawBufferPointer
  private let format: CompressionFormat
  private let limit: Int
  private var produced = 0
  private var isReady: Bool
  /// True between members, where the input may end.
  private var isAtEnd = false
  private var failure: DecompressionFailure?

  /// - Parameter limit: bytes that may come out in all.
  package init(format: CompressionFormat = .gzip, limit: Int) {
    self.format = format
    self.limit = max(0, limit)
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    piece = .allocate(byteCount: Self.pieceSize, alignment: 16)
    isReady = inflateInit2_(state, format.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    // Only a machine without memory comes here.
    if !isReady { failure = .corrupt }
  }

  deinit {
    if isReady { inflateEnd(state) }
    state.deallocate()
    piece.deallocate()
  }

  /// Reads the next piece of input and hands out what it makes. After a failure every call throws it again.
  package func decompress(_ input: UnsafeRawBufferPointer, to write: (UnsafeRawBufferPointer) throws -> Void) throws {
    if let failure { throw failure }
    guard let base = input.baseAddress, input.count > 0 else { return }
    var offset = 0
    while offset < input.count {
      if isAtEnd {
        guard case .gzip = format, inflateReset(state) == Z_OK else { throw fail(.corrupt) }
        isAtEnd = false
      }
      // zlib counts in 32 bits.
      let size = min(input.count - offset, 1 << 30)
      state.pointee.next_in = UnsafeMutablePointer(mutating: base.advanced(by: offset).assumingMemoryBound(to: UInt8.self))
      state.pointee.avail_in = UInt32(size)
      try inflateAll(write)
      let left = Int(state.pointee.avail_in)
      // Nothing was read and nothing ended: there is no way on.
      guard left < size || isAtEnd else { throw fail(.corrupt) }
      offset += size - left
    }
  }

  /// To be called after the last piece of input.
  package func finish() throws {
    if let failure { throw failure }
    guard isAtEnd else { throw fail(.truncated) }
  }

  private func inflateAll(_ write: (UnsafeRawBufferPointer) throws -> Void) throws {
    repeat {
      state.pointee.next_out = piece.baseAddress?.assumingMemoryBound(to: UInt8.self)
      state.pointee.avail_out = UInt32(Self.pieceSize)
      let result = inflate(state, Z_NO_FLUSH)
      let count = Self.pieceSize - Int(state.pointee.avail_out)
      guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { throw fail(.corrupt) }
      guard count <= limit - produced else { throw fail(.tooLarge(limit: limit)) }
      produced += count
      if count > 0 { try write(UnsafeRawBufferPointer(rebasing: piece[..<count])) }
      if result == Z_STREAM_END {
        isAtEnd = true
        return
      }
      // zlib wants more input, or has more to hand out.
    } while state.pointee.avail_out == 0
  }

  private func fail(_ failure: DecompressionFailure) -> DecompressionFailure {
    self.failure = failure
    return failure
  }
}

extension CompressionFormat {
  /// Decompresses a whole body. Throws a `DecompressionFailure`.
  package func decompress(_ bytes: [UInt8], limit: Int) throws -> [UInt8] {
    let decompressor = Decompressor(format: self, limit: limit)
    var result: [UInt8] = []
    try bytes.withUnsafeBytes { input in
      try decompressor.decompress(input) { result.append(contentsOf: $0) }
    }
    try decompressor.finish()
    return result
  }
}
