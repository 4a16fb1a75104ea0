// The signed statement with which a service account asks for a token (RFC 7523, RS256).

import JWTKit
import LLMTelemetry

struct ServiceAccountAssertion: JWTPayload {
  /// The longest life that Google accepts.
  static let lifetimeSeconds: Int64 = 3_600

  let iss: String
  let scope: String
  let aud: String
  /// Whole seconds: the serializer would write a `Date` with a fraction, which Google refuses.
  let iat: Int64
  let exp: Int64

  init(email: String, scopes: [String], audience: String, at: Timestamp) {
    iss = email
    scope = scopes.joined(separator: " ")
    aud = audience
    iat = at.unixSeconds
    exp = at.unixSeconds + Self.lifetimeSeconds
  }

  /// We only sign; whoever reads it verifies it.
  func verify(using algorithm: some JWTAlgorithm) {}
}

extension ServiceAccountKey {
  /// `header.claims.signature`
  func assertion(scopes: [String], at: Timestamp) async throws -> String {
    let kid = privateKeyID.map { JWKIdentifier(string: $0) }
    let keys = JWTKeyCollection()
    await keys.add(rsa: privateKey, digestAlgorithm: .sha256, kid: kid)
    let payload = ServiceAccountAssertion(
      email: email, scopes: scopes, audience: TokenAudience.of(tokenAddress: tokenAddress), at: at)
    return try await keys.sign(payload, kid: kid)
  }
}
