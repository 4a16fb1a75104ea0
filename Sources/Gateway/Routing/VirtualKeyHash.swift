// Virtual keys: how they are made, presented and hashed.

import Crypto
import Providers

package enum VirtualKeyHash {
  /// A new key: `ck-` and 32 random bytes in hexadecimal. Show it once; keep the hash.
  package static func makeKey() -> String {
    var generator = SystemRandomNumberGenerator()
    return "ck-" + (0..<32).map { _ in hexadecimal(UInt8.random(in: .min ... .max, using: &generator)) }.joined()
  }

  /// SHA-256 of the key in lowercase hexadecimal: what configuration holds.
  package static func sha256(of key: String) -> String {
    var text = ""
    text.reserveCapacity(64)
    for byte in SHA256.hash(data: Array(key.utf8)) { text += hexadecimal(byte) }
    return text
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
  }
}
