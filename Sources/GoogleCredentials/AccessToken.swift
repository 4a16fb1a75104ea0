// What Google's authorization server hands out: a bearer token that lives for about an hour.

import LLMTelemetry

package struct AccessToken: Hashable, Sendable {
  /// The token itself; it goes into a header to the provider and nowhere else.
  package let value: String
  package let expiresAt: Timestamp

  package init(value: String, expiresAt: Timestamp) {
    self.value = value
    self.expiresAt = expiresAt
  }
}

extension AccessToken: CustomStringConvertible, CustomReflectable {
  /// Without the token: what is interpolated into a log line or an assertion must not be the secret.
  package var description: String { "access token until \(expiresAt.rfc3339Seconds)" }
  package var customMirror: Mirror { Mirror(self, children: ["expiresAt": expiresAt]) }
}
