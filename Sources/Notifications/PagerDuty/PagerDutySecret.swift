// Whether a webhook is PagerDuty's: HMAC-SHA256 over the body as it came, under one of the signatures of its header.
// https://developer.pagerduty.com/docs/verifying-webhook-signatures

import Crypto

package struct PagerDutySecret: Sendable, CustomStringConvertible {
  /// A subscription that is being given another secret signs with both.
  private static let signatureLimit = 10

  private let key: SymmetricKey

  package init(_ text: String) { key = SymmetricKey(data: Array(text.utf8)) }

  package var description: String { "(hidden)" }

  /// - Parameter header: the value of `X-PagerDuty-Signature`: `v1=…,v1=…`. Signatures of other versions are passed over.
  package func hasSigned(_ body: [UInt8], header: String?) -> Bool {
    guard let header else { return false }
    return header.split(separator: ",", maxSplits: Self.signatureLimit).prefix(Self.signatureLimit).contains { part in
      let part = part.drop { $0 == " " }
      guard part.hasPrefix("v1="), let code = Hexadecimal.bytes(part.dropFirst(3)), code.count == 32 else { return false }
      // Compares in constant time.
      return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: body, using: key)
    }
  }

  /// One signature for the header.
  package func signature(of body: [UInt8]) -> String {
    "v1=" + Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: body, using: key))
  }
}
