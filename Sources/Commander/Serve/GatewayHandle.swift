// Lets the command center reach the gateway, which starts after it: overrides in force are known before the first request.

import Gateway

actor GatewayHandle {
  private var gateway: GatewayServer?

  func set(_ gateway: GatewayServer) { self.gateway = gateway }

  /// False when the gateway refused an older generation. Before the gateway is there, nothing is to be done: it starts with
  /// the state of the moment.
  func update(_ snapshot: GatewaySnapshot) async throws -> Bool { try await gateway?.update(snapshot) ?? true }

  /// What its cache did since the last time it was asked; nothing before the gateway is there.
  func takeCacheCounts() -> AnswerCache.Counts { gateway?.takeCacheCounts() ?? AnswerCache.Counts() }

  /// Of targets that failed of late; none before the gateway is there.
  var circuits: [GatewayServer.CircuitState] { gateway?.circuits ?? [] }
}
