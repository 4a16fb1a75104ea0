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
      try store.append(spans: [complete, failed, cancelled])

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
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), parentSpanID: .random(), kind: .llm, name: "chat gpt-4o-mini",
      start: origin + .nanoseconds(123_456_789), duration: .nanoseconds(1_234_567_891), dimensions: dimensions)
    span.timeToFirstToken = .milliseconds(120)
    span.longestGap = .milliseconds(30)
    span.isStreaming = true
    span.responseModel = "gpt-4o-mini-2024-07-18"
    span.finishReason = .stop
    span.httpStatus = 200
    span.usage = TokenUsage(input: 100, cacheRead: 20, cacheWrite: 0, output: 30, reasoning: nil)
    span.cost = .partial(Nanodollars(34_500), priceVersion: "2026-11-23")
    span.attempts = 2
    span.fallbackFrom = "gpt-4o"
    span.risk.ungrounded = 0.75
    span.retrieval = RetrievalFacts(documentCount: 3, topScore: 0.5)
    span.content = SpanContent(requestBody: [0, 255, 10], responseText: "text")
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
