// Cost by any attribution, and repricing that keeps spans, charts and totals in agreement.

import Foundation
import GRDB
import LLMMetrics
import LLMTelemetry
import Pricing
@testable import Storage
import Testing

@Suite struct CostTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "cost-\(UUID().uuidString)")
  private let start = Timestamp(unixSeconds: 1_764_000_000)

  private func withStore(_ body: (TelemetryStore) throws -> Void) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(try TelemetryStore(path: folder.appending(path: "telemetry.sqlite").path))
  }

  private func book(_ version: String, _ prices: [String: Int64]) -> PriceBook {
    PriceBook(
      version: version, source: "t",
      entries: prices.map { PriceEntry($0.key, ModelPrice(TokenRates(input: $0.value * 1000, output: $0.value * 2000))) })
  }

  private func span(
    _ second: Int64, model: String, tenant: String? = nil, usage: TokenUsage = TokenUsage(input: 100, output: 10)
  ) -> LLMSpan {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: start + .seconds(second), duration: .seconds(1))
    span.dimensions.model = model
    span.dimensions.tenant = tenant
    span.dimensions.provider = "openai"
    span.usage = usage
    return span
  }

  /// Stores spans and their rollups the way the pipeline does.
  private func record(
    _ spans: [LLMSpan], priced book: PriceBook, in store: TelemetryStore, cardinality: CardinalitySettings = CardinalitySettings()
  ) throws {
    var fold = RollupFold()
    var meter = SpanMeter(cardinality: cardinality)
    var batch = MeasurementBatch()
    var stored: [LLMSpan] = []
    for var span in spans {
      if span.cost == .unknown { span.cost = book.cost(of: span) }
      stored.append(span)
    }
    meter.measure(stored, into: &batch)
    fold.add(batch)
    try store.append(spans: stored)
    try store.append(rollups: fold.flush())
  }

  /// Every count of the two cost metrics by interval and exactness: what charts add up.
  private func chart(_ store: TelemetryStore) throws -> [String: Int64] {
    var result: [String: Int64] = [:]
    for metric in [MetricCatalogue.cost.name, MetricCatalogue.costUnknown.name] {
      let query = SeriesQuery(
        metric: metric, groupBy: ["model", "cost_exactness"], range: start..<(start + .seconds(1_000_000)))
      for group in try store.read(query) {
        for point in group.points {
          guard case .count(let count) = point.aggregate else { continue }
          let words = [metric, group.tags["model"] ?? "-", group.tags["cost_exactness"] ?? "-"]
          result["\(words.joined(separator: " ")) \((point.start - start).wholeNanoseconds / 1_000_000_000)"] = count
        }
      }
    }
    return result
  }

  private var everything: Range<Timestamp> { start..<(start + .seconds(1_000_000)) }

  @Test func costsAreGroupedByAnyAttribution() throws {
    try withStore { store in
      let prices = book("1", ["a": 1, "b": 10])
      var keyed = span(0, model: "a", tenant: "x")
      keyed.virtualKey = "team"
      keyed.serviceTier = .flex
      keyed.responseModel = "a-2025-01-01"
      keyed.cost = .estimated(Nanodollars(7), priceVersion: "1")
      var part = span(1, model: "a", tenant: "x")
      part.accountsForExchange = false
      var tool = span(1, model: "a", tenant: "x")
      tool.kind = .tool
      var media = TokenUsage(input: 1, cacheRead: 2, cacheWrite: 3, cacheWriteHour: 4, output: 5, reasoning: 6)
      media.inputAudio = 7
      media.inputImage = 8
      media.outputAudio = 9
      media.outputImage = 10
      try record(
        [
          keyed, part, tool, span(1, model: "a", tenant: "x"), span(2, model: "b", tenant: "y"),
          span(90_000, model: "nobodys", tenant: "y", usage: media),
        ], priced: prices, in: store)

      let byTenant = try store.costs(by: [.tenant])
      #expect(byTenant.groups.map(\.values) == [["y"], ["x"]])
      #expect(byTenant.groups[0].totals.exact == Nanodollars(1200))
      #expect(byTenant.groups[0].totals.unknownRequests == 1)
      #expect(byTenant.groups[0].totals.inputTokens == 100 + 25)
      #expect(byTenant.groups[0].totals.outputTokens == 10 + 30)
      #expect(byTenant.groups[1].totals.exact == Nanodollars(120))
      #expect(byTenant.groups[1].totals.estimated == Nanodollars(7))
      #expect(byTenant.total.requests == 4)
      #expect(byTenant.total.unknownShare == 0.25)

      #expect(try store.costs(by: [.day]).groups.map(\.values) == [["2025-11-24"], ["2025-11-25"]])
      #expect(try store.costs(by: [.virtualKey]).groups.map(\.values) == [[nil], ["team"]])
      #expect(try store.costs(by: [.serviceTier]).groups.map(\.values) == [["standard"], ["flex"]])
      #expect(
        Set(try store.costs(by: [.tenant, .billedModel]).groups.map(\.values))
          == [["x", "a"], ["x", "a-2025-01-01"], ["y", "b"], ["y", "nobodys"]])
      #expect(try store.costs(by: [], in: start..<(start + .seconds(2))).total.requests == 2)
      #expect(try store.costs(by: [.model], provider: "anthropic").groups == [])
      for dimension in CostDimension.allCases { #expect(try store.costs(by: [dimension]).total.requests == 4) }
    }
  }

  @Test func repricingMovesSpansChartsAndTotalsTogether() throws {
    try withStore { store in
      let old = book("1", ["a": 1])
      let new = book("2", ["a": 3, "b": 5])
      var failed = span(3, model: "a")
      failed.outcome = .failed(.timeout, message: "slow")
      let spans = [
        span(0, model: "a"), span(1, model: "a", tenant: "x"), span(2, model: "b"), failed, span(15, model: "a"),
        span(30, model: "nobodys"),
      ]
      try record(spans, priced: old, in: store)
      let untouched = try chart(store)

      let dry = try store.reprice(in: everything, by: new, dryRun: true, batch: 2)
      #expect(dry.changed == 5)
      #expect(try chart(store) == untouched)

      let report = try store.reprice(in: everything, by: new, batch: 2)
      #expect(report.models == dry.models)
      #expect((report.examined, report.changed, report.withoutPoint) == (6, 5, 0))
      #expect(report.models["a"]?.before.known == Nanodollars(4 * 120))
      #expect(report.models["a"]?.after.known == Nanodollars(4 * 360))
      #expect(report.models["b"]?.after.exact == Nanodollars(600))
      #expect((report.before.unknownRequests, report.after.unknownRequests) == (2, 1))

      // The file is what it would be, had the new book been there from the start.
      let reference = try TelemetryStore(path: folder.appending(path: "reference.sqlite").path)
      try record(spans, priced: new, in: reference)
      #expect(try chart(store) == chart(reference))
      #expect(try store.costs(by: [.model, .day]) == reference.costs(by: [.model, .day]))
      #expect(try store.spans(limit: 9).spans.map(\.cost) == reference.spans(limit: 9).spans.map(\.cost))

      let again = try store.reprice(in: everything, by: new)
      #expect((again.examined, again.changed, again.confirmed) == (6, 0, 0))
      #expect(try chart(store) == chart(reference))
    }
  }

  @Test func interruptedRepricingIsFinishedByTheNext() throws {
    try withStore { store in
      let spans = (0..<40).map { span($0, model: "a") }
      try record(spans, priced: book("1", ["a": 1]), in: store)
      let new = book("2", ["a": 2])
      // The first run ends after the spans of the first twenty seconds.
      #expect(try store.reprice(in: start..<(start + .seconds(20)), by: new, batch: 7).changed == 20)
      let rest = try store.reprice(in: everything, by: new, batch: 7)
      #expect((rest.examined, rest.changed) == (40, 20))
      #expect(try store.costs(by: []).total.exact == Nanodollars(40 * 240))
      #expect(try chart(store).values.reduce(0, +) == 40 * 240)
    }
  }

  @Test func sameFigureUnderANewBookIsOnlyConfirmed() throws {
    try withStore { store in
      try record([span(0, model: "a")], priced: book("1", ["a": 1]), in: store)
      let before = try chart(store)
      let report = try store.reprice(in: everything, by: book("2", ["a": 1]))
      #expect((report.changed, report.confirmed) == (0, 1))
      #expect(try store.spans(limit: 1).spans.first?.cost == .exact(Nanodollars(120), priceVersion: "2"))
      #expect(try chart(store) == before)
    }
  }

  @Test func aFigureIsNeverLost() throws {
    try withStore { store in
      var imported = span(1, model: "a")
      imported.cost = .exact(Nanodollars(5), priceVersion: "recorded")
      var estimated = span(2, model: "a")
      estimated.cost = .estimated(Nanodollars(5), priceVersion: "1")
      try record([span(0, model: "retired"), imported, estimated], priced: book("1", ["retired": 1]), in: store)
      let report = try store.reprice(in: everything, by: book("2", ["a": 2]))
      #expect(report.changed == 1)
      #expect(
        try store.spans(limit: 3).spans.map(\.cost) == [
          .estimated(Nanodollars(240), priceVersion: "2"), .exact(Nanodollars(5), priceVersion: "recorded"),
          .exact(Nanodollars(120), priceVersion: "1"),
        ])
    }
  }

  @Test func foldedSeriesAreCorrectedWhereTheyWereFolded() throws {
    try withStore { store in
      // One name for models: the second model's figures went to "other".
      let spans = [span(0, model: "a"), span(1, model: "b")]
      try record(
        spans, priced: book("1", ["a": 1, "b": 1]), in: store, cardinality: CardinalitySettings(valuesPerDimension: [.model: 1]))
      let report = try store.reprice(in: everything, by: book("2", ["a": 2, "b": 3]))
      #expect((report.changed, report.withoutPoint) == (2, 0))
      #expect(try chart(store) == ["llm.cost a exact 0": 240, "llm.cost other exact 0": 360])
    }
  }

  @Test func theLastSeriesOfAMetricIsCorrectedToo() throws {
    try withStore { store in
      let spans = [span(0, model: "a"), span(1, model: "b")]
      try record(spans, priced: book("1", ["a": 1, "b": 1]), in: store, cardinality: CardinalitySettings(seriesPerMetric: 1))
      let report = try store.reprice(in: everything, by: book("2", ["a": 2, "b": 3]))
      #expect((report.changed, report.withoutPoint) == (2, 0))
      #expect(try chart(store) == ["llm.cost other other 0": 600])
    }
  }

  @Test func forgottenPointsAreNotInvented() throws {
    try withStore { store in
      let old = book("1", ["a": 1])
      var priced = span(0, model: "a")
      priced.cost = old.cost(of: priced)
      try store.append(spans: [priced])
      let report = try store.reprice(in: everything, by: book("2", ["a": 2]))
      #expect((report.changed, report.withoutPoint) == (1, 1))
      #expect(try chart(store) == [:])
      #expect(try store.costs(by: []).total.exact == Nanodollars(240))
    }
  }

  @Test func anotherProcessSeesTheSameWhileBothWrite() throws {
    try withStore { store in
      let old = book("1", ["a": 1])
      try record([span(0, model: "a")], priced: old, in: store)
      let other = try TelemetryStore(path: store.path)
      #expect(try other.reprice(in: everything, by: book("2", ["a": 2])).changed == 1)
      // A rollup of the same interval that was still open in the first process.
      try record([span(1, model: "a")], priced: old, in: store)
      #expect(try chart(store) == ["llm.cost a exact 0": 360])
    }
  }
}
