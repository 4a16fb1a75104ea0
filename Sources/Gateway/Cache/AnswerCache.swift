// The cache of answers that all event loops share, under a short lock. A request that has no part in it never comes here.

import LLMTelemetry
import NIOCore
import Synchronization

package final class AnswerCache: Sendable {
  /// What it did since the last time it was asked.
  package struct Counts: Hashable, Sendable {
    package var hits = 0
    package var misses = 0
    package var stored = 0
    package var evicted = 0

    package init() {}

    /// By the value of the tag `result`.
    package var byResult: [(result: String, count: Int)] {
      [("hit", hits), ("miss", misses), ("stored", stored), ("evicted", evicted)]
    }
  }

  /// The largest answer that is kept.
  static let answerLimit = 256 << 10

  private struct State {
    var shelf = AnswerShelf()
    var counts = Counts()
    /// 0 while neither a route nor an override uses the cache.
    var limit = 0
    /// The same answer is not recorded twice at a time.
    var recorded: Set<CacheKey> = []
  }

  private let state = Mutex(State())

  /// Follows a new view. When nobody uses it any more it lets go of everything at once: an answer is not kept longer than it is wanted.
  func keep(to snapshot: GatewaySnapshot) {
    state.withLock { state in
      state.limit = snapshot.usesCache ? snapshot.limits.answerCacheBytes : 0
      if state.limit == 0 { state.shelf = AnswerShelf() } else { state.counts.evicted += state.shelf.trim(to: state.limit) }
    }
  }

  /// - Parameter maxAge: an older answer is none, and makes room.
  func answer(_ key: CacheKey, maxAge: Duration, at now: Timestamp) -> CachedAnswer? {
    state.withLock { state in
      guard let answer = state.shelf.answer(key) else {
        state.counts.misses += 1
        return nil
      }
      guard now - answer.storedAt <= maxAge else {
        state.shelf.remove(key)
        state.counts.misses += 1
        return nil
      }
      state.counts.hits += 1
      return answer
    }
  }

  /// Whether the answer to a request may be recorded. Recordings are bounded as the answers are: all together take no more than
  /// the cache itself. Whoever got leave says `recordingEnded`.
  func beginRecording(_ key: CacheKey) -> Bool {
    state.withLock { state in
      (state.recorded.count + 1) * Self.answerLimit <= state.limit && state.recorded.insert(key).inserted
    }
  }

  func recordingEnded(_ key: CacheKey) { _ = state.withLock { $0.recorded.remove(key) } }

  func store(_ answer: CachedAnswer, for key: CacheKey) {
    state.withLock { state in
      guard answer.bytes <= state.limit else { return }
      state.counts.evicted += state.shelf.put(answer, for: key, within: state.limit)
      state.counts.stored += 1
    }
  }

  package func takeCounts() -> Counts {
    state.withLock { state in
      defer { state.counts = Counts() }
      return state.counts
    }
  }

  /// Bytes and number of the answers that are kept.
  var contents: (bytes: Int, count: Int) { state.withLock { ($0.shelf.bytes, $0.shelf.count) } }
}
