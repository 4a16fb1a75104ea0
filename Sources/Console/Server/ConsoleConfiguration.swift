// Where the console listens, under which names it may be reached, and whose name stands on what is done there.

package struct ConsoleConfiguration: Sendable {
  package var host: String
  /// 0 takes a free port.
  package var port: Int
  /// Names beside `localhost` and the listen address that a browser may use; others are refused (DNS rebinding).
  package var allowedHosts: Set<String>
  /// The actor of actions whose request names none.
  package var actor: String

  package init(host: String = "127.0.0.1", port: Int = 8090, allowedHosts: Set<String> = [], actor: String = "operator") {
    self.host = host
    self.port = port
    self.allowedHosts = allowedHosts
    self.actor = actor
  }

  /// True when `authority` (the Host header, with or without a port) names this console.
  package func permits(authority: String?) -> Bool {
    guard let authority, !authority.isEmpty else { return false }
    let name = Self.name(of: authority)
    if name == "localhost" || name == host.lowercased() || allowedHosts.contains(where: { $0.lowercased() == name }) {
      return true
    }
    // A rebound name is a name: a literal address can only be the machine itself.
    guard Self.isLiteralAddress(name) else { return false }
    return host == "0.0.0.0" || host == "::" || Self.isLoopback(name) && Self.isLoopback(host)
      || name == "127.0.0.1" && host == "localhost"
  }

  private static func name(of authority: String) -> String {
    if authority.first == "[" { return String(authority.dropFirst().prefix { $0 != "]" }).lowercased() }
    return String(authority.prefix { $0 != ":" }).lowercased()
  }

  private static func isLiteralAddress(_ name: String) -> Bool {
    name.contains(":") || (!name.isEmpty && name.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || $0 == 46 })
  }

  private static func isLoopback(_ name: String) -> Bool { name.hasPrefix("127.") || name == "::1" }
}
