// The telemetry file: what goes in comes out, merged, paged and forgotten by age.

import Foundation
import GRDB
import LLMMetrics
import LLMTelemetry
@testable import Storage
import Testing

@Suite struct TelemetryStoreTests {
  private let origin = Timestamp(unixSeconds: 1_764_000_000)

  @Test func spanComesBackAsItWas() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let spans = [
        completeSpan(), LLMSpan(traceID: .random(), spanID: .random(), kind: .task, name: "bare", start: origin, duration: .zero),
      ]
      try store.append(spans: spans)
      #expect(try store.spans(limit: 10).spans == spans)
      #expect(try store.trace(spans[0].traceID) == [spans[0]])
    }
  }

  @Test func textsOfAnyLengthAndContentComeBack() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let texts = ["", "größe-日本🙂", String(repeating: "x", count: 5000), String(repeating: "é", count: 100_000), "x", ""]
      let spans = texts.map { text in
        var span = completeSpan()
        span.name = text
        span.dimensions.tenant = text
        span.dimensions.feature = text
        span.outcome = .failed(.network, message: text)
        span.content = SpanContent(input: [ContentMessage(role: "user", text: text)], output: text)
        return span
      }
      try store.append(spans: spans)
      #expect(try store.spans(limit: 10).spans == spans.reversed())
    }
  }

  @Test func traceIsFoundAmongMany() throws {
    try withFolder { folder in
      let path = folder + "/telemetry.sqlite"
      let wanted = TraceID.random()
      func batch(_ second: Int, _ count: Int, wanted place: Int?) -> [LLMSpan] {
        (0..<count).map {
          LLMSpan(
            traceID: $0 == place ? wanted : .random(), spanID: .random(), kind: .llm, name: "\(second)",
            start: origin + .seconds(second), duration: .zero)
        }
      }
      do {
        let store = try TelemetryStore(path: path)
        // Small batches share a block, large ones fill theirs.
        for second in 0..<10 { try store.append(spans: batch(second, 100, wanted: second == 3 ? 50 : nil)) }
        try store.append(spans: batch(10, 3000, wanted: 2999))
      }
      let store = try TelemetryStore(path: path)
      try store.append(spans: batch(11, 1, wanted: 0))
      #expect(try store.trace(wanted).map(\.name) == ["3", "10", "11"])
      #expect(try store.trace(.random()).isEmpty)
      var filter = SpanFilter()
      filter.traceID = wanted
      filter.range = origin..<origin + .seconds(11)
      #expect(try store.spans(filter, limit: 10).spans.map(\.name) == ["10", "3"])

      // Sequence numbers begin again when everything is gone, and traces are still found.
      _ = try store.deleteOlder(than: origin + .seconds(100))
      #expect(try store.trace(wanted).isEmpty)
      try store.append(spans: batch(12, 5, wanted: 4) + batch(13, 5, wanted: 0))
      #expect(try store.trace(wanted).map(\.name) == ["12", "13"])
      #expect(try store.pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM trace_blocks") } == 1)
    }
  }

  @Test func traceIsFoundWithoutReadingEverySpan() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      var filter = SpanFilter()
      filter.traceID = .random()
      let (condition, arguments) = filter.condition
      let plan = try store.pool.read { db in
        try Row.fetchAll(
          db, sql: "EXPLAIN QUERY PLAN SELECT * FROM \(filter.source) WHERE \(condition) ORDER BY start DESC, sequence DESC",
          arguments: arguments
        ).map { $0["detail"] as String }
      }
      #expect(plan.allSatisfy { !$0.contains("AUTOMATIC") && !$0.hasPrefix("SCAN spans") && !$0.hasPrefix("SCAN candidate") })
      #expect(plan.count { $0.contains("INTEGER PRIMARY KEY") } == 2, "\(plan)")
    }
  }

  @Test func fileOfTheFirstSchemaIsReadAndItsTracesFound() throws {
    try withFolder { folder in
      let path = folder + "/telemetry.sqlite"
      let trace = try #require(TraceID(high: 1, low: UInt64.max - 5))
      let old = try DatabasePool(path: path)
      try TelemetrySchema.migrator.migrate(old, upTo: "1")
      try old.write { db in
        try db.execute(sql: "PRAGMA application_id = \(DatabaseFile.Kind.telemetry.rawValue)")
        for sequence in 1...2500 {
          try db.execute(
            sql: """
              INSERT INTO spans (trace_high, trace_low, span, kind, name, start, duration, is_streaming, cost_exactness, attempts,
                accounts_for_exchange, input_tokens, tenant)
              VALUES (1, ?, ?, 'llm', ?, ?, 5, 0, 'unknown', 1, 1, 10, 'acme')
              """,
            arguments: [
              sequence % 1000 == 0 ? Int64(bitPattern: trace.low) : Int64(sequence), sequence, "old \(sequence)",
              origin.unixNanoseconds + Int64(sequence),
            ])
        }
      }
      try old.close()
      let store = try TelemetryStore(path: path)
      #expect(try store.trace(trace).map(\.name) == ["old 1000", "old 2000"])
      let span = try #require(try store.trace(trace).first)
      #expect(span.usage == TokenUsage(input: 10) && span.dimensions.tenant == "acme")
      #expect(span.virtualKey == nil && span.serviceTier == nil && !span.usage.isEstimated)
      try store.append(spans: [completeSpan()])
      #expect(try store.spans(limit: 5000).spans.count == 2501)
    }
  }

  /// As many as fill a statement of several rows, one less, one more, and several statements.
  @Test(arguments: [1, 7, 8, 9, 16, 27]) func eachRowOfABatchIsItsSpan(count: Int) throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let spans = (0..<count).map { index in
        var span = completeSpan()
        span.start = origin + .seconds(index + 1)
        span.name = String(repeating: "name ", count: index * 3)
        span.risk = RiskScores()
        if index % 2 == 0 { span.dimensions.tenant = nil }
        if index % 3 == 0 { span.content = nil } else { span.content = SpanContent(input: [], output: "\(index)") }
        return span
      }
      try store.append(spans: [completeSpan()])
      try store.append(spans: spans)
      let found = try store.spans(limit: 100).spans
      #expect(found.prefix(count).map(\.name) == spans.reversed().map(\.name))
      #expect(found.prefix(count).map(\.dimensions) == spans.reversed().map(\.dimensions))
      #expect(found.prefix(count).map { $0.content?.responseText } == spans.reversed().map { $0.content?.responseText })
      for span in spans { #expect(try store.trace(span.traceID).map(\.spanID) == [span.spanID]) }
    }
  }

  @Test func pagesNewestFirstWithoutLossOnEqualTimes() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let spans = (0..<25).map { index in
        LLMSpan(
          traceID: .random(), spanID: .random(), kind: .llm, name: "\(index)", start: origin + .seconds(index / 5),
          duration: .seconds(1))
      }
      try store.append(spans: spans)
      var seen: [LLMSpan] = []
      var cursor: SpanCursor?
      repeat {
        let page = try store.spans(limit: 7, before: cursor)
        seen += page.spans
        cursor = page.next
      } while cursor != nil
      #expect(seen == spans.reversed())
    }
  }

  @Test func filtersByEveryConditionIncludingDerivedDimensions() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let complete = completeSpan()
      var failed = completeSpan()
      failed.outcome = .failed(.timeout, message: "no answer")
      failed.usage.cacheRead = 0
      failed.risk.ungrounded = nil
      var cancelled = failed
      cancelled.outcome = .failed(.cancelled, message: "")
      var repeated = completeSpan()
      (repeated.attempts, repeated.accountsForExchange, repeated.usage) = (0, true, TokenUsage(input: 0, output: 0))
      (repeated.risk, repeated.dimensions) = (RiskScores(), Dimensions())
      try store.append(spans: [complete, failed, cancelled, repeated])

      for dimension in Dimension.allCases {
        guard let value = complete[dimension] else { continue }
        var filter = SpanFilter()
        filter.dimensions = [dimension: value]
        #expect(try store.spans(filter, limit: 10).spans.contains(complete), "\(dimension)")
        filter.dimensions = [dimension: "no such value"]
        #expect(try store.spans(filter, limit: 10).spans.isEmpty, "\(dimension)")
      }
      var hits = SpanFilter()
      hits.dimensions = [.cache: "hit"]
      #expect(try store.spans(hits, limit: 10).spans == [complete])
      hits.dimensions = [.cache: "gateway"]
      #expect(try store.spans(hits, limit: 10).spans == [repeated])
      var errors = SpanFilter()
      errors.onlyErrors = true
      #expect(try store.spans(errors, limit: 10).spans == [failed])
      var ungrounded = SpanFilter()
      ungrounded.minimumUngrounded = 0.7
      #expect(try store.spans(ungrounded, limit: 10).spans == [complete])
      var before = SpanFilter()
      before.range = origin..<complete.start
      #expect(try store.spans(before, limit: 10).spans.isEmpty)
    }
  }

  @Test func rollupsOfOneIntervalMergeAcrossAppendsAndRestarts() throws {
    try withFolder { folder in
      let path = folder + "/telemetry.sqlite"
      let requests = SeriesKey(metric: "llm.requests", tags: TagSet(["model": "a", "tenant": "x=y\\\n,z"]))
      let durations = SeriesKey(metric: "llm.request.duration", tags: TagSet(["model": "a"]))
      var first = QuantileSketch()
      first.add(0.5)
      first.add(0)
      var second = QuantileSketch()
      second.add(20, count: 3)
      do {
        let store = try TelemetryStore(path: path)
        try store.append(rollups: [Rollup(start: origin, series: [requests: .count(2), durations: .sketch(first)])])
      }
      let store = try TelemetryStore(path: path)
      try store.append(rollups: [Rollup(start: origin, series: [requests: .count(3), durations: .sketch(second)])])
      #expect(store.seriesCount == 2)

      let counts = try store.read(SeriesQuery(metric: "llm.requests", groupBy: ["tenant"], range: origin..<origin + .seconds(10)))
      #expect(counts.map(\.tags) == [TagSet(["tenant": "x=y\\\n,z"])])
      #expect(counts.first?.total == .count(5))
      first.merge(second)
      let sketches = try store.read(SeriesQuery(metric: "llm.request.duration", range: origin..<origin + .seconds(10)))
      #expect(sketches.first?.total == .sketch(first))
    }
  }

  @Test func readFiltersGroupsAndLeavesGaps() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      func key(_ model: String, _ tenant: String) -> SeriesKey {
        SeriesKey(metric: "llm.requests", tags: TagSet(["model": model, "tenant": tenant]))
      }
      try store.append(rollups: [
        Rollup(start: origin, series: [key("a", "x"): .count(1), key("a", "y"): .count(2), key("b", "x"): .count(4)]),
        Rollup(start: origin + .seconds(20), series: [key("a", "x"): .count(8)]),
        Rollup(start: origin + .seconds(30), series: [key("a", "x"): .count(16)]),
      ])
      let range = origin..<origin + .seconds(30)
      let byModel = try store.read(SeriesQuery(metric: "llm.requests", groupBy: ["model"], range: range))
      #expect(byModel.map { $0.tags["model"] } == ["a", "b"])
      #expect(byModel[0].points.map(\.start) == [origin, origin + .seconds(20)])
      #expect(byModel[0].points.map(\.aggregate) == [.count(3), .count(8)])
      let onlyX = try store.read(SeriesQuery(metric: "llm.requests", filter: ["tenant": "x"], range: range))
      #expect(onlyX.map(\.total) == [.count(13)])
      #expect(try store.read(SeriesQuery(metric: "llm.requests", filter: ["tenant": "nobody"], range: range)).isEmpty)
    }
  }

  @Test func retentionForgetsByAgeAndLetsSeriesComeBack() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let old = SeriesKey(metric: "llm.requests", tags: TagSet(["model": "old"]))
      let kept = SeriesKey(metric: "llm.requests", tags: TagSet(["model": "kept"]))
      try store.append(
        spans: (0..<30).map {
          LLMSpan(traceID: .random(), spanID: .random(), kind: .llm, name: "", start: origin + .seconds($0), duration: .zero)
        })
      try store.append(rollups: [
        Rollup(start: origin, series: [old: .count(1), kept: .count(1)]),
        Rollup(start: origin + .seconds(20), series: [kept: .count(1)]),
      ])
      let deleted = try store.deleteOlder(than: origin + .seconds(20), batch: 7)
      #expect(deleted == TelemetryStore.Deleted(spans: 20, points: 2, series: 1))
      #expect(try store.spans(limit: 100).spans.count == 10)
      #expect(store.seriesCount == 1)

      try store.append(rollups: [Rollup(start: origin + .seconds(30), series: [old: .count(9)])])
      let read = try store.read(
        SeriesQuery(metric: "llm.requests", filter: ["model": "old"], range: origin..<origin + .seconds(60)))
      #expect(read.map(\.total) == [.count(9)])
    }
  }

  private func completeSpan() -> LLMSpan {
    var dimensions = Dimensions()
    dimensions.service = "shop"
    dimensions.env = "prod"
    dimensions.version = "1.2"
    dimensions.provider = "openai"
    dimensions.model = "gpt-4o-mini"
    dimensions.route = "chat"
    dimensions.tenant = "acme"
    dimensions.feature = "answers"
    dimensions.prompt = "support"
    dimensions.promptVersion = "v3"
    dimensions.region = "europe-west4"
    dimensions.override = "OVR-7:control"
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), parentSpanID: .random(), kind: .llm, name: "chat gpt-4o-mini",
      start: origin + .nanoseconds(123_456_789), duration: .nanoseconds(1_234_567_891), dimensions: dimensions)
    span.timeToFirstToken = .milliseconds(120)
    span.longestGap = .milliseconds(30)
    span.isStreaming = true
    span.responseModel = "gpt-4o-mini-2024-07-18"
    span.finishReason = .stop
    span.httpStatus = 200
    span.usage = TokenUsage(input: 100, cacheRead: 20, cacheWrite: 0, cacheWriteHour: 7, output: 30, reasoning: nil)
    (span.usage.inputAudio, span.usage.inputImage, span.usage.outputAudio, span.usage.outputImage) = (1, 2, 0, 4)
    span.usage.isEstimated = true
    span.serviceTier = .flex
    span.virtualKey = "team-a"
    span.cost = .partial(Nanodollars(34_500), priceVersion: "2026-11-23")
    span.attempts = 2
    span.fallbackFrom = "gpt-4o"
    for (place, scorer) in RiskScorer.allCases.enumerated() where scorer != .toxicity { span.risk[scorer] = Double(place) / 16 }
    span.risk.ungrounded = 0.75
    span.session = "conversation-7"
    span.retrieval = RetrievalFacts(documentCount: 3, topScore: 0.5)
    span.content = SpanContent(input: [ContentMessage(role: "user", text: "question")], output: "text")
    span.accountsForExchange = false
    return span
  }
}

func withFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "storage-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path)
}
