// Finds out whether addresses can be listened on before anything starts, so that all of them are reported at once.

import NIOCore
import NIOPosix
import StrictYAML

enum PortCheck {
  /// Binds an address and lets it go. Returns why it cannot be bound, or `nil`.
  static func obstacle(_ address: ListenAddress) async -> String? {
    do {
      let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: address.host, port: address.port).get()
      try await channel.close()
      return nil
    } catch {
      return "cannot listen on \(address): \(reason(error)); stop what uses it or choose another port"
    }
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? IOError else { return "\(error)" }
    return error.errnoCode == 98 ? "the port is in use" : "\(error)"
  }
}
