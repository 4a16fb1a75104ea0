// The access tokens that were issued: numbered, so that a test sees how often one was fetched, and revocable.
import Synchronization

package final class TokenIssuer: Sendable {
  private struct State {
    var issued = 0
    /// Tokens up to this number are no longer good.
    var revoked = 0
    var lifetimeSeconds = 3599
  }

  private let state = Mutex(State())
  private static let prefix = "ya29.sim-"

  /// How many tokens were issued so far.
  package var issuedCount: Int { state.withLock { $0.issued } }

  /// The lifetime that later tokens are said to have.
  package func setLifetime(seconds: Int) { state.withLock { $0.lifetimeSeconds = seconds } }

  /// Makes every token that was issued so far a bad one.
  package func revokeAll() { state.withLock { $0.revoked = $0.issued } }

  /// - Parameter lifetime: in seconds, where the request itself says so.
  func issue(lifetime: Int?) -> JSONValue {
    state.withLock { state in
      state.issued += 1
      return [
        "access_token": .string(Self.prefix + String(state.issued)), "expires_in": .integer(lifetime ?? state.lifetimeSeconds),
        "token_type": "Bearer",
      ]
    }
  }

  /// Only texts that look like one of our tokens are looked at: other credentials are not ours to judge.
  func accepts(_ credential: String) -> Bool {
    guard credential.hasPrefix(Self.prefix) else { return true }
    guard let number = Int(credential.dropFirst(Self.prefix.count)) else { return false }
    return state.withLock { $0.revoked < number && number <= $0.issued }
  }

  var json: JSONValue {
    state.withLock {
      ["issued": .integer($0.issued), "revoked": .integer($0.revoked), "expires_in_s": .integer($0.lifetimeSeconds)]
    }
  }
}
