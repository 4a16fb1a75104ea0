// The provider simulator: one HTTP server that answers as OpenAI, Anthropic, the Gemini API and Vertex AI do, with faults on demand.
import Hummingbird
import Logging

/// One simulated provider. Its request log and its fault rules can be read and changed while it runs, here or over HTTP.
package struct ProviderSimulator: Sendable {
  /// How fast answers come when no fault says otherwise.
  package struct Pace: Sendable {
    /// Before the first token.
    package var firstToken: Duration
    /// Between two chunks of a stream; an answer without streaming takes the sum.
    package var chunkGap: Duration

    package init(firstToken: Duration, chunkGap: Duration) {
      self.firstToken = firstToken
      self.chunkGap = chunkGap
    }

    package static let immediate = Pace(firstToken: .zero, chunkGap: .zero)
    /// Quick, but a stream that a human can see: what the command line uses.
    package static let visible = Pace(firstToken: .milliseconds(40), chunkGap: .milliseconds(8))
  }

  package let requestLog = RequestLog()
  /// The access tokens of its token endpoint and its metadata server.
  package let tokens = TokenIssuer()
  let faults: FaultPlan
  let pace: Pace

  package init(faults: [FaultRule] = [], pace: Pace = .immediate) {
    self.faults = FaultPlan(rules: faults)
    self.pace = pace
  }

  package var faultRules: [FaultRule] { faults.rules }
  package func replaceFaults(with rules: [FaultRule]) { faults.replace(with: rules) }

  /// The server. Port 0 binds a free port; `onListening` is told which.
  package func application(
    host: String = "127.0.0.1", port: Int = 0, logger: Logger = Logger(label: "provider-simulator"),
    onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) -> some ApplicationProtocol {
    Application(
      responder: SimulatorResponder(simulator: self),
      configuration: .init(address: .hostname(host, port: port)),
      onServerRunning: { channel in
        if let port = channel.localAddress?.port { await onListening(port) }
      },
      logger: logger)
  }
}
