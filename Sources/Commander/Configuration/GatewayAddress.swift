// An address by which applications reach the gateway, in the form in which their spans name it.

enum GatewayAddress {
  /// `host` or `host:port` in lowercase, of what may be written as a whole base URL; `nil` when it is none.
  static func normalised(_ text: String) -> String? {
    var rest = Substring(text.lowercased())
    var port: String?
    for (scheme, standard) in [("http://", "80"), ("https://", "443")] where rest.hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count)
      port = standard
    }
    if let slash = rest.firstIndex(of: "/") {
      // A path is part of a base URL and of nothing else.
      guard port != nil else { return nil }
      rest = rest[..<slash]
    }
    var host = rest
    // An IPv6 address has colons of its own: with a port it stands in brackets.
    if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
      host = rest[rest.index(after: rest.startIndex)..<end]
      let after = rest[rest.index(after: end)...]
      if after.hasPrefix(":") { port = String(after.dropFirst()) } else if !after.isEmpty { return nil }
    } else if rest.count(where: { $0 == ":" }) == 1, let colon = rest.lastIndex(of: ":") {
      host = rest[..<colon]
      port = String(rest[rest.index(after: colon)...])
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ isHostByte($0) }) else { return nil }
    guard let port else { return String(host) }
    guard let number = Int(port), (1...65_535).contains(number) else { return nil }
    return "\(host):\(number)"
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"): true
    default: false
    }
  }
}
