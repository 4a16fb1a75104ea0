// Random stories, random failures, and a process that dies between telling and writing down: at least once, and never again once it
// is written down.

import Foundation
import Incidents
import LLMTelemetry
import Logging
import Monitors
import Notifications
import Remediation
import Synchronization
import Testing

/// SplitMix64: one seed reproduces a whole run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite struct DeliveryPropertyTests {
  enum Occurrence: Sendable { case recorded, crashed }

  /// What outlives a process: the ledger, and what receivers have seen.
  final class World: Sendable {
    struct State {
      var ledger: [LedgerEntry] = []
      var random: SeededGenerator
      /// How often a receiver took a key, and how often after the ledger had it.
      var taken: [String: Int] = [:]
      var takenAfterRecord: [String] = []
      var process = 0
    }

    let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(random: SeededGenerator(state: seed))) }

    func chance(_ percent: Int) -> Bool { state.withLock { Int.random(in: 0..<100, using: &$0.random) < percent } }
    var ledger: [LedgerEntry] { state.withLock { $0.ledger } }

    static func isRecorded(_ key: String, _ receiver: String, in ledger: [LedgerEntry]) -> Bool {
      ledger.contains {
        if case .delivery(let delivery) = $0 { delivery.key == key && delivery.receiver == receiver } else { false }
      }
    }
  }

  /// A receiver of one process: it takes, or it fails; after the process died it does nothing.
  struct Inbox: Receiver {
    let world: World
    let process: Int
    let profile: ReceiverProfile
    let kind = "inbox"

    func attempt(_ message: NotificationMessage, references: DeliveryReferences, now: Timestamp) async -> Attempt {
      if world.chance(20) { return .failed("busy", retryAfter: nil) }
      let isAlive = world.state.withLock { state in
        guard state.process == process else { return false }
        for key in message.keys {
          state.taken["\(name) \(key)", default: 0] += 1
          if World.isRecorded(key, name, in: state.ledger) { state.takenAfterRecord.append("\(name) \(key)") }
        }
        return true
      }
      // The answer may be lost although the message was taken.
      guard isAlive, !world.chance(10) else { return .failed("no answer", retryAfter: nil) }
      return .delivered(reference: nil)
    }
  }

  static let rules = [
    NotificationRule(
      name: "night", receivers: ["mail"],
      when: .within(BusinessHours(days: Set(BusinessHours.Day.allCases), from: 0, to: 10, zone: .gmt)),
      then: .hold)
  ]

  static func receivers(_ world: World, process: Int) -> [any Receiver] {
    ["slack", "pager", "mail"].map { name in
      Inbox(
        world: world, process: process,
        profile: ReceiverProfile(
          name: name, usual: Set(NotificationEvent.allCases), isStateful: name == "pager", takesDigests: name == "mail"))
    }
  }

  /// Entries that may or may not be legal; the fold refuses the others, as it does everywhere.
  static func story(_ world: World, step: Int) -> [LedgerEntry] {
    let at = Scene.at + .seconds(Int64(step * 7))
    let open = CommandState(folding: world.ledger).incidents
    let choice = world.state.withLock { Int.random(in: 0..<7, using: &$0.random) }
    let target = open.incidents.last?.id ?? "INC-1"
    switch choice {
    case 0, 1: return [Scene.opening(open.nextNumber, severity: .sev3, at: at)]
    case 2: return [Scene.incident(at, .acknowledged, actor: "dana", id: target)]
    case 3: return [Scene.incident(at, .mitigated(.init("better")), id: target)]
    case 4: return [Scene.incident(at, .relapsed(.init(alert: AlertKey(monitor: "a"), reason: "worse")), id: target)]
    case 5:
      return [
        Scene.incident(
          at, .alertJoined(.init(alert: AlertKey(monitor: "m\(step)"), severity: .sev1, reason: "worse")), id: target)
      ]
    default: return [Scene.incident(at, .resolved(.init("over")), id: target)]
    }
  }

  /// One process from its start to its death or until nothing is pending.
  static func live(_ world: World, mayCrash: Bool) async {
    let process = world.state.withLock { state in
      state.process += 1
      return state.process
    }
    var book = NotificationBook(folding: world.ledger)
    let (stream, continuation) = AsyncStream.makeStream(of: Occurrence.self)
    let receivers = Self.receivers(world, process: process)
    var quiet = Logger(label: "test")
    quiet.logLevel = .critical
    let router = NotificationRouter(rules: rules)
    let notifier = Notifier(
      receivers: receivers, router: router,
      courier: Courier(policy: RetryPolicy(attempts: 20), now: { Scene.now }, sleep: { _ in try Task.checkCancellation() }),
      logger: quiet
    ) { deliveries in
      let isCrash = mayCrash && world.chance(15)
      let occurrence: Occurrence? = world.state.withLock { state in
        guard state.process == process else { return nil }
        if isCrash {
          state.process += 1
          return .crashed
        }
        state.ledger += deliveries.map(LedgerEntry.delivery)
        return .recorded
      }
      guard let occurrence else { return false }
      continuation.yield(occurrence)
      return occurrence == .recorded
    }
    var expected = receivers.reduce(0) { $0 + router.pending(book, receiver: $1.profile, now: Scene.now).count }
    let running = Task { await notifier.run() }
    notifier.offer(book, now: Scene.now)
    var occurrences = stream.makeAsyncIterator()
    while expected > 0, let occurrence = await occurrences.next() {
      if occurrence == .crashed { break }
      // Every turn offers again, before and after what was told is in its book.
      if world.chance(50) { book = NotificationBook(folding: world.ledger) }
      notifier.offer(book, now: Scene.now)
      expected -= 1
    }
    running.cancel()
    await running.value
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func everythingIsToldAndNothingAgainOnceItIsWrittenDown(seed: UInt64) async {
    let world = World(seed: seed)
    for step in 0..<12 {
      for _ in 0..<3 {
        let entries = Self.story(world, step: step)
        world.state.withLock { $0.ledger += entries }
      }
      await Self.live(world, mayCrash: true)
    }
    await Self.live(world, mayCrash: false)
    let ledger = world.ledger
    let book = NotificationBook(folding: ledger)
    let router = NotificationRouter(rules: Self.rules)
    for receiver in Self.receivers(world, process: 0) {
      #expect(router.pending(book, receiver: receiver.profile, now: Scene.now).isEmpty)
      for fact in book.facts {
        let delivery = book.state.delivery(fact.key, receiver: receiver.name)
        #expect(delivery != nil, "\(fact.key) to \(receiver.name)")
        let taken = world.state.withLock { $0.taken["\(receiver.name) \(fact.key)"] ?? 0 }
        if delivery?.outcome == .delivered { #expect(taken >= 1) }
      }
    }
    #expect(world.state.withLock { $0.takenAfterRecord }.isEmpty)
    let recorded = ledger.compactMap {
      if case .delivery(let delivery) = $0 { "\(delivery.receiver) \(delivery.key)" } else { nil }
    }
    #expect(Set(recorded).count == recorded.count, "one verdict for each key")
    #expect(book.facts.count > 5)
  }

  /// A ledger that cannot be written must not make the same process tell again and again; what was told is written with the next.
  @Test func aLedgerThatFailsDoesNotRepeatTheMessage() async {
    let box = Box()
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    var quiet = Logger(label: "test")
    quiet.logLevel = .critical
    let notifier = Notifier(receivers: [box], logger: quiet) { deliveries in
      let isFirst = box.records.withLock { records in
        records.append(deliveries.map(\.key))
        return records.count == 1
      }
      continuation.yield(deliveries.count)
      return !isFirst
    }
    let running = Task { await notifier.run() }
    var seen = stream.makeAsyncIterator()
    let opened = NotificationBook(folding: [Scene.opening()])
    notifier.offer(opened, now: Scene.now)
    #expect(await seen.next() == 1)
    for _ in 0..<10 { notifier.offer(opened, now: Scene.now) }
    notifier.offer(NotificationBook(folding: [Scene.opening(), Scene.opening(2, at: Scene.at + .seconds(5))]), now: Scene.now)
    #expect(await seen.next() == 2)
    running.cancel()
    await running.value
    #expect(box.taken.withLock { $0 } == ["INC-1/opened", "INC-2/opened"])
    #expect(box.records.withLock { $0 } == [["INC-1/opened"], ["INC-1/opened", "INC-2/opened"]])
  }

  final class Box: Receiver {
    let profile = ReceiverProfile(name: "box", usual: [.opened])
    let kind = "box"
    let taken = Mutex<[String]>([])
    let records = Mutex<[[String]]>([])

    func attempt(_ message: NotificationMessage, references: DeliveryReferences, now: Timestamp) async -> Attempt {
      taken.withLock { $0 += message.keys }
      return .delivered(reference: nil)
    }
  }
}
