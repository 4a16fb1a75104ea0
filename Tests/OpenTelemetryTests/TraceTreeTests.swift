// Which spans of a trace are kept, and which of two calls within each other counts.

import LLMTelemetry
import Testing

@testable import OpenTelemetry

struct TraceTreeTests {
  private func span(_ id: UInt64, parent: UInt64? = nil, trace: UInt64 = 1, _ kind: SpanKind? = nil) throws -> ReadSpan {
    let span = LLMSpan(
      traceID: try #require(TraceID(high: 0, low: trace)), spanID: try #require(SpanID(bits: id)),
      parentSpanID: parent.flatMap { SpanID(bits: $0) }, kind: kind ?? .task, name: "", start: Timestamp(unixSeconds: 1),
      duration: .zero)
    return ReadSpan(span: span, isGenAI: kind != nil)
  }

  private func ids(_ spans: [LLMSpan]) -> [UInt64] { spans.map(\.spanID.bits) }

  @Test func onlyWhatIsAboveACallIsKept() throws {
    var tree = TraceTree()
    // 1 is the root, 2 leads to the call 3, 4 is beside it, 5 is below it, 6 is the database in another trace.
    let kept = tree.keep([
      try span(5, parent: 3), try span(3, parent: 2, .llm), try span(4, parent: 1), try span(2, parent: 1), try span(1),
      try span(6, trace: 2),
    ])
    #expect(ids(kept) == [3, 2, 1])
  }

  @Test func parentsThatComeLaterAreAwaited() throws {
    var tree = TraceTree()
    #expect(ids(tree.keep([try span(3, parent: 2, .llm)])) == [3])
    #expect(ids(tree.keep([try span(2, parent: 1), try span(4, parent: 1)])) == [2])
    #expect(ids(tree.keep([try span(1)])) == [1])
    // Known by trace and span: the same number in another trace is another span.
    #expect(tree.keep([try span(3, parent: 2, .llm)]).count == 1)
    #expect(tree.keep([try span(2, trace: 9)]).isEmpty)
  }

  @Test func ofCallsWithinEachOtherTheInnerCounts() throws {
    var tree = TraceTree()
    let kept = tree.keep([
      try span(4, parent: 3, .llm), try span(3, parent: 2), try span(2, parent: 1, .llm), try span(1, .agent),
      try span(5, parent: 2, .embedding),
    ])
    #expect(kept.filter(\.accountsForExchange).map(\.spanID.bits) == [4, 3, 1, 5])
    // Across requests too; an embedding within a call to a model is no second call to it.
    _ = tree.keep([try span(14, parent: 12, .llm), try span(15, parent: 13, .embedding)])
    let outer = tree.keep([try span(12, .llm), try span(13, .llm)])
    #expect(outer.map(\.accountsForExchange) == [false, true])
  }

  @Test func circlesEnd() throws {
    var tree = TraceTree()
    #expect(ids(tree.keep([try span(1, parent: 2), try span(2, parent: 1), try span(3, parent: 1, .llm)])) == [1, 2, 3])
  }

  @Test func onlySoManyParentsAreAwaited() throws {
    var tree = TraceTree(limit: 100)
    for id in 1...10_000 { _ = tree.keep([try span(UInt64(id), parent: UInt64(id + 100_000), .llm)]) }
    #expect(tree.keep([try span(100_001)]).isEmpty)
    #expect(tree.keep([try span(110_000)]).count == 1)
    #expect(tree.awaitedCount <= 100)
  }
}
