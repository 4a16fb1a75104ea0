// Combinations of monitors: the states before the turn, joined by the tags that groups share.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct CompositeTests {
  static func book(_ firing: [(monitor: String, group: [String: String], state: AlertState)]) -> AlertBook {
    var book = AlertBook()
    for alert in firing {
      book.apply(
        AlertTransition(
          key: AlertKey(monitor: alert.monitor, group: TagSet(alert.group)), from: .ok, to: alert.state, at: .second(0), value: 1,
          threshold: 0, reason: "test"))
    }
    return book
  }

  static func evaluate(
    _ expression: CompositeExpression, _ alerts: AlertBook, by: [String] = [], known: Set<TagSet> = []
  ) throws -> [Evaluation] {
    let definition = try KindTests.monitor(.composite(expression), Threshold(.above, critical: 0.5), by: by)
    return try definition.evaluate(
      at: .second(60), known: known, context: EvaluationContext(alerts: alerts, read: SeriesTable().read))
  }

  static let both = CompositeExpression.and(.monitor("a"), .monitor("b"))

  @Test(arguments: [
    (["a"], both, 0.0), (["a", "b"], both, 1), ([], both, 0),
    (["a"], .or(.monitor("a"), .monitor("b")), 1), (["a"], .and(.monitor("a"), .not(.monitor("b"))), 1),
    (["a", "b"], .and(.monitor("a"), .not(.monitor("b"))), 0), ([], .not(.monitor("a")), 1),
  ])
  func withoutGroupsItIsLogic(firing: [String], expression: CompositeExpression, expected: Double) throws {
    let evaluations = try Self.evaluate(expression, Self.book(firing.map { ($0, [:], .alert) }))
    #expect(evaluations.map(\.value) == [expected])
  }

  @Test func silenceThatAlertsCountsAndWaitingDoesNot() throws {
    #expect(try Self.evaluate(Self.both, Self.book([("a", [:], .noData), ("b", [:], .alert)])).map(\.value) == [1])
    #expect(try Self.evaluate(Self.both, Self.book([("a", [:], .pending), ("b", [:], .alert)])).map(\.value) == [0])
  }

  @Test func groupsBelongTogetherWhenTheirCommonTagsAreEqual() throws {
    let apart = Self.book([("a", ["route": "x"], .alert), ("b", ["route": "y"], .alert)])
    #expect(try Self.evaluate(Self.both, apart).map(\.value) == [0])
    let together = Self.book([("a", ["route": "x"], .alert), ("b", ["route": "x", "model": "m"], .alert)])
    #expect(try Self.evaluate(Self.both, together).map(\.value) == [1])
    // A part without groups is part of each.
    let global = Self.book([("a", ["route": "x"], .alert), ("b", [:], .alert)])
    #expect(try Self.evaluate(Self.both, global).map(\.value) == [1])
  }

  @Test func groupedItAlertsForEachGroup() throws {
    let alerts = Self.book([
      ("a", ["route": "x"], .alert), ("a", ["route": "y"], .alert), ("b", ["route": "y"], .alert),
    ])
    let evaluations = try Self.evaluate(Self.both, alerts, by: ["route"], known: [TagSet(["route": "z"])])
    #expect(evaluations.map(\.key.group) == ["x", "y", "z"].map { TagSet(["route": $0]) })
    #expect(evaluations.map(\.value) == [0, 1, 0])
    #expect(evaluations[1].reason == "the combination holds: a alerts, b alerts")
  }
}
