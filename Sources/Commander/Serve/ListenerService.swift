// A listener whose address may be taken between the check and the start: it fails with the words of the check.

import ServiceLifecycle
import ServiceStart
import StrictYAML

struct ListenerService: Service {
  let configuration: CommanderConfiguration
  /// Where the address stands in the configuration: `console.listen`.
  let setting: String
  let address: ListenAddress
  let listener: any Service
  /// Whoever waits for it to listen waits in vain.
  let failed: @Sendable (any Error) -> Void

  func run() async throws {
    do {
      try await configuration.listening(setting, on: address) { try await listener.run() }
    } catch {
      failed(error)
      throw error
    }
  }
}

extension CommanderConfiguration {
  /// Runs `body`; an address that cannot be listened on becomes a problem of its setting.
  func listening<Value>(
    _ setting: String, on address: ListenAddress, _ body: () async throws -> Value
  ) async throws -> Value {
    do { return try await body() } catch {
      guard let obstacle = PortCheck.obstacle(error, at: address) else { throw error }
      throw ConfigurationError(problems: [problem(setting, obstacle)])
    }
  }
}
