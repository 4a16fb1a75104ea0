// A socket address of the Agent, found by its name or its path.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why no socket to the Agent can be made, with the remedy.
package struct DogStatsDError: Error, CustomStringConvertible, Sendable {
  package let description: String
}

struct AgentEndpoint: Hashable, Sendable {
  let family: Int32
  let isStream: Bool
  /// A `sockaddr` of `family`.
  let bytes: [UInt8]

  /// All that a host's name means, in the order of preference; waits for the name service. A Unix socket need not exist yet: the
  /// Agent may start later.
  static func find(_ address: DogStatsDAddress) throws -> [AgentEndpoint] {
    switch address {
    case .udp(let host, let port): try resolve(host, port)
    case .unix(let path): [AgentEndpoint(family: AF_UNIX, isStream: false, bytes: try unixAddress(path))]
    case .unixStream(let path): [AgentEndpoint(family: AF_UNIX, isStream: true, bytes: try unixAddress(path))]
    }
  }

  private static func resolve(_ host: String, _ port: UInt16) throws -> [AgentEndpoint] {
    var hints = addrinfo()
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    #else
      hints.ai_socktype = SOCK_DGRAM
    #endif
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, String(port), &hints, &found)
    defer { if let found { freeaddrinfo(found) } }
    guard status == 0 else { throw unresolved(host, String(cString: gai_strerror(status))) }
    var endpoints: [AgentEndpoint] = []
    var next = found
    while let entry = next?.pointee {
      if let address = entry.ai_addr {
        let bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))
        endpoints.append(AgentEndpoint(family: entry.ai_family, isStream: false, bytes: bytes))
      }
      next = entry.ai_next
    }
    if endpoints.isEmpty { throw unresolved(host, "no address") }
    return endpoints
  }

  private static func unresolved(_ host: String, _ reason: String) -> DogStatsDError {
    DogStatsDError(description: "DogStatsD host \(host) cannot be resolved: \(reason); check the name, or use an IP address")
  }

  private static func unixAddress(_ path: String) throws -> [UInt8] {
    var address = sockaddr_un()
    let room = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard path.utf8.count <= room else {
      throw DogStatsDError(
        description: "DogStatsD socket path \(path) is longer than the system's \(room) bytes; use a shorter one")
    }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafeBytes(of: address) { Array($0) }
  }
}
