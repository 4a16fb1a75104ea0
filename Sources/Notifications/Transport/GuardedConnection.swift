// Opens connections to receivers: a name is looked up once, what it resolved to is checked, and exactly that is connected to.

import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why no connection came about, without the address: it may hold a token.
package enum ConnectionFailure: Error, Hashable, CustomStringConvertible {
  case unknownHost
  /// Every address of the host is one that the policy refuses; says which kind.
  case forbidden(String)
  case unreachable

  package var description: String {
    switch self {
    case .unknownHost: "the host name could not be looked up"
    case .forbidden(let kind):
      "the host resolves to an address that is not allowed (\(kind)); set allow_private: true if that is meant"
    case .unreachable: "no connection"
    }
  }
}

enum GuardedConnection {
  static let connectTimeout: Duration = .seconds(5)

  /// The addresses of `host` that `policy` lets through, in the resolver's order.
  static func addresses(host: String, port: Int, policy: AddressPolicy) async throws -> [SocketAddress] {
    let all = try await NIOThreadPool.singleton.runIfActive { lookUp(host: host, port: port) }
    guard !all.isEmpty else { throw ConnectionFailure.unknownHost }
    let allowed = all.filter { policy.refusal(of: $0) == nil }
    guard !allowed.isEmpty else { throw ConnectionFailure.forbidden(policy.refusal(of: all[0]) ?? "unknown") }
    return allowed
  }

  private static func lookUp(host: String, port: Int) -> [SocketAddress] {
    var hints = addrinfo()
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [SocketAddress] = []
    var next = list
    while let entry = next {
      if let address = entry.pointee.ai_addr {
        switch Int32(entry.pointee.ai_family) {
        case AF_INET:
          address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { found.append(SocketAddress($0.pointee, host: host)) }
        case AF_INET6:
          address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { found.append(SocketAddress($0.pointee, host: host)) }
        default: break
        }
      }
      next = entry.pointee.ai_next
    }
    return found
  }

  /// Connects to the first address that answers. `initialize` sets up the pipeline before a byte can arrive.
  static func connect<Output: Sendable>(
    host: String, port: Int, policy: AddressPolicy,
    initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.nanoseconds(connectTimeout.wholeNanoseconds))
    for address in try await addresses(host: host, port: port, policy: policy).prefix(4) {
      do {
        return try await bootstrap.connect(to: address) { initialize($0) }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        continue
      }
    }
    throw ConnectionFailure.unreachable
  }

  /// A handler for TLS to `host`, whose certificate must be for that name and from `trust`.
  static func tlsHandler(host: String, trust: TLSTrust) throws -> NIOSSLClientHandler {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    if let file = trust.authorityFile { configuration.trustRoots = .file(file) }
    let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
    return try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: isAddress ? nil : host)
  }
}

/// Whose certificates are believed.
package struct TLSTrust: Hashable, Sendable {
  /// PEM certificates in place of the system's; `nil` for the system's.
  package var authorityFile: String?
  package init(authorityFile: String? = nil) { self.authorityFile = authorityFile }
}
