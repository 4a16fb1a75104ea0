// Finds out whether addresses can be listened on before anything starts, so that all of them are reported at once.

import NIOCore
import NIOPosix
import StrictYAML

enum PortCheck {
  /// Binds each address and lets it go. Throws one problem per address that cannot be bound, at its place in the file.
  static func run(_ addresses: [(address: ListenAddress, key: String, place: Problem?)]) async throws {
    let problems = ProblemList()
    for (address, key, place) in addresses {
      do {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
          .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
          .bind(host: address.host, port: address.port).get()
        try await channel.close()
      } catch {
        problems.add(
          Problem(
            file: place?.file ?? "defaults", line: place?.line ?? 0, column: place?.column ?? 0,
            message: "`\(key)`: cannot listen on \(address): \(reason(error)); stop what uses it or choose another port"))
      }
    }
    try problems.throwIfAny()
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? IOError else { return "\(error)" }
    return error.errnoCode == 98 ? "the port is in use" : "\(error)"
  }
}
