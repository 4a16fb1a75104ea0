// Spans of one trace together, the mark of a service's entry, and what is mended: circles, and ids that come twice.

import LLMTelemetry
import Testing

@testable import Datadog

@Suite struct TraceGroupingTests {
  private func ids(_ trace: [MessagePackValue]) -> [UInt64] { trace.map { $0["span_id"]?.unsigned ?? 0 } }
  private func topLevel(_ trace: [MessagePackValue]) -> [Bool] { trace.map { $0["metrics"]?["_dd.top_level"] != nil } }

  @Test func aTraceIsOneListItsRootFirst() throws {
    let spans = [
      TraceSamples.span(trace: 1, id: 11, parent: 10), TraceSamples.span(trace: 2, id: 20),
      TraceSamples.span(trace: 1, id: 12, parent: 11, kind: .tool), TraceSamples.span(trace: 1, id: 10, kind: .workflow),
      TraceSamples.span(trace: 2, id: 21, parent: 20),
    ]
    let traces = try TraceSamples.traces(spans)
    #expect(traces.map(ids) == [[10, 11, 12], [20, 21]])
    for trace in traces {
      #expect(trace.map { $0["metrics"]?["_sampling_priority_v1"] != nil } == trace.indices.map { $0 == 0 })
      #expect(trace.map { $0["meta"]?["_dd.p.tid"] != nil } == trace.indices.map { $0 == 0 })
      #expect(trace.map { $0["meta"]?["runtime-id"] != nil } == trace.indices.map { $0 == 0 })
    }
    #expect(traces.map(topLevel) == [[true, false, false], [true, false]])
  }

  @Test func tracesOfOneLowerHalfStayApart() throws {
    var other = TraceSamples.span(id: 2)
    other.traceID = TraceSamples.trace(42, high: 1)
    #expect(try TraceSamples.traces([TraceSamples.span(), other]).map(ids) == [[1], [2]])
  }

  @Test func aSpanIsTopLevelWhereAServiceIsEntered() throws {
    let spans = [
      TraceSamples.span(id: 1, service: "app"), TraceSamples.span(id: 2, parent: 1, service: "app"),
      TraceSamples.span(id: 3, parent: 2), TraceSamples.span(id: 4, parent: 3), TraceSamples.span(id: 5, parent: 99),
      // A span without a service is of the settings' one.
      TraceSamples.span(id: 6, parent: 3, service: nil),
    ]
    let trace = try #require(TraceSamples.traces(spans).first)
    #expect(topLevel(trace) == [true, false, true, false, true, false])
  }

  @Test func circlesAreCutOnce() throws {
    let trace = try #require(
      TraceSamples.traces([
        TraceSamples.span(id: 1, parent: 3), TraceSamples.span(id: 2, parent: 1), TraceSamples.span(id: 3, parent: 2),
        TraceSamples.span(id: 4, parent: 4), TraceSamples.span(id: 5, parent: 2), TraceSamples.span(id: 6, parent: 77),
      ]
      ).first)
    let parents = Dictionary(uniqueKeysWithValues: zip(ids(trace), trace.map { $0["parent_id"]?.unsigned ?? .max }))
    #expect(parents[4] == 0 && parents[5] == 2 && parents[6] == 77)
    #expect([1, 2, 3].filter { parents[$0] == 0 }.count == 1)
    #expect(try TraceSamples.traces([TraceSamples.span(id: 4, parent: 4)]).first?.first?["parent_id"] == .uint(0))
  }

  @Test func anIDThatComesTwiceIsSentTwiceAndApart() throws {
    let payload = TraceSamples.payload([
      TraceSamples.span(id: 1), TraceSamples.span(id: 1, kind: .tool), TraceSamples.span(id: 2, parent: 1),
    ])
    #expect(TracePayloadCheck.faults(in: payload).isEmpty)
    let traces = try #require(MessagePackReader.value(payload).elements).map { $0.elements ?? [] }
    #expect(traces.map(ids) == [[1, 2], [1]])
    #expect(traces.last?.first?["name"] == .string("llm.tool"))
  }

  @Test func aTraceThatIsTooLongIsSentInParts() throws {
    var spans = (1...400).map { TraceSamples.span(id: UInt64($0), parent: $0 == 1 ? nil : 1) }
    for index in spans.indices { spans[index].name = String(repeating: "n", count: 3000) }
    var encoder = TraceEncoder(TraceSamples.settings)
    let items = encoder.encode(spans, rates: SamplingRates(), now: TraceSamples.now)
    #expect(items.count > 3 && items.allSatisfy { $0.bytes.count < TraceEncoder.traceBytes + 8192 })
    #expect(items.reduce(0) { $0 + $1.count } == 400)
    var seen: [UInt64] = []
    for item in items {
      let body = TraceEncoder.body([item]).bytes
      #expect(TracePayloadCheck.faults(in: body).isEmpty)
      for trace in try MessagePackReader.value(body).elements ?? [] { seen += ids(trace.elements ?? []) }
    }
    #expect(seen == Array(1...400))
    let whole = TraceEncoder.body(items)
    #expect(try MessagePackReader.value(whole.bytes).elements?.count == whole.traces)
  }

  @Test func manyTracesArePiecesOfALimitedSize() {
    var encoder = TraceEncoder(TraceSamples.settings)
    let spans = (1...1000).map { TraceSamples.span(trace: UInt64($0)) }
    let items = encoder.encode(spans, rates: SamplingRates(), now: TraceSamples.now)
    #expect(items.count > 10 && items.allSatisfy { $0.bytes.count < TraceEncoder.pieceBytes + 2048 })
    #expect(TraceEncoder.body(items).traces == 1000)
  }
}
