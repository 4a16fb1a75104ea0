// The base URL of a provider, in the parts the gateway needs.

struct BaseURL: Equatable {
  var usesTLS: Bool
  var host: String
  var port: Int
  /// Without a trailing slash; empty for the root.
  var path: String

  /// Reads `http://127.0.0.1:9000` or `https://host/prefix`; `nil` for user names, queries, fragments and other schemes.
  init?(_ text: String) {
    let rest: Substring
    if text.hasPrefix("https://") {
      usesTLS = true
      rest = text.dropFirst(8)
    } else if text.hasPrefix("http://") {
      usesTLS = false
      rest = text.dropFirst(7)
    } else {
      return nil
    }
    guard !rest.contains(where: { "@?# ".contains($0) }) else { return nil }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<slash]
    var path = rest[slash...]
    while path.hasSuffix("/") { path.removeLast() }
    self.path = String(path)
    if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
      guard let port = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(port) else { return nil }
      self.port = port
      host = String(authority[..<colon])
    } else {
      port = usesTLS ? 443 : 80
      host = String(authority)
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty else { return nil }
  }
}
