// The part of the cache in one exchange: an earlier answer instead of a call, or else a recording of the call's answer.

import LLMTelemetry
import NIOCore

/// Of an exchange on a route with a cache, or under an override that turns one on; others have none.
final class ExchangeCaching {
  private let cache: AnswerCache
  private let decision: CachingDecision
  /// An earlier answer was found: nobody was asked, and nothing is recorded.
  private(set) var isHit = false
  private var recorded: CacheKey?
  private var body = ByteBuffer()

  init(cache: AnswerCache, decision: CachingDecision) {
    self.cache = cache
    self.decision = decision
  }

  deinit { endRecording() }

  /// The earlier answer to a call; where there is none, the call's own will be recorded.
  ///
  /// - Parameter isFirst: nobody was asked yet. After a failed call the next target is asked, since the exchange has cost something.
  func answer(to call: PreparedCall, facts: AdmittedFacts, head: RequestHead, isFirst: Bool, at now: Timestamp)
    -> (head: ResponseHead, body: ByteBuffer)?
  {
    endRecording()
    let key = CacheKey(virtualKey: facts.virtualKey ?? "", tenant: facts.dimensions.tenant, call: call, head: head)
    if isFirst, let maxAge = decision.maxAge {
      if let answer = cache.answer(key, maxAge: maxAge, at: now), let head = answer.readHead() {
        isHit = true
        facts.cacheStatus = "hit; age=\(max(0, (now - answer.storedAt).wholeNanoseconds / 1_000_000_000))"
        return (head, answer.body)
      }
      facts.cacheStatus = "miss"
    }
    if cache.beginRecording(key) { recorded = key }
    return nil
  }

  /// The call is made (again): nothing of an earlier try belongs to its answer.
  func restart() { body.clear() }

  func record(_ bytes: ByteBuffer) {
    guard recorded != nil else { return }
    // One that grows too large is given up for good.
    guard body.readableBytes + bytes.readableBytes <= AnswerCache.answerLimit else { return endRecording() }
    body.writeImmutableBuffer(bytes)
  }

  /// The answer ended well, and is kept.
  func keep(_ head: ResponseHead, at now: Timestamp) {
    guard let key = recorded, body.readableBytes > 0 else { return }
    // Recording left room to grow in, and that is not kept.
    var exact = ByteBufferAllocator().buffer(capacity: body.readableBytes)
    exact.writeImmutableBuffer(body)
    cache.store(CachedAnswer(head: head, body: exact, storedAt: now), for: key)
    endRecording()
  }

  private func endRecording() {
    guard let key = recorded else { return }
    recorded = nil
    body = ByteBuffer()
    cache.recordingEnded(key)
  }
}
