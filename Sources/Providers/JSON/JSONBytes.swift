// The byte searches that reading JSON consists of: white space, the end of a string, the end of any value.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Borrowed JSON bytes. Offsets outside them are never read; a search that fails yields `nil`, never a trap.
///
/// Eight bytes are looked at per step where the text allows it: most of a request or an answer is strings and numbers that
/// nobody asks for.
struct JSONBytes {
  let count: Int
  private let base: UnsafeRawPointer

  init(_ bytes: UnsafeRawBufferPointer) {
    count = bytes.count
    // An empty buffer may have no address; nothing is read through this one.
    let nothing: StaticString = ""
    base = bytes.baseAddress ?? UnsafeRawPointer(nothing.utf8Start)
  }

  /// The byte, or zero past the end: zero is no part of any JSON structure.
  @inline(__always)
  subscript(offset: Int) -> UInt8 { offset < count ? base.load(fromByteOffset: offset, as: UInt8.self) : 0 }

  @inline(__always)
  func slice(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + start, count: end - start)
  }

  /// The offset of the next byte that is not white space; `count` when there is none.
  @inline(__always)
  func skipSpace(_ start: Int) -> Int {
    var position = start
    while position < count {
      let byte = base.load(fromByteOffset: position, as: UInt8.self)
      if byte > 0x20 { return position }
      guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return position }
      position += 1
    }
    return position
  }

  /// The offset past the closing quote of the string that begins at `start`.
  @inline(__always)
  func endOfString(_ start: Int) -> Int? {
    var position = start + 1
    let near = min(count - 8, position + 32)
    while position <= near {
      let word = word(position)
      let found = Self.zeroBytes(word ^ Self.quotes) | Self.zeroBytes(word ^ Self.backslashes)
      if found == 0 {
        position += 8
        continue
      }
      let hit = position + found.trailingZeroBitCount >> 3
      if base.load(fromByteOffset: hit, as: UInt8.self) == 0x22 { return hit + 1 }
      position = hit + 2
    }
    return endOfLongString(start, from: position)
  }

  /// memchr finds quotes faster than anything written here once a string is long; an odd number of backslashes before a
  /// quote escapes it.
  @inline(never)
  private func endOfLongString(_ start: Int, from first: Int) -> Int? {
    var position = first
    while position < count, let found = memchr(base + position, 0x22, count - position) {
      let quote = base.distance(to: UnsafeRawPointer(found))
      var backslashes = 0
      while quote - 1 - backslashes >= first, self[quote - 1 - backslashes] == 0x5c { backslashes += 1 }
      if backslashes % 2 == 0 { return quote + 1 }
      position = quote + 1
    }
    return nil
  }

  /// The offset just past the value at `start`, or `nil` when the bytes end first or no value can begin so. Nesting is
  /// counted, not recursed into, so depth cannot exhaust the stack.
  func endOfValue(_ start: Int) -> Int? {
    switch self[start] {
    case 0x22: return endOfString(start)
    case 0x7b, 0x5b: return endOfContainer(start)
    case 0x30...0x39, 0x2d, 0x74, 0x66, 0x6e:
      var position = start + 1
      while position < count {
        switch base.load(fromByteOffset: position, as: UInt8.self) {
        case 0x2c, 0x7d, 0x5d, 0x20, 0x09, 0x0a, 0x0d: return position
        default: position += 1
        }
      }
      return position
    default: return nil
    }
  }

  private func endOfContainer(_ start: Int) -> Int? {
    var depth = 0
    var position = start
    while position < count {
      switch base.load(fromByteOffset: position, as: UInt8.self) {
      case 0x22:
        guard let end = endOfString(position) else { return nil }
        position = end
        continue
      case 0x7b, 0x5b: depth += 1
      case 0x7d, 0x5d:
        depth -= 1
        if depth == 0 { return position + 1 }
      default:
        // Numbers by the thousand (an embedding) have no byte of interest: eight at a time are passed over. Setting two
        // bits makes all four brackets one byte; the few other bytes that become it as well only end the run early.
        while position + 8 < count {
          let word = word(position + 1)
          let found = Self.zeroBytes((word | Self.bracketBits) ^ Self.brackets) | Self.zeroBytes(word ^ Self.quotes)
          if found != 0 {
            position += found.trailingZeroBitCount >> 3
            break
          }
          position += 8
        }
      }
      position += 1
    }
    return nil
  }

  @inline(__always)
  private func word(_ offset: Int) -> UInt64 { UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }

  /// Marks zero bytes; the lowest mark is always right, which is all that is used.
  @inline(__always)
  private static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  private static let quotes: UInt64 = 0x2222_2222_2222_2222
  private static let backslashes: UInt64 = 0x5c5c_5c5c_5c5c_5c5c
  private static let bracketBits: UInt64 = 0x2626_2626_2626_2626
  private static let brackets: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
}
