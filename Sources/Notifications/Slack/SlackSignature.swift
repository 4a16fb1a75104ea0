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
      let code = Self.bytes(hexadecimal: signature.dropFirst(3)), code.count == 32
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
    let digits = Array("0123456789abcdef")
    return "v0=" + String(code.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  private static func bytes(hexadecimal text: Substring) -> [UInt8]? {
    let digits = text.utf8.map { byte -> UInt8? in
      switch byte {
      case 48...57: byte - 48
      case 97...102: byte - 87
      case 65...70: byte - 55
      default: nil
      }
    }
    guard digits.count % 2 == 0 else { return nil }
    return try? stride(from: 0, to: digits.count, by: 2).map { index in
      guard let high = digits[index], let low = digits[index + 1] else { throw CancellationError() }
      return high << 4 | low
    }
  }
}
