// How many questions and changes are worked on at a time; the next one is told to come again instead of being kept waiting.
import Synchronization

final class Admission: Sendable {
  /// A place among the running requests, given back when nobody holds it any more: also when a reader leaves in the middle.
  final class Place: Sendable {
    private let admission: Admission
    fileprivate init(_ admission: Admission) { self.admission = admission }
    deinit { admission.running.withLock { $0 -= 1 } }
  }

  private let limit: Int
  private let running = Mutex(0)

  init(limit: Int) { self.limit = limit }

  /// `nil` when everything is taken.
  func enter() -> Place? {
    let isFree = running.withLock { running in
      guard running < limit else { return false }
      running += 1
      return true
    }
    return isFree ? Place(self) : nil
  }

  var runningCount: Int { running.withLock { $0 } }
}
