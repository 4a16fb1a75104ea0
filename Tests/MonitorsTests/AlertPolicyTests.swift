// Reminders, mute windows, groups that go silent and groups that are gone: what an alert says beside its changes of state.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct AlertPolicyTests {
  /// One evaluation each `every` seconds of the errors of one route, and all transitions.
  static func run(
    _ definition: MonitorDefinition, _ table: SeriesTable, _ seconds: ClosedRange<Int64>, every: Int64 = 60
  ) throws -> (transitions: [AlertTransition], book: AlertBook) {
    var (book, all) = (AlertBook(), [AlertTransition]())
    for second in stride(from: seconds.lowerBound, through: seconds.upperBound, by: Int(every)) {
      let at = Timestamp.second(second)
      let context = EvaluationContext(alerts: book, read: table.read)
      let evaluations = try definition.evaluate(
        at: at, known: book.groups[definition.name] ?? [], context: context)
      let transitions = try definition.transitions(at: at, evaluations: evaluations, context: context)
      for transition in transitions {
        let isLegal = book.apply(transition)
        #expect(isLegal, "\(transition)")
      }
      // The same time asked again adds nothing.
      let again = EvaluationContext(alerts: book, read: table.read)
      let repeated = try definition.evaluate(at: at, known: book.groups[definition.name] ?? [], context: again)
      #expect(try definition.transitions(at: at, evaluations: repeated, context: again).isEmpty)
      all += transitions
    }
    return (all, book)
  }

  static func failing(_ minutes: Range<Int64>, route: String = "a") -> SeriesTable {
    KindTests.table(minutes.map { ($0, route, 100, 50) })
  }

  static func monitor(_ change: (inout MonitorDefinition) -> Void = { _ in }) throws -> MonitorDefinition {
    try KindTests.monitor(.threshold, window: 60, Threshold(.above, critical: 0.1), change)
  }

  @Test func anAlertThatLastsIsSaidAgain() throws {
    let (transitions, book) = try Self.run(
      try Self.monitor { $0.renotify = .seconds(600) }, Self.failing(0..<30), 60...1_800)
    #expect(transitions.map(\.isReminder) == [false, true, true])
    #expect(transitions.map { ($0.at - .second(0)).inSeconds } == [60, 660, 1_260])
    #expect(transitions[1].reason.hasPrefix("since 2026-11-01T00:01:00Z: error rate was 50 %"))
    let status = try #require(book[AlertKey(monitor: "m")])
    #expect(status.since == .second(60) && status.onset == .second(60) && status.toldAt == .second(1_260))
  }

  @Test func withoutRenotifyItIsSaidOnce() throws {
    #expect(try Self.run(try Self.monitor(), Self.failing(0..<30), 60...1_800).transitions.count == 1)
  }

  @Test func aMutedAlertIsRecordedAndSaysWhenTheMuteEnds() throws {
    let (transitions, book) = try Self.run(
      try Self.monitor {
        $0.mutes = [MuteWindow(.second(0)..<(.second(600)), reason: "maintenance")]
        $0.renotify = .seconds(120)
      }, Self.failing(0..<20), 60...660)
    #expect(transitions.map(\.isMuted) == [true, false])
    #expect(transitions.map { ($0.at - .second(0)).inSeconds } == [60, 600])
    #expect(transitions[1].isReminder && transitions[1].reason.hasPrefix("no longer muted: "))
    #expect(book[AlertKey(monitor: "m")]?.isMuted == false)
  }

  @Test func aMuteCoversOnlyTheGroupsOfItsScope() throws {
    let definition = try Self.monitor {
      $0.groupBy = ["route"]
      $0.mutes = [MuteWindow(.second(0)..<(.second(600)), scope: ["route": "a"])]
    }
    let table = KindTests.table([(0, "a", 100, 50), (0, "b", 100, 50)])
    #expect(try definition.evaluate(at: .second(60), read: table.read).map(\.isMuted) == [true, false])
    #expect(
      try definition.evaluate(at: .second(600), known: [TagSet(["route": "a"])], read: table.read).map(\.isMuted) == [false])
  }

  @Test func aGroupThatFellSilentAlertsAndIsForgottenAfterADay() throws {
    let definition = try Self.monitor {
      $0.groupBy = ["route"]
      $0.noData = .alert
    }
    // Healthy until minute 5, so nothing was known of it but its data.
    let table = KindTests.table((0..<5).map { ($0, "a", 100, 0) })
    let (transitions, book) = try Self.run(definition, table, 60...(2 * 86_400), every: 600)
    #expect(transitions.map(\.to) == [.noData, .recovered, .ok])
    #expect(transitions[0].at == .second(660))
    #expect(transitions[1].at == .second(660 + 86_400))
    #expect(transitions[1].reason.hasSuffix("and none for 24 h"))
    #expect(book.statuses.isEmpty)
  }

  @Test func aReminderReadsBackFromTheLedgersJSON() throws {
    // Coded as any other transition; what is not muted does not say so.
    let key = AlertKey(monitor: "m")
    let plain = AlertTransition(key: key, from: .alert, to: .alert, at: .second(0), value: 1, threshold: 0, reason: "r")
    let muted = AlertTransition(
      key: key, from: .ok, to: .alert, at: .second(0), value: 1, threshold: 0, reason: "r", isMuted: true)
    #expect(plain != muted && plain.isReminder && !plain.isMuted && muted.isMuted)
  }

  @Test func theLastEvaluationsAreKeptWithWhatTheyTook() throws {
    var history = EvaluationHistory()
    let definition = try Self.monitor()
    for second in stride(from: Int64(60), through: 60 * 30, by: 60) {
      history.record(
        try definition.evaluate(at: .second(second), read: Self.failing(0..<30).read), durations: ["m": .milliseconds(second)])
    }
    let kept = history[AlertKey(monitor: "m")]
    #expect(kept.count == EvaluationHistory.limit && kept.last?.duration == .milliseconds(1_800))
    #expect(kept.last?.value == 0.5 && kept.last?.reason == "error rate was 50 % over 1 min, above 10 %")
  }
}
