// What is written as text: combinations of monitors, lengths of time, YAML scalars, and the nearest name to a wrong one.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct TextTests {
  // MARK: Composites

  @Test(arguments: [
    ("a", "a"), ("a && b || c", "a && b || c"), ("a&&(b||c)", "a && (b || c)"), ("!a", "!a"), ("!(a && b)", "!(a && b)"),
    ("a && b && c", "a && b && c"), ("a && (b && c)", "a && (b && c)"), ("'two words' || it-s.1_x", "'two words' || it-s.1_x"),
    ("'it''s'", "'it''s'"), ("!!a", "!!a"), ("  a  ||\n b ", "a || b"),
  ])
  func aCompositeIsWrittenAsItIsRead(text: String, canonical: String) throws {
    let expression = try CompositeExpression(parsing: text)
    #expect(expression.description == canonical)
    #expect(try CompositeExpression(parsing: expression.description) == expression)
  }

  @Test func andBindsCloserThanOr() throws {
    #expect(
      try CompositeExpression(parsing: "a || b && !c") == .or(.monitor("a"), .and(.monitor("b"), .not(.monitor("c")))))
    #expect(try CompositeExpression(parsing: "a && b && c") == .and(.and(.monitor("a"), .monitor("b")), .monitor("c")))
    #expect(try CompositeExpression(parsing: "b && a || b").monitors == ["b", "a"])
  }

  @Test(arguments: [
    ("", 1), ("a &&", 5), ("a b", 3), ("(a", 3), ("a & b", 3), ("'a", 1), ("''", 1), ("!", 2), ("a)", 2),
  ])
  func aBrokenCompositeSaysWhere(text: String, column: Int) {
    #expect { try CompositeExpression(parsing: text) } throws: { ($0 as? QueryError)?.column == column }
  }

  /// Nothing is too deep to be refused in words.
  @Test func depthIsLimited() {
    #expect(throws: QueryError.self) {
      try CompositeExpression(parsing: String(repeating: "(", count: 2_000) + "a" + String(repeating: ")", count: 2_000))
    }
  }

  // MARK: Durations

  @Test(arguments: [
    ("0s", Duration.zero), ("250ms", .milliseconds(250)), ("90s", .seconds(90)), ("5m", .seconds(300)), ("2h", .seconds(7_200)),
    ("7d", .seconds(604_800)),
  ])
  func durationsAreWrittenShort(text: String, duration: Duration) {
    #expect(DurationText.text(duration) == text)
    #expect(DurationText.parse(text) == duration)
  }

  @Test(arguments: ["", "5", "m", "-5m", "5 m", "1w", "1.5h", "99999999999999999999s", "3651d"])
  func whatIsNoDurationIsNone(text: String) { #expect(DurationText.parse(text) == nil) }

  // MARK: Names

  @Test(arguments: [
    ("llm.requst.duration", "llm.request.duration"), ("llm.request.errors", "llm.errors"),
    ("request.duration", "llm.request.duration"),
    ("llm.requests_failed", "llm.requests"), ("duration.request.llm", "llm.request.duration"), ("LLM.Errors", "llm.errors"),
    ("llm.erorrs", "llm.errors"), ("llm.answer.ungrounded", "llm.answers.ungrounded"),
  ])
  func theNearestMetricIsFound(wrong: String, right: String) {
    #expect(NearestName.nearest(to: wrong, in: MetricCatalogue.all.map(\.name)) == right)
  }

  @Test(arguments: ["", "zebra", "system.cpu.user", "x"])
  func whatIsNearNothingIsNotGuessed(name: String) {
    #expect(NearestName.nearest(to: name, in: MetricCatalogue.all.map(\.name)) == nil)
    #expect(NearestName.hint(for: name, in: ["requests-failing"]) == "")
  }

  // MARK: Timeframes

  @Test(arguments: [
    (SLODefinition.Timeframe.calendarMonth, "2026-11-01T00:00:00Z"), (.calendarQuarter, "2026-10-01T00:00:00Z"),
    (.calendarWeek, "2026-11-23T00:00:00Z"), (.sevenDays, "2026-11-17T12:30:00Z"),
  ])
  func aTimeframeBegins(timeframe: SLODefinition.Timeframe, start: String) throws {
    // A Tuesday.
    let now = try #require(Timestamp(rfc3339: "2026-11-24T12:30:00Z"))
    #expect(timeframe.range(at: now).lowerBound.rfc3339 == start && timeframe.range(at: now).upperBound == now)
  }
}
