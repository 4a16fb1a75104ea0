// Signs a webhook by the Standard Webhooks scheme: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.

import Crypto
#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A shared secret, written `whsec_` and the base64 of 24 to 64 bytes. It never describes itself.
package struct WebhookSecret: Sendable, CustomStringConvertible {
  package struct Malformed: Error, CustomStringConvertible {
    package let description = "a webhook secret is whsec_ followed by the base64 of 24 to 64 random bytes"
  }

  private let key: SymmetricKey

  package init(_ text: String) throws(Malformed) {
    guard text.hasPrefix("whsec_"), let bytes = Data(base64Encoded: String(text.dropFirst(6))), (24...64).contains(bytes.count)
    else {
      throw Malformed()
    }
    key = SymmetricKey(data: bytes)
  }

  package var description: String { "whsec_(hidden)" }

  /// The value of the header `webhook-signature`.
  package func signature(id: String, unixSeconds: Int64, body: [UInt8]) -> String {
    let signed = Array("\(id).\(unixSeconds).".utf8) + body
    return "v1," + Data(HMAC<SHA256>.authenticationCode(for: signed, using: key)).base64EncodedString()
  }
}
