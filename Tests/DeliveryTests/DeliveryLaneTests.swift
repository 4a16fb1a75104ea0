// A lane between a program that never waits and a receiver that may be away, slow, full or wrong.

import Delivery
import Synchronization
import Testing

/// Answers by script, and remembers what it was sent; the last answer repeats.
private final class Receiver: Sendable {
  enum Answer: Sendable { case status(Int, headers: [(name: String, value: String)] = []), nothing }
  struct NoAnswer: Error {}
  private struct State {
    var answers: [Answer]
    var bodies: [[UInt8]] = []
  }
  private let state: Mutex<State>

  init(_ answers: [Answer]) { state = Mutex(State(answers: answers)) }

  var bodies: [String] { state.withLock { $0.bodies.map { String(decoding: $0, as: UTF8.self) } } }

  func send(_ request: DeliveryRequest) throws -> DeliveryResponse {
    let answer = state.withLock { state in
      state.bodies.append(request.body)
      return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
    }
    switch answer {
    case .status(let status, let headers): return DeliveryResponse(status: status, headers: headers)
    case .nothing: throw NoAnswer()
    }
  }
}

/// A clock that remembers how long it was asked to wait, and after `limit` waits behaves as if the program ended.
private final class Clock: Sendable {
  private let waits = Mutex<[Duration]>([])
  private let limit: Int
  init(limit: Int) { self.limit = limit }
  var durations: [Duration] { waits.withLock { $0 } }
  func sleep(_ duration: Duration) throws {
    let count = waits.withLock { waits in
      waits.append(duration)
      return waits.count
    }
    if count > limit { throw CancellationError() }
  }
}

@Suite struct DeliveryLaneTests {
  private static func limits(_ change: (inout DeliveryLimits) -> Void = { _ in }) -> DeliveryLimits {
    var limits = DeliveryLimits()
    limits.patience = .seconds(60)
    change(&limits)
    return limits
  }

  private static func lane(_ receiver: Receiver, _ clock: Clock, _ limits: DeliveryLimits) -> DeliveryLane {
    DeliveryLane(
      name: "test", limits: limits,
      assemble: { DeliveryRequest(url: "http://receiver", headers: [], body: Array($0.map(\.bytes).joined(separator: [44]))) },
      send: { try receiver.send($0) },
      sleep: { duration in
        // The watch over the last words sleeps for real, so that it never cuts a test short.
        if duration == limits.patience { try await Task.sleep(for: duration) } else { try clock.sleep(duration) }
      },
      jitter: { 1 })
  }

  private static func item(_ text: String) -> DeliveryItem { DeliveryItem(Array(text.utf8)) }

  @Test func batchesKeepTheirOrderAndTheirLimits() async {
    let receiver = Receiver([.status(202)])
    let lane = Self.lane(receiver, Clock(limit: 1), Self.limits { ($0.batchItems, $0.batchBytes) = (3, 7) })
    lane.offer(["a", "b", "c", "dddd", "eeee", "ffffffffff"].map(Self.item))
    await lane.run()
    #expect(receiver.bodies == ["a,b,c", "dddd", "eeee", "ffffffffff"])
    #expect(lane.status.delivered == 6)
    #expect(lane.takeDrops().isEmpty)
  }

  @Test func whatDoesNotFitIsTheNewestAndIsCounted() async {
    let receiver = Receiver([.status(200)])
    let lane = Self.lane(receiver, Clock(limit: 1), Self.limits { ($0.itemCapacity, $0.byteCapacity) = (3, 8) })
    lane.offer(["a", "bbbbbbb", "c", "d"].map(Self.item))
    #expect(lane.status.waiting == 2)
    #expect(lane.takeDrops() == [.queueFull: 2])
    #expect(lane.takeDrops().isEmpty)
    await lane.run()
    #expect(receiver.bodies == ["a,bbbbbbb"])
  }

  @Test func itemsOfTwoKindsNeverShareARequest() async {
    let receiver = Receiver([.status(202)])
    let lane = Self.lane(receiver, Clock(limit: 1), Self.limits())
    for (text, kind) in [("a", 0), ("b", 0), ("c", 1), ("d", 0), ("e", 0)] as [(String, UInt8)] {
      lane.offer([DeliveryItem(Array(text.utf8), kind: kind)])
    }
    await lane.run()
    #expect(receiver.bodies == ["a,b", "c", "d,e"] && lane.status.delivered == 5)
  }

  @Test func whatIsLeftOfAllKindsIsCountedAtTheEnd() async {
    let receiver = Receiver([.nothing])
    let lane = Self.lane(receiver, Clock(limit: 0), Self.limits())
    for kind in UInt8(0)..<4 { lane.offer([DeliveryItem([65], kind: kind)]) }
    await lane.run()
    #expect(lane.takeDrops() == [.shutDown: 4] && lane.status.waiting == 0)
  }

  @Test func aReceiverThatIsAwayIsTriedAgainWithGrowingPauses() async {
    let receiver = Receiver([.nothing, .status(500), .status(429, headers: [("Retry-After", "7")]), .status(202)])
    let clock = Clock(limit: 4)
    let lane = Self.lane(receiver, clock, Self.limits())
    lane.offer([Self.item("a")])
    await lane.run()
    #expect(receiver.bodies == ["a", "a", "a", "a"])
    #expect(clock.durations.prefix(4) == [.seconds(1), .milliseconds(500), .seconds(1), .seconds(7)])
    #expect(lane.status.delivered == 1)
    #expect(lane.status.lastProblem == nil)
  }

  @Test func attemptsAreUsedUpAndTheRestIsCounted() async {
    let receiver = Receiver([.nothing])
    let lane = Self.lane(receiver, Clock(limit: 10), Self.limits { $0.attempts = 3 })
    lane.offer([DeliveryItem([65], count: 5)])
    // The end comes after the attempts: ten pauses are enough for three.
    await lane.run()
    #expect(receiver.bodies.count == 3)
    #expect(lane.takeDrops() == [.unreachable: 5])
    #expect(lane.status.lastProblem == "no answer: NoAnswer")
  }

  @Test(arguments: [400, 401, 403, 404]) func whatIsRefusedIsNotTriedAgain(status: Int) async {
    let receiver = Receiver([.status(status)])
    let lane = Self.lane(receiver, Clock(limit: 3), Self.limits())
    lane.offer([Self.item("a")])
    await lane.run()
    #expect(receiver.bodies.count == 1)
    #expect(lane.takeDrops() == [.refused: 1])
  }

  @Test func tooMuchAtOnceGoesInHalves() async {
    // The whole, then its halves, then the half that was too large still.
    let receiver = Receiver([.status(413), .status(202), .status(413), .status(413), .status(202)])
    let lane = Self.lane(receiver, Clock(limit: 1), Self.limits())
    lane.offer(["a", "b", "c", "d"].map(Self.item))
    await lane.run()
    #expect(receiver.bodies == ["a,b,c,d", "a,b", "c,d", "c", "d"])
    #expect(lane.takeDrops() == [.tooLarge: 1])
    #expect(lane.status.delivered == 3)
  }

  @Test func theEndSendsWhatWaitsOnce() async {
    let receiver = Receiver([.nothing, .status(202)])
    let lane = Self.lane(receiver, Clock(limit: 1), Self.limits())
    lane.offer([Self.item("a")])
    // The first pause passes, the one before the second attempt is the end of the program.
    await lane.run()
    #expect(receiver.bodies == ["a", "a"])
    #expect(lane.status.delivered == 1)
    lane.offer([Self.item("late")])
    #expect(lane.takeDrops() == [.shutDown: 1])
  }

  @Test func theEndWaitsForNobodyLongerThanItsPatience() async {
    let lane = DeliveryLane(
      name: "test", limits: Self.limits { $0.patience = .milliseconds(1) },
      assemble: { _ in DeliveryRequest(url: "", headers: [], body: []) },
      // Only the end of patience ends this.
      send: { _ in
        try await Task.sleep(for: .seconds(3600))
        return DeliveryResponse(status: 202)
      })
    lane.offer([Self.item("a")])
    lane.shutDown()
    await lane.run()
    #expect(lane.takeDrops() == [.shutDown: 1])
  }

  @Test func anAnswerThatNeverEndsIsGivenUp() async {
    let send = DeliveryDeadline.bounded(
      sleep: { _ in },
      // Only the deadline ends this.
      { _ in
        try await Task.sleep(for: .seconds(3600))
        return DeliveryResponse(status: 202)
      })
    await #expect(throws: DeliveryFailure.self) { try await send(DeliveryRequest(url: "", headers: [], body: [])) }
  }
}
