// The judge in the store: its calls are told from traffic, its verdicts come back, and its words go with the texts they are about.

import Foundation
import LLMMetrics
import LLMTelemetry
import Pricing
import Testing

@testable import Storage

@Suite struct JudgeTests {
  private let origin = Timestamp(unixSeconds: 1_764_000_000)

  private func span(_ second: Int, ofJudge: Bool) -> LLMSpan {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: origin + .seconds(second), duration: .seconds(1))
    span.dimensions.model = "gpt-4o-mini"
    span.usage = TokenUsage(input: 1000, output: 10)
    span.virtualKey = ofJudge ? "judge" : "app"
    span.cost = PriceBook.builtIn.cost(of: span)
    span.isOfJudge = ofJudge
    return span
  }

  @Test func itsCallsAreKeptAndBilledAndAreNoTraffic() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let spans = (0..<20).map { span($0, ofJudge: $0 % 4 == 0) }
      try store.append(spans: spans)
      #expect(try store.spans(limit: 100).spans.reversed() == spans)
      var filter = SpanFilter()
      filter.onlyTraffic = true
      #expect(try store.spans(filter, limit: 100).spans.count == 15)
      var replayed: [LLMSpan] = []
      try store.replay(origin..<origin + .seconds(100)) { replayed.append($0) }
      #expect(replayed == spans.filter { !$0.isOfJudge })
      let report = try store.costs(by: [.virtualKey])
      #expect(report.groups.map { "\($0.values[0] ?? "-") \($0.totals.requests)" } == ["app 15", "judge 5"])
      #expect(report.total.requests == 20 && report.judge?.requests == 5 && report.judge?.exact == Nanodollars(5 * 156_000))
      #expect(report.table.rows.map(\.[0]) == ["app", "judge", "total", "of which judge"])
      #expect(try store.costs(by: []).table.rows.map { [$0[0], $0[1]] } == [["total", "20"], ["of which judge", "5"]])
    }
  }

  @Test func aReportWithoutAJudgeIsAsItWas() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      try store.append(spans: [span(0, ofJudge: false)])
      let report = try store.costs(by: [])
      #expect(report.judge == nil && report.table.header.first == "REQUESTS" && report.table.rows.count == 1)
    }
  }

  @Test func repricingMovesItsOwnCostLineAndNoOther() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let judges = span(0, ofJudge: true)
      try store.append(spans: [judges])
      var fold = RollupFold()
      fold.add([try #require(MetricMeasurement.judgeCost(of: judges))], at: judges.end)
      try store.append(rollups: fold.flush())
      let dearer = PriceBook(
        version: "2", source: "t",
        entries: [PriceEntry("gpt-4o-mini", ModelPrice(TokenRates(input: 1_000_000, output: 1_000_000)))])
      let range = origin - .seconds(60)..<origin + .seconds(60)
      let outcome = try store.reprice(in: range, by: dearer)
      #expect(outcome.changed == 1 && outcome.withoutPoint == 0)
      func sum(_ metric: MetricDefinition) throws -> Int64 {
        try store.read(SeriesQuery(metric: metric.name, range: range)).reduce(0) { sum, group in
          if case .count(let count) = group.total { sum + count } else { sum }
        }
      }
      #expect(try sum(MetricCatalogue.judgeCost) == outcome.after.exact.count && outcome.after.exact != judges.cost.amount)
      #expect(try sum(MetricCatalogue.cost) == 0)
    }
  }

  private func row(_ second: Int, judge: String = "j", scorer: RiskScorer = .ungrounded, reason: String = "why") -> JudgeRow {
    JudgeRow(
      at: origin + .seconds(second), trace: .random(), span: .random(), scorer: scorer, judge: judge, score: 0.25,
      judgeScore: 0.75, reason: reason)
  }

  @Test func verdictsOfOneJudgeComeBackInTheirOrder() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let rows = (0..<5).map { row($0) }
      for row in rows { try store.append(verdict: row) }
      try store.append(verdict: row(9, judge: "another"))
      try store.append(verdict: row(9, scorer: .refusal))
      #expect(try store.verdicts(of: "j", on: .ungrounded, limit: 3) == Array(rows.suffix(3)))
      #expect(try store.verdicts(of: "another", on: .ungrounded, limit: 3).count == 1)
    }
  }

  @Test func itsWordsAreForgottenWithCapturedTextsAndItsScoresWithSpans() throws {
    try withFolder { folder in
      let path = folder + "/telemetry.sqlite"
      let store = try TelemetryStore(path: path)
      for second in 0..<40 { try store.append(verdict: row(second, reason: "it says forgettable-\(second) twice")) }
      try store.deleteContent(olderThan: origin + .seconds(30))
      let rows = try store.verdicts(of: "j", on: .ungrounded, limit: 100)
      #expect(rows.count == 40 && rows.map(\.reason.isEmpty) == (0..<40).map { $0 < 30 })
      let bytes = try ["", "-wal"].reduce(into: "") { text, suffix in
        text += String(decoding: try Data(contentsOf: URL(filePath: path + suffix)), as: UTF8.self)
      }
      for second in 0..<40 { #expect(bytes.contains("forgettable-\(second) ") == (second >= 30), "\(second)") }
      _ = try store.deleteOlder(than: origin + .seconds(20))
      #expect(try store.verdicts(of: "j", on: .ungrounded, limit: 100).count == 20)
    }
  }
}
