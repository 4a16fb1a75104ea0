// One exchange for everyone, early renewal, and a token that serves until its end while renewals fail; on a clock of our own.

import AsyncHTTPClient
import Foundation
import LLMTelemetry
import Logging
import Synchronization
import Testing

@testable import GoogleCredentials

@Suite struct RenewalTests {
  /// A metadata server whose n-th reply is `reply(n)`; `body` gets a source of tokens that asks it.
  private func withTokens(
    _ reply: @escaping @Sendable (_ number: Int) async -> Reply,
    pause: @escaping @Sendable (Clock, Duration) async throws -> Void = { _, _ in },
    _ body: @Sendable @escaping (GoogleTokenSource, Clock, GoogleStandIn) async throws -> Void
  ) async throws {
    let server = GoogleStandIn { _, number in
      var reply = await reply(number)
      if let flavor = HTTPFieldNames.metadataFlavor { reply.headers[flavor] = "Google" }
      return reply
    }
    try await server.whileRunning { address in
      let clock = Clock()
      let tokens = GoogleTokenSource(
        source: GoogleSource(place: .metadataServer(host: address), origin: "test"), httpClient: .shared,
        timeouts: ExchangeTests.patient, logger: ExchangeTests.silent, now: { clock.now }, pause: { try await pause(clock, $0) },
        jitter: { 1 })
      try await body(tokens, clock, server)
    }
  }

  @Test func aHundredCallersMakeOneExchange() async throws {
    try await withTokens({ .token("ya29.\($0)") }) { tokens, _, server in
      let values = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<100 { group.addTask { try await tokens.token().value } }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(values == ["ya29.1"] && server.askCount == 1)
    }
  }

  @Test func aHundredCallersShareAFailureToo() async throws {
    try await withTokens({ _ in Reply(status: 500, body: "") }) { tokens, clock, server in
      let failures = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<100 { group.addTask { (try? await tokens.token()) == nil } }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(failures == 100 && server.askCount == 1)
      // Asked again too soon, the same refusal; after the pause, another attempt.
      await #expect(throws: GoogleCredentialError.self) { try await tokens.token() }
      #expect(server.askCount == 1)
      clock.advance(.seconds(1))
      await #expect(throws: GoogleCredentialError.self) { try await tokens.token() }
      #expect(server.askCount == 2)
    }
  }

  @Test func aCallerThatGivesUpDoesNotEndTheExchangeOfTheOthers() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let (gate, opening) = AsyncStream.makeStream(of: Never.self)
    try await withTokens({ number in
      arrival.finish()
      for await _ in gate {}
      return .token("ya29.\(number)")
    }) { tokens, _, server in
      let first = Task { try await tokens.token().value }
      for await _ in arrived {}
      let second = Task { try await tokens.token().value }
      first.cancel()
      opening.finish()
      let value = try await second.value
      #expect(value == "ya29.1" && server.askCount == 1)
    }
  }

  @Test func aTokenIsRenewedFiveMinutesEarlyAndNobodyWaits() async throws {
    let pauses = Mutex<[Duration]>([])
    try await withTokens(
      { .token("ya29.\($0)") },
      pause: { clock, duration in
        clock.advance(duration)
        let count = pauses.withLock {
          $0.append(duration)
          return $0.count
        }
        if count == 56 { throw CancellationError() }
      }
    ) { tokens, clock, server in
      let start = clock.now
      let handedOver = Mutex<[(String, Duration)]>([])
      await tokens.run { token in handedOver.withLock { $0.append((token.value, clock.now - start)) } }
      // 55 pauses of a minute are the 3,300 s after which an hour's token is due.
      #expect(handedOver.withLock { $0.map(\.0) } == ["ya29.1", "ya29.2"])
      #expect(handedOver.withLock { $0.map(\.1) } == [.zero, .seconds(3_300)])
      #expect(server.askCount == 2)
    }
  }

  @Test func aTokenServesUntilItsEndWhileRenewalsFail() async throws {
    let pauses = Mutex<[Duration]>([])
    try await withTokens(
      { $0 == 1 ? .token("ya29.\($0)", expiresIn: 100) : Reply(status: 500, body: "") },
      pause: { clock, duration in
        clock.advance(duration)
        let count = pauses.withLock {
          $0.append(duration)
          return $0.count
        }
        if count == 6 { throw CancellationError() }
      }
    ) { tokens, clock, _ in
      let handedOver = Mutex<[String]>([])
      await tokens.run { token in handedOver.withLock { $0.append(token.value) } }
      #expect(handedOver.withLock { $0 } == ["ya29.1"])
      // 80 s are four fifths of its life, in two pauses; then failures, each with twice the patience of the one before.
      #expect(pauses.withLock { $0 } == [.seconds(60), .seconds(20), .seconds(1), .seconds(2), .seconds(4), .seconds(8)])
      let last = try await tokens.token()
      #expect(last.value == "ya29.1", "95 of its 100 seconds are over")
      clock.advance(.seconds(5))
      await #expect(throws: GoogleCredentialError.self) { try await tokens.token() }
    }
  }

  @Test func aDueTokenIsHandedOutWhileItsSuccessorIsFetched() async throws {
    let (gate, opening) = AsyncStream.makeStream(of: Never.self)
    try await withTokens({ number in
      if number == 2 { for await _ in gate {} }
      return .token("ya29.\(number)")
    }) { tokens, clock, server in
      _ = try await tokens.token()
      clock.advance(.seconds(3_299))
      #expect(try await tokens.token().value == "ya29.1")
      #expect(server.askCount == 1)
      clock.advance(.seconds(1))
      // The second exchange cannot end before the gate opens, and still nobody waits.
      for _ in 0..<50 { #expect(try await tokens.token().value == "ya29.1") }
      opening.finish()
      while try await tokens.token().value != "ya29.2" { await Task.yield() }
      #expect(server.askCount == 2)
    }
  }

  // MARK: The decisions alone

  private static let start = Timestamp(unixSeconds: 1_000_000)
  private static func token(_ life: Int64) -> AccessToken { AccessToken(value: "t", expiresAt: start + .seconds(life)) }

  @Test(arguments: [(3_600, 3_300), (1_500, 1_200), (600, 480), (60, 48), (5, 4)] as [(Int64, Int64)])
  func theLifeDecidesWhenATokenIsDue(life: Int64, due: Int64) {
    var renewal = TokenRenewal()
    #expect(renewal.demand(at: Self.start) == .renew)
    let token = Self.token(life)
    renewal.succeeded(token, askedAt: Self.start)
    #expect(renewal.demand(at: Self.start + .seconds(due) - .nanoseconds(1)) == .use(token))
    #expect(renewal.demand(at: Self.start + .seconds(due)) == .useAndRenew(token))
    #expect(renewal.nextAttempt(after: Self.start) == Self.start + .seconds(due))
    #expect(renewal.demand(at: Self.start + .seconds(life)) == .renew)
  }

  @Test func pausesGrowToAMinuteAndHalfOfEachIsChance() {
    let error = GoogleCredentialError(.unreachable, "no")
    for (jitter, expected) in [(0.0, [0.5, 1, 2, 4, 8, 16, 30, 30]), (1.0, [1, 2, 4, 8, 16, 32, 60, 60])] {
      var renewal = TokenRenewal()
      for pause in expected {
        renewal.failed(error, at: Self.start, jitter: jitter)
        #expect((renewal.nextAttempt(after: Self.start) - Self.start).inSeconds == pause)
        #expect(renewal.demand(at: Self.start) == .fail(error))
      }
      renewal.succeeded(Self.token(60), askedAt: Self.start)
      renewal.failed(error, at: Self.start, jitter: 1)
      #expect(renewal.nextAttempt(after: Self.start) == Self.start + .seconds(1), "a success makes patience short again")
    }
  }
}
