// Asks the Agent from time to time what it can do, since it may come later than we, be replaced or be set up anew.

import Delivery
import Synchronization

package final class AgentDiscovery: Sendable {
  /// An Agent that is there is asked this often.
  package static let interval: Duration = .seconds(300)
  /// One that is not, this often.
  package static let absentInterval: Duration = .seconds(15)

  /// The Agent's address without a trailing slash: `http://127.0.0.1:8126`.
  package let agent: String
  private let send: DeliverySend
  private let sleep: @Sendable (Duration) async throws -> Void
  private let current: Mutex<AgentState>

  /// - Parameter state: what is known before it was asked.
  package init(
    agent: String, state: AgentState = .unasked, send: @escaping DeliverySend,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    var agent = agent
    while agent.hasSuffix("/") { agent.removeLast() }
    self.agent = agent
    current = Mutex(state)
    self.send = send
    self.sleep = sleep
  }

  package var state: AgentState { current.withLock { $0 } }

  /// Asks until the task is cancelled.
  package func run() async {
    while !Task.isCancelled {
      await ask()
      let isThere = if case .absent = state { false } else { true }
      do { try await sleep(isThere ? Self.interval : Self.absentInterval) } catch { return }
    }
  }

  package func ask() async {
    let answer: AgentState
    do {
      let response = try await send(DeliveryRequest(method: "GET", url: agent + "/info", headers: [], body: []))
      switch response.status {
      case 200..<300:
        answer = AgentInfo(response.body).map(AgentState.present) ?? .absent(problem: "what answers there is no Datadog Agent")
      case 404: answer = .old
      default: answer = .absent(problem: "the Agent answered \(response.status)")
      }
    } catch {
      // The type and not the text: an address may hold a credential.
      answer = .absent(problem: (error as? DeliveryFailure)?.words ?? "no answer: \(type(of: error))")
    }
    current.withLock { $0 = answer }
  }
}
