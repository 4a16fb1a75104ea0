// Where the Datadog Agent listens for metrics, as it is written in configuration.

/// `127.0.0.1:8125`, `udp://agent:8125`, `/var/run/datadog/dsd.socket`, `unix:///var/run/datadog/dsd.socket` (datagrams, also
/// written `unixgram://`) or `unixstream:///var/run/datadog/dsd-stream.socket`.
package enum DogStatsDAddress: Hashable, Sendable, CustomStringConvertible {
  case udp(host: String, port: UInt16)
  case unix(path: String)
  /// A stream of datagrams, each after its length in four bytes, the least significant first.
  case unixStream(path: String)

  /// `nil` for anything that is neither `host:port` nor an absolute path.
  package init?(_ text: String) {
    if text.hasPrefix("/") {
      self = .unix(path: text)
      return
    }
    for (scheme, isStream) in [("unix://", false), ("unixgram://", false), ("unixstream://", true)] where text.hasPrefix(scheme) {
      let path = String(text.dropFirst(scheme.count))
      guard path.hasPrefix("/") else { return nil }
      self = isStream ? .unixStream(path: path) : .unix(path: path)
      return
    }
    let rest = text.hasPrefix("udp://") ? text.dropFirst(6) : text[...]
    guard let colon = rest.lastIndex(of: ":"), colon > rest.startIndex, let port = UInt16(rest[rest.index(after: colon)...]),
      port > 0
    else { return nil }
    var host = rest[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty, !host.contains("/") else { return nil }
    self = .udp(host: String(host), port: port)
  }

  package var description: String {
    switch self {
    case .udp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): path
    case .unixStream(let path): "unixstream://\(path)"
    }
  }

  /// Bytes of one datagram: what fits an Ethernet frame, or the Agent's receive buffer.
  package var datagramLimit: Int {
    switch self {
    case .udp: 1432
    case .unix, .unixStream: Self.agentBuffer
    }
  }

  /// What the Agent reads at once (`dogstatsd_buffer_size`): beyond it a datagram is cut.
  static let agentBuffer = 8192

  /// How Datadog's clients call the transport in their own telemetry.
  package var transport: String {
    switch self {
    case .udp: "udp"
    case .unix: "uds"
    case .unixStream: "uds-stream"
    }
  }
}
