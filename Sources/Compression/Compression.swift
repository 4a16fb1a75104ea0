// Compresses a whole body in one go.

import CZlib

extension CompressionFormat {
  /// The level at which text of telemetry is about a tenth of its size, at a third of the default level's time.
  package static let fastLevel: Int32 = 1

  /// - Parameter level: 1 (fast) to 9 (small).
  /// - Returns: `nil` only when there is no memory.
  package func compress(_ bytes: [UInt8], level: Int32 = fastLevel) -> [UInt8]? {
    var state = z_stream()
    // The state does not move while `withUnsafeMutablePointer` lasts, which zlib relies on.
    return withUnsafeMutablePointer(to: &state) { state in
      guard
        deflateInit2_(
          state, min(9, max(1, level)), Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
          Int32(MemoryLayout<z_stream>.size)) == Z_OK
      else { return nil }
      defer { deflateEnd(state) }
      var isWhole = false
      let result = [UInt8](unsafeUninitializedCapacity: Int(deflateBound(state, UInt(bytes.count)))) { output, count in
        isWhole = bytes.withUnsafeBufferPointer { input in
          state.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
          state.pointee.next_out = output.baseAddress
          return Self.deflateAll(state, input: input.count, output: output.count)
        }
        count = Int(state.pointee.total_out)
      }
      return isWhole ? result : nil
    }
  }

  /// zlib counts what it is given at a time in 32 bits.
  private static func deflateAll(_ state: UnsafeMutablePointer<z_stream>, input: Int, output: Int) -> Bool {
    let step = 1 << 30
    var inputLeft = input
    var outputLeft = output
    while true {
      let given = min(inputLeft, step)
      let room = min(outputLeft, step)
      state.pointee.avail_in = UInt32(given)
      state.pointee.avail_out = UInt32(room)
      let result = deflate(state, inputLeft == given ? Z_FINISH : Z_NO_FLUSH)
      inputLeft -= given - Int(state.pointee.avail_in)
      outputLeft -= room - Int(state.pointee.avail_out)
      if result == Z_STREAM_END { return true }
      guard result == Z_OK || result == Z_BUF_ERROR, outputLeft > 0 else { return false }
    }
  }
}
