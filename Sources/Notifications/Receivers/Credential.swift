// A secret that never describes itself.

package struct Credential: Hashable, Sendable, CustomStringConvertible {
  package let text: String
  package init(_ text: String) { self.text = text }
  package var description: String { "(hidden)" }
}
