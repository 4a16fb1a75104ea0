// An intake that keeps what it is sent and answers as a test says, without a network.

import Delivery
import Synchronization

final class ScriptedIntake: Sendable {
  private struct State {
    var requests: [DeliveryRequest] = []
    var statuses: [Int] = []
  }

  private let state = Mutex(State())

  init(answers statuses: [Int] = []) { state.withLock { $0.statuses = statuses } }

  /// 202 when the script is at its end.
  var send: DeliverySend {
    { request in
      self.state.withLock { state in
        state.requests.append(request)
        return DeliveryResponse(status: state.statuses.isEmpty ? 202 : state.statuses.removeFirst())
      }
    }
  }

  var requests: [DeliveryRequest] { state.withLock { $0.requests } }
}

extension DeliveryLane {
  /// Sends what waits and ends.
  func drain() async {
    shutDown()
    await run()
  }
}
