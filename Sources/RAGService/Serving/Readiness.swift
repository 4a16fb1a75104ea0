// Whether the service can answer: after its documents are indexed, and until it is asked to end.
import Synchronization

final class Readiness: Sendable {
  enum State: Sendable, Equatable {
    case indexing
    case ready
    /// Indexing failed and is tried again.
    case failing(String)
    case draining

    var word: String {
      switch self {
      case .indexing: "indexing"
      case .ready: "ready"
      case .failing: "failing"
      case .draining: "draining"
      }
    }
  }

  private let current: Mutex<State>

  init(_ state: State) { current = Mutex(state) }

  var state: State { current.withLock { $0 } }

  /// The end is final.
  func become(_ state: State) { current.withLock { if $0 != .draining { $0 = state } } }
}
