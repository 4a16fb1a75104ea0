// Why there is no token: the place, what is wrong with it, and the remedy; never a secret, never a file's content.

package struct GoogleCredentialError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Reason: Hashable, Sendable {
    /// No such file, or it may not be read.
    case unreadable
    /// Not JSON, a member is missing, a key is no key.
    case malformed
    /// A kind of credential that this program does not exchange.
    case unsupported
    /// Google, or who answers in its place, said no.
    case refused(status: Int)
    /// No connection.
    case unreachable
    case timedOut
    /// An answer that is no token.
    case unintelligible
  }

  package let reason: Reason
  package let description: String

  init(_ reason: Reason, _ description: String) {
    self.reason = reason
    self.description = description
  }
}
