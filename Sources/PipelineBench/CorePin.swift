// Keeps the whole process on one core, so that a rate is a rate of one core.

import Foundation

enum CorePin {
  private typealias Call = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32

  /// The core; `nil` where the system has no such call. To be called before threads begin, which inherit it.
  static func pin() -> Int? {
    // Glibc shows these to `_GNU_SOURCE` only.
    guard let get = find("sched_getaffinity"), let set = find("sched_setaffinity") else { return nil }
    // The size of `cpu_set_t`.
    var bits = [UInt8](repeating: 0, count: 128)
    guard bits.withUnsafeMutableBytes({ bits in bits.baseAddress.map { get(0, bits.count, $0) } ?? -1 }) >= 0,
      // The last of those we may use: interrupts mostly go to the first.
      let last = (0..<bits.count * 8).last(where: { bits[$0 / 8] & (1 << UInt8($0 % 8)) != 0 })
    else { return nil }
    bits = [UInt8](repeating: 0, count: bits.count)
    bits[last / 8] = 1 << UInt8(last % 8)
    return bits.withUnsafeMutableBytes({ bits in bits.baseAddress.map { set(0, bits.count, $0) } ?? -1 }) == 0 ? last : nil
  }

  private static func find(_ name: String) -> Call? {
    dlsym(nil, name).map { unsafeBitCast($0, to: Call.self) }
  }
}
