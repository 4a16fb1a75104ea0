// Whether a request is Slack's: HMAC-SHA256 over `v0:timestamp:body`, not older than five minutes.
// https://docs.slack.dev/authentication/verifying-requests-from-slack

import Crypto
import LLMTelemetry

package struct SlackSigningSecret: Sendable, CustomStringConvertible {
  /// How far a request's time may lie from ours.
  package static let window: Duration = .seconds(300)

  private let key: SymmetricKey

  package init(_ text: String) { key = SymmetricKey(data: Array(text.utf8)) }

  package var description: String { "(hidden)" }

  package enum Verdict: Hashable, Sendable {
    case genuine
    case unsigned
    /// From another time, or replayed.
    case stale
    case forged
  }

  package func verdict(timestamp: String?, signature: String?, body: [UInt8], now: Timestamp) -> Verdict {
    guard let timestamp, let signature, timestamp.utf8.count <= 20, let seconds = Int64(timestamp),
      // Within reach of the arithmetic below.
      (0...253_402_300_799).contains(seconds), signature.hasPrefix("v0="),
      let code = Hexadecimal.bytes(signature.dropFirst(3)), code.count == 32
    else { return .unsigned }
    let distance = now.unixSeconds - seconds
    guard (-300...300).contains(distance) else { return .stale }
    // Compares in constant time.
    let signed = Array("v0:\(timestamp):".utf8) + body
    return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: key) ? .genuine : .forged
  }

  /// The value of `X-Slack-Signature`.
  package func signature(timestamp: String, body: [UInt8]) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: Array("v0:\(timestamp):".utf8) + body, using: key)
    return "v0=" + Hexadecimal.text(code)
  }
}
