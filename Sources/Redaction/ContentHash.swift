// The keyed hash that stands for a text: SipHash-2-4 with 128 bits of result (Aumasson, Bernstein 2012).

/// Without the key nobody can try out whether a guessed text is the one that was hashed, which a plain hash would allow.
package struct ContentHash: Sendable {
  private let key0: UInt64
  private let key1: UInt64

  /// The same secret gives the same hashes in every process and after every start.
  package init(secret: String) {
    let first = Self.sip(Array(secret.utf8), 0x636f_6d6d_616e_6465, 0x722e_6361_7074_7572)
    (key0, key1) = (first.0, first.1)
  }

  /// A key that nobody knows and that ends with the process.
  package init() {
    key0 = .random(in: .min ... .max)
    key1 = .random(in: .min ... .max)
  }

  /// `hash:` with 32 hexadecimal digits and the number of bytes; an empty text stays empty.
  package func describe(_ text: String) -> String {
    guard !text.isEmpty else { return text }
    var text = text
    let (high, low, count) = text.withUTF8 { bytes in
      let (high, low) = Self.sip(bytes, key0, key1)
      return (high, low, bytes.count)
    }
    return "hash:\(Self.hexadecimal(high))\(Self.hexadecimal(low)) bytes:\(count)"
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  static func sip(_ bytes: some RandomAccessCollection<UInt8>, _ key0: UInt64, _ key1: UInt64) -> (UInt64, UInt64) {
    var state = SipState(key0, key1)
    var word: UInt64 = 0
    var filled: UInt64 = 0
    for byte in bytes {
      word |= UInt64(byte) << (8 * filled)
      filled += 1
      if filled == 8 {
        state.compress(word)
        (word, filled) = (0, 0)
      }
    }
    state.compress(word | UInt64(truncatingIfNeeded: bytes.count) << 56)
    return state.finish()
  }

  private struct SipState {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    init(_ key0: UInt64, _ key1: UInt64) {
      v0 = key0 ^ 0x736f_6d65_7073_6575
      v1 = key1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
      v2 = key0 ^ 0x6c79_6765_6e65_7261
      v3 = key1 ^ 0x7465_6462_7974_6573
    }

    mutating func round() {
      v0 = v0 &+ v1
      v1 = (v1 << 13 | v1 >> 51) ^ v0
      v0 = v0 << 32 | v0 >> 32
      v2 = v2 &+ v3
      v3 = (v3 << 16 | v3 >> 48) ^ v2
      v0 = v0 &+ v3
      v3 = (v3 << 21 | v3 >> 43) ^ v0
      v2 = v2 &+ v1
      v1 = (v1 << 17 | v1 >> 47) ^ v2
      v2 = v2 << 32 | v2 >> 32
    }

    mutating func compress(_ word: UInt64) {
      v3 ^= word
      round()
      round()
      v0 ^= word
    }

    mutating func finish() -> (UInt64, UInt64) {
      v2 ^= 0xee
      for _ in 0..<4 { round() }
      let first = v0 ^ v1 ^ v2 ^ v3
      v1 ^= 0xdd
      for _ in 0..<4 { round() }
      return (first, v0 ^ v1 ^ v2 ^ v3)
    }
  }
}
