// Many streams at once: bounded, each with its own baseline or its predecessor's, grouped when they shift together.

import Foundation
import LLMTelemetry
import Testing

@testable import SemanticRisk

@Suite struct ShiftStreamsTests {
  private static let start = Timestamp(unixSeconds: 1_763_900_000)

  /// Answers of a few streams, one after the other; `share` of them are risky.
  private struct Traffic {
    var streams = ShiftStreams(settings: Self.settings(), flaggedFrom: { _ in 0.5 })
    var groups = ShiftGroups()
    var generator = SeededGenerator(seed: 11)
    var now = ShiftStreamsTests.start

    static func settings(limit: Int = 1_000, baseline: Int = 2_000) -> ShiftStreams.Settings {
      var settings = ShiftStreams.Settings()
      (settings.limit, settings.baseline) = (limit, baseline)
      return settings
    }

    mutating func score(_ share: Double) -> Double {
      let isRisky = generator.uniform() < share
      let noise = (generator.uniform() + generator.uniform() + generator.uniform() - 1.5) * 2
      return Logistic.probability((isRisky ? 0.65 : -0.75) + noise)
    }

    mutating func answer(
      _ version: String, tenant: String, share: Double = 0.05, model: String = "m-1", every: Duration = .seconds(1)
    ) {
      now = now + every
      var span = LLMSpan(
        traceID: .random(at: ShiftStreamsTests.start), spanID: .random(), kind: .llm, name: "chat",
        start: now - .milliseconds(500),
        duration: .milliseconds(500))
      span.dimensions.model = model
      span.dimensions.prompt = "answer"
      span.dimensions.promptVersion = version
      span.dimensions.tenant = tenant
      span.dimensions.route = "chat"
      span.risk[.ungrounded] = score(share)
      streams.add(span, now: now)
    }

    mutating func turn() -> [ShiftGroup] {
      streams.review(at: now)
      groups.update(streams.statuses(at: now), now: now)
      return groups.open
    }

    func status(_ version: String, _ tenant: String) -> ShiftStatus? {
      streams.statuses(at: now).first { $0.subject.promptVersion == version && $0.subject.tenant == tenant }
    }
  }

  @Test func aHealthyWeekGivesNoAlarm() {
    var traffic = Traffic()
    traffic.streams = ShiftStreams(settings: ShiftStreams.Settings(), flaggedFrom: { _ in 0.5 })
    var alarms = 0
    // A response every 4 s, for a week.
    for index in 0..<151_200 {
      traffic.answer("42", tenant: index % 3 == 0 ? "acme" : "globex", every: .seconds(4))
      if index % 500 == 0 { alarms += traffic.turn().count }
    }
    #expect(traffic.status("42", "acme")?.state == .watching && alarms == 0)
  }

  @Test func aFlawedVersionIsHeldToTheOneBeforeItAndBlamedForAllItsTenants() throws {
    var traffic = Traffic()
    for _ in 0..<2_100 { for tenant in ["acme", "globex", "umbrella"] { traffic.answer("42", tenant: tenant) } }
    #expect(traffic.turn().isEmpty)
    var responses = 0
    while traffic.turn().isEmpty, responses < 3_000 {
      responses += 1
      for tenant in ["acme", "globex"] { traffic.answer("43", tenant: tenant, share: 0.25) }
      traffic.answer("42", tenant: "umbrella")
    }
    let status = try #require(traffic.status("43", "acme"))
    #expect(status.heldTo?.promptVersion == "42" && status.learned == status.baseline)
    #expect(responses < 900, "found after \(responses) responses of each tenant")
    for _ in 0..<400 { for tenant in ["acme", "globex"] { traffic.answer("43", tenant: tenant, share: 0.25) } }
    let group = try #require(traffic.turn().first)
    #expect(traffic.groups.open.count == 1 && group.hasContrast)
    #expect(group.dimensions["prompt_version"] == "43" && group.dimensions["tenant"] == nil, "\(group.dimensions)")
    #expect(Set(group.streams.map(\.subject.tenant)) == ["acme", "globex"])
    #expect(group.streams.allSatisfy { $0.presentShare > 1.2 * ($0.baselineShare ?? 1) && $0.responsesSinceOnset > 100 })
    // Rolled back: the version has no traffic any more, so nobody is harmed by it.
    for _ in 0..<700 { traffic.answer("42", tenant: "acme") }
    #expect(traffic.turn().isEmpty)
  }

  @Test func aShiftThatIsOverIsOverSoon() throws {
    var traffic = Traffic()
    for _ in 0..<2_100 { traffic.answer("42", tenant: "acme") }
    for _ in 0..<5_000 { traffic.answer("42", tenant: "acme", share: 0.3) }
    #expect(traffic.turn().count == 1)
    var responses = 0
    while !traffic.turn().isEmpty, responses < 5_000 {
      responses += 1
      traffic.answer("42", tenant: "acme")
    }
    #expect(responses < 1_000, "over after \(responses) healthy responses")
  }

  @Test func whatIsUsualForADayIsLearnedAnew() throws {
    var traffic = Traffic()
    for _ in 0..<2_000 { traffic.answer("42", tenant: "acme") }
    for _ in 0..<4_000 { traffic.answer("42", tenant: "acme", share: 0.5, every: .seconds(40)) }
    let status = try #require(traffic.status("42", "acme"))
    #expect(status.state == .learning)
  }

  @Test func streamsAreBoundedAndTheRestIsNamedAndCounted() {
    var traffic = Traffic()
    traffic.streams = ShiftStreams(settings: Traffic.settings(limit: 3), flaggedFrom: { _ in 0.5 })
    for tenant in ["a", "b", "c", "d", "d", "e"] { traffic.answer("1", tenant: tenant) }
    #expect(traffic.streams.count == 3 && traffic.streams.unwatchedScores == 3)
    #expect(traffic.streams.unwatched.map { "\($0.key.tenant ?? "") \($0.value)" }.sorted() == ["d 2", "e 1"])
    // After a day of silence its place is another's.
    for _ in 0..<3 { traffic.answer("1", tenant: "b", every: .seconds(40_000)) }
    traffic.answer("1", tenant: "d")
    #expect(traffic.streams.count == 3 && traffic.status("1", "d") != nil && traffic.status("1", "a") == nil)
  }

  @Test func lateSpansAndThoseOfStepsAreNotWeighed() {
    var traffic = Traffic()
    var span = LLMSpan(
      traceID: .random(at: ShiftStreamsTests.start), spanID: .random(), kind: .llm, name: "chat",
      start: traffic.now - .seconds(700),
      duration: .seconds(1))
    span.risk[.ungrounded] = 0.9
    traffic.streams.add(span, now: traffic.now)
    (span.start, span.kind) = (traffic.now, .tool)
    traffic.streams.add(span, now: traffic.now)
    (span.kind, span.accountsForExchange) = (.llm, false)
    traffic.streams.add(span, now: traffic.now)
    #expect(traffic.streams.count == 0)
  }

  @Test func whatWasLearnedIsSavedAndPutBack() throws {
    var traffic = Traffic()
    for _ in 0..<2_050 { traffic.answer("42", tenant: "acme") }
    for _ in 0..<700 { traffic.answer("42", tenant: "globex") }
    let text = try JSONEncoder().encode(traffic.streams.takeChanged())
    #expect(traffic.streams.takeChanged().isEmpty)
    var after = ShiftStreams(settings: Traffic.settings(), flaggedFrom: { _ in 0.5 })
    after.restore(try JSONDecoder().decode([ShiftStreams.Saved].self, from: text))
    #expect(after.statuses(at: traffic.now) == traffic.streams.statuses(at: traffic.now) && after.count == 2)
    let learning = after.statuses(at: traffic.now).first { $0.state == .learning }
    #expect(learning?.learned == 700 && learning?.learningTime != nil)
  }

  /// Scorers that say nothing for nearly every answer have a percentile of zero; clipped to it, nothing would ever be a rise.
  @Test(arguments: [0.0, 0.002, 0.02])
  func aScorerThatSeldomSpeaksIsWatchedToo(share: Double) {
    var generator = SeededGenerator(seed: 5)
    var shift = PopulationShift()
    for _ in 0..<5_000 { shift.add(generator.uniform() < share ? 0.9 : 0) }
    for _ in 0..<20_000 { #expect(shift.add(generator.uniform() < share ? 0.9 : 0) == .watching) }
    var responses = 0
    while responses < 1_000, shift.state == .watching {
      responses += 1
      shift.add(generator.uniform() < share + 0.08 ? 0.9 : 0)
    }
    #expect(responses < 400, "found after \(responses)")
  }
}
