// The shelf of answers: its order and its bound, against a model that is plainly right; and recordings, which are bounded too.

import LLMTelemetry
import NIOCore
import Providers
import Testing

@testable import Gateway

@Suite struct AnswerShelfTests {
  private static let provider = ServedProvider(
    Provider(name: "p", wireProtocol: .openAI, host: "localhost", port: 1, usesTLS: false))

  private static func key(_ number: Int, tenant: String? = nil) throws -> CacheKey {
    var bytes = ByteBuffer(string: request())
    var decoder = RequestDecoder()
    guard case .head(let head)? = try decoder.next(&bytes) else { throw Impatience(what: "a head") }
    let call = PreparedCall(
      provider: provider, uri: "/v1", body: ByteBuffer(string: "\(number)"), format: .openAIChat, framing: .document,
      stripsUsage: false, translates: false)
    return CacheKey(virtualKey: "k", tenant: tenant, call: call, head: head)
  }

  private static func answer(_ size: Int, at second: Int64 = 0) throws -> CachedAnswer {
    var bytes = ByteBuffer(string: response("{}"))
    var decoder = ResponseDecoder()
    guard case .head(let head)? = try decoder.next(&bytes) else { throw Impatience(what: "a head") }
    return CachedAnswer(
      head: head, body: ByteBuffer(repeating: 1, count: size), storedAt: Timestamp(unixSeconds: second))
  }

  @Test func theLeastRecentlyAskedForMakesRoom() throws {
    var shelf = AnswerShelf()
    var model: [(number: Int, bytes: Int)] = []
    var random = SplitMix64(state: 11)
    let keys = try (0..<40).map { try Self.key($0) }
    let limit = 64 << 10
    for _ in 0..<20_000 {
      let number = Int.random(in: 0..<40, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0:
        shelf.remove(keys[number])
        model.removeAll { $0.number == number }
      case 1...3:
        let answer = try Self.answer(Int.random(in: 1..<9_000, using: &random))
        let before = model.filter { $0.number != number }
        model = before + [(number, answer.bytes)]
        while model.reduce(0, { $0 + $1.bytes }) > limit { model.removeFirst() }
        #expect(shelf.put(answer, for: keys[number], within: limit) == before.count + 1 - model.count)
      default:
        let found = shelf.answer(keys[number]) != nil
        let place = model.firstIndex { $0.number == number }
        #expect(found == (place != nil))
        if let place { model.append(model.remove(at: place)) }
      }
      #expect(shelf.count == model.count && shelf.bytes == model.reduce(0) { $0 + $1.bytes } && shelf.bytes <= limit)
    }
    #expect(shelf.trim(to: 0) == model.count && shelf.bytes == 0)
  }

  @Test func anAnswerLargerThanAllIsNotTakenAndSendsNobodyAway() throws {
    var shelf = AnswerShelf()
    #expect(shelf.put(try Self.answer(100), for: try Self.key(1), within: 10_000) == 0)
    #expect(shelf.put(try Self.answer(20_000), for: try Self.key(2), within: 10_000) == 0)
    #expect(shelf.count == 1)
  }

  @Test func aTenantThatIsNamedNothingIsNotTheSameAsNone() throws {
    #expect(try Self.key(1, tenant: nil) != Self.key(1, tenant: ""))
    #expect(try Self.key(1, tenant: "a") == Self.key(1, tenant: "a"))
  }

  @Test func withoutAUserItTakesNothing() throws {
    let cache = AnswerCache()
    #expect(!cache.beginRecording(try Self.key(1)))
    cache.store(try Self.answer(10), for: try Self.key(1))
    #expect(cache.contents.count == 0 && cache.takeCounts() == AnswerCache.Counts())
  }

  @Test func recordingsAreBoundedAndNoneIsMadeTwice() throws {
    var limits = GatewayLimits()
    limits.answerCacheBytes = 4 * AnswerCache.answerLimit
    var route = Route(name: "r", models: ["*"], provider: "p")
    route.cache = .keep
    let cache = AnswerCache()
    cache.keep(
      to: GatewaySnapshot(
        service: "s", env: "e", version: nil, keys: [], providers: [], routes: [route], prompts: [], limits: limits))
    #expect(cache.beginRecording(try Self.key(0)))
    #expect(!cache.beginRecording(try Self.key(0)))
    let taken = try (1..<10).count { cache.beginRecording(try Self.key($0)) }
    #expect(taken == 3)
    cache.recordingEnded(try Self.key(0))
    #expect(cache.beginRecording(try Self.key(0)))
    cache.store(try Self.answer(10, at: 100), for: try Self.key(0))
    #expect(cache.answer(try Self.key(0), maxAge: .seconds(5), at: Timestamp(unixSeconds: 105)) != nil)
    #expect(cache.answer(try Self.key(0), maxAge: .seconds(5), at: Timestamp(unixSeconds: 106)) == nil)
    #expect(cache.contents.count == 0, "what is too old makes room")
  }
}
