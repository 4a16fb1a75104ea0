// Finds out whether addresses can be listened on before anything starts, so that all of them are reported at once.

import Foundation
import NIOCore
import NIOPosix
import StrictYAML

package enum PortCheck {
  /// Binds an address and lets it go. Returns why it cannot be bound with the remedy, or `nil`.
  package static func obstacle(_ address: ListenAddress) async -> String? {
    do {
      let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: address.host, port: address.port).get()
      try await channel.close()
      return nil
    } catch {
      return words(error, address)
    }
  }

  /// The words for an address that could be bound when it was checked, and not when it was needed: somebody else was faster. `nil`
  /// for errors that have another cause.
  package static func obstacle(_ error: any Error, at address: ListenAddress) -> String? {
    guard let failure = error as? IOError, [EADDRINUSE, EADDRNOTAVAIL, EACCES].contains(failure.errnoCode) else { return nil }
    return words(failure, address)
  }

  private static func words(_ error: any Error, _ address: ListenAddress) -> String {
    "cannot listen on \(address): \(reason(error))"
  }

  private static func reason(_ error: any Error) -> String {
    if error is SocketAddressError || error is SocketAddressError.UnknownHost {
      return "the name cannot be resolved; write an IP address of this machine"
    }
    guard let error = error as? IOError else { return "\(error); choose another address" }
    return switch error.errnoCode {
    case EADDRINUSE: "the port is in use; stop what uses it or choose another port"
    case EADDRNOTAVAIL: "no interface of this machine has the address; listen on 127.0.0.1, or on 0.0.0.0 for all of them"
    case EACCES: "this user may not take the port; choose one from 1024 on"
    default: "\(error); choose another address"
    }
  }
}
