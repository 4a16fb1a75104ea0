// Why a request cannot be carried over to another vendor's protocol.

/// Names the member of the client's request that has no faithful counterpart, so that the fallback can be skipped with a
/// reason an operator understands.
package struct TranslationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Where, for example `messages[2].content[0].type`; empty for the whole body.
  package var path: String
  /// What is wrong, and for whom.
  package var problem: String

  package init(_ path: String, _ problem: String) {
    self.path = path
    self.problem = problem
  }

  package var description: String { path.isEmpty ? problem : "\(path): \(problem)" }
}
