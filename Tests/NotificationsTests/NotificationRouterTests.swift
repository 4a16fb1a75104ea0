// Who is told what and when: rules, hours in their zone, what is held and comes as a digest, and what ends must be told.

import Foundation
import Incidents
import LLMTelemetry
import Monitors
import Notifications
import Remediation
import Testing

@Suite struct NotificationRouterTests {
  static let mail = ReceiverProfile(name: "mail", usual: [.opened, .resolved, .severityRaised])
  static let pager = ReceiverProfile(
    name: "pager", supported: [.opened, .resolved], usual: [.opened, .resolved], isStateful: true, takesDigests: false)

  static func keys(
    _ rules: [NotificationRule], _ entries: [LedgerEntry], _ receiver: ReceiverProfile = mail, now: Timestamp = Scene.now
  ) -> [[String]] {
    NotificationRouter(rules: rules).pending(NotificationBook(folding: entries), receiver: receiver, now: now).map(\.keys)
  }

  @Test func withoutRulesEachReceiverIsToldTheUsual() {
    #expect(Self.keys([], Scene.mended) == [["INC-1/opened"], ["INC-1/closed"]])
    #expect(
      Self.keys([NotificationRule(name: "other", receivers: ["slack"])], Scene.mended) == [["INC-1/opened"], ["INC-1/closed"]])
  }

  @Test func aRuleThatTellsSaysAllThatIsTold() {
    let worst = NotificationRule(name: "worst", receivers: ["mail"], severities: [.sev1])
    #expect(Self.keys([worst], Scene.mended) == [])
    let approvals = NotificationRule(name: "approvals", events: [.approvalNeeded])
    #expect(Self.keys([approvals], Scene.mended) == [["REM-1/approval_needed"]])
    #expect(
      Self.keys([worst, approvals], Scene.mended) == [["REM-1/approval_needed"]], "the first that fits decides, and others follow"
    )
  }

  @Test func aRuleThatIgnoresIsAnExceptionToTheUsual() {
    let ignored = NotificationRule(name: "no closing", events: [.resolved], then: .ignore)
    #expect(Self.keys([ignored], Scene.mended) == [["INC-1/opened"]])
  }

  @Test(arguments: [
    ("acme-eu", "chat", 2), ("acme*", "chat", 2), ("glob*", "ch*", 2), ("initech", "chat", 0), ("acme-eu", "search", 0),
    ("acme", "chat", 0),
  ])
  func tenantsAndRoutesAreThoseOfTheIncident(tenant: String, route: String, told: Int) {
    let rule = NotificationRule(name: "some", events: [.opened, .resolved], tenants: [tenant], routes: [route])
    #expect(Self.keys([rule], Scene.mended).count == told)
  }

  /// The severity is that of the time, so whoever wants the worst only is told of the raise and not of the opening before.
  @Test func severityIsThatOfTheFact() {
    let entries = [
      Scene.opening(severity: .sev3),
      Scene.incident(
        Scene.at + .seconds(10), .alertJoined(.init(alert: AlertKey(monitor: "b"), severity: .sev1, reason: "worse"))),
    ]
    let rule = NotificationRule(name: "worst", severities: [.sev1])
    #expect(Self.keys([rule], entries) == [["INC-1/severity_raised/SEV-1"]])
  }

  @Test func whatAStatefulReceiverWasToldOfIsAlwaysEnded() {
    let openings = NotificationRule(name: "openings", events: [.opened])
    #expect(Self.keys([openings], Scene.mended, Self.pager) == [["INC-1/opened"]])
    let told = LedgerEntry.delivery(
      Delivery(key: "INC-1/opened", receiver: "pager", at: Scene.at, outcome: .delivered, attempts: 1))
    #expect(Self.keys([openings], Scene.mended + [told], Self.pager) == [["INC-1/closed"]])
    let failed = LedgerEntry.delivery(
      Delivery(key: "INC-1/opened", receiver: "pager", at: Scene.at, outcome: .failed, attempts: 1))
    #expect(Self.keys([openings], Scene.mended + [failed], Self.pager) == [])
  }

  // 2026-11-01T00:00:00Z is a Sunday; in Berlin it is 01:00.
  static let nights = NotificationRule(
    name: "nights",
    when: .within(BusinessHours(days: Set(BusinessHours.Day.allCases), from: 22 * 60, to: 7 * 60, zone: berlin)), then: .hold)
  static let berlin = TimeZone(identifier: "Europe/Berlin") ?? .gmt
  static let morning = Timestamp(unixSeconds: 1_793_512_800)

  @Test func whatIsHeldComesAsOneDigestWhenTheHoursEnd() {
    let entries = Scene.mended + [Scene.opening(2, at: Scene.at + .seconds(900))]
    #expect(Self.morning.rfc3339 == "2026-11-01T06:00:00Z")
    #expect(Self.keys([Self.nights], entries, now: Self.morning - .seconds(1)) == [])
    #expect(Self.keys([Self.nights], entries, now: Self.morning) == [["INC-1/opened", "INC-1/closed", "INC-2/opened"]])
    // Held counts from its release, however long it was held.
    #expect(Self.keys([Self.nights], entries, now: Self.morning + .seconds(86_000)).first?.count == 3)
    #expect(Self.keys([Self.nights], entries, now: Self.morning + .seconds(86_401)) == [])
    // What was told of it is not told again.
    let told = Delivery(key: "INC-1/opened", receiver: "mail", at: Self.morning, outcome: .delivered, attempts: 1)
    #expect(Self.keys([Self.nights], entries + [.delivery(told)], now: Self.morning) == [["INC-1/closed", "INC-2/opened"]])
  }

  @Test func aReceiverWithoutDigestsIsToldOfEachThatWasHeld() {
    #expect(Self.keys([Self.nights], Scene.mended, Self.pager, now: Self.morning) == [["INC-1/opened"], ["INC-1/closed"]])
  }

  @Test func aWeekendLongerThanADayIsNotLost() {
    let weekend = NotificationRule(
      name: "weekend", when: .within(BusinessHours(days: [.sat, .sun], from: 0, to: 1_440, zone: Self.berlin)), then: .hold)
    // Saturday noon; released on Monday 00:00 in Berlin.
    let saturday = Timestamp(unixSeconds: 1_793_491_200 - 12 * 3600)
    let monday = Timestamp(unixSeconds: 1_793_491_200 + 23 * 3600)
    let entries = [Scene.opening(at: saturday)]
    #expect(Self.keys([weekend], entries, now: monday - .seconds(1)) == [])
    #expect(Self.keys([weekend], entries, now: monday) == [["INC-1/opened"]])
  }
}

@Suite struct BusinessHoursTests {
  static func zone(_ name: String) throws -> TimeZone { try #require(TimeZone(identifier: name)) }
  static func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

  @Test(arguments: [
    ("2026-11-24T08:00:00Z", true), ("2026-11-24T07:59:59Z", false), ("2026-11-24T16:29:59Z", true),
    ("2026-11-24T16:30:00Z", false),
    ("2026-11-28T10:00:00Z", false),
    // In summer Berlin is two hours ahead.
    ("2026-07-21T07:00:00Z", true), ("2026-07-21T06:59:59Z", false),
  ])
  func areThoseOfTheZone(text: String, holds: Bool) throws {
    let hours = BusinessHours(days: [.mon, .tue, .wed, .thu, .fri], from: 540, to: 1_050, zone: try Self.zone("Europe/Berlin"))
    #expect(hours.contains(try Self.time(text)) == holds)
  }

  @Test func aNightBelongsToTheDayItBegins() throws {
    let hours = BusinessHours(days: [.fri], from: 22 * 60, to: 6 * 60, zone: try Self.zone("UTC"))
    #expect(hours.end(of: try Self.time("2026-11-27T23:00:00Z")) == (try Self.time("2026-11-28T06:00:00Z")))
    #expect(hours.end(of: try Self.time("2026-11-28T05:59:59Z")) == (try Self.time("2026-11-28T06:00:00Z")))
    #expect(hours.end(of: try Self.time("2026-11-27T05:00:00Z")) == nil)
    #expect(hours.end(of: try Self.time("2026-11-28T23:00:00Z")) == nil)
  }

  /// The night of the clock change has an hour less or more; its end stays at six on the wall.
  @Test(arguments: [
    ("2026-03-28T23:00:00Z", "2026-03-29T04:00:00Z"), ("2026-10-24T23:00:00Z", "2026-10-25T05:00:00Z"),
  ])
  func clockChangesKeepTheWallTime(text: String, end: String) throws {
    let hours = BusinessHours(
      days: Set(BusinessHours.Day.allCases), from: 22 * 60, to: 6 * 60, zone: try Self.zone("Europe/Berlin"))
    #expect(hours.end(of: try Self.time(text)) == (try Self.time(end)))
  }
}
