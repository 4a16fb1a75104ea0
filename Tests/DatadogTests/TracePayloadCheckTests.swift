// Every fault the check knows, each in a payload that is right but for it.

import LLMTelemetry
import Testing

@testable import Datadog

@Suite struct TracePayloadCheckTests {
  typealias Value = MessagePackValue

  private static func map(_ entries: [(String, Value)]) -> Value {
    .map(entries.map { Value.Entry(key: .string($0.0), value: $0.1) })
  }

  private static let span: [(String, Value)] = [
    ("service", .string("s")), ("name", .string("n")), ("resource", .string("r")), ("type", .string("llm")),
    ("trace_id", .uint(1)),
    ("span_id", .uint(2)), ("parent_id", .uint(0)), ("start", .uint(1_795_464_236_000_000_000)), ("duration", .uint(5)),
    ("error", .uint(0)), ("meta", map([("http.status_code", .string("200")), ("_dd.p.tid", .string("6b049c2c00000000"))])),
    ("metrics", map([("_sampling_priority_v1", .double(1))])),
  ]

  /// The right span with one member set, or taken out.
  private static func span(_ key: String, _ value: Value?) -> Value {
    var entries = span.filter { $0.0 != key }
    if let value { entries.append((key, value)) }
    return map(entries)
  }

  private func faults(_ spans: Value...) -> [TraceFault.Kind] {
    TracePayloadCheck.faults(in: .array([.array(spans)])).map(\.kind)
  }

  @Test func aRightPayloadHasNone() {
    #expect(faults(Self.map(Self.span)).isEmpty)
    #expect(faults(Self.span("type", nil)).isEmpty)
    #expect(faults(Self.span("parent_id", nil)).isEmpty)
    #expect(faults(Self.span("meta_struct", Self.map([("_llmobs", .binary([1]))]))).isEmpty)
    #expect(TracePayloadCheck.faults(in: TraceSamples.payload([TraceSamples.full()])).isEmpty)
    #expect(TracePayloadCheck.faults(in: [0x90]).isEmpty)
  }

  private static let wrong: [(String, Value?, TraceFault.Kind)] = [
    ("service", nil, .missing("service")), ("name", nil, .missing("name")), ("resource", nil, .missing("resource")),
    ("trace_id", nil, .missing("trace_id")), ("start", nil, .missing("start")), ("duration", nil, .missing("duration")),
    ("service", .string(""), .empty("service")), ("name", .string(String(repeating: "n", count: 101)), .tooLong("name")),
    ("service", .string(String(repeating: "é", count: 51)), .tooLong("service")),
    ("type", .string(String(repeating: "t", count: 101)), .tooLong("type")),
    ("resource", .string(String(repeating: "r", count: 5001)), .tooLong("resource")),
    ("service", .uint(1), .wrongType("service")),
    ("trace_id", .uint(0), .zeroID("trace_id")), ("span_id", .uint(0), .zeroID("span_id")),
    ("span_id", .string("2"), .wrongType("span_id")), ("span_id", .int(-2), .wrongType("span_id")),
    ("parent_id", .double(1), .wrongType("parent_id")), ("start", .double(1.5), .wrongType("start")),
    ("start", .uint(.max), .wrongType("start")), ("start", .uint(946_684_799_999_999_999), .startBefore2000),
    ("start", .int(-1), .startBefore2000), ("duration", .int(-1), .negativeDuration),
    ("duration", .double(1), .wrongType("duration")),
    ("duration", .uint(UInt64(Int64.max)), .endBeyondTime), ("error", .uint(2), .errorFlag), ("error", .bool(true), .errorFlag),
    ("color", .string("red"), .unknownKey("color")), ("meta", .array([]), .wrongType("meta")),
    ("meta", map([("a", .uint(1))]), .wrongType("meta.a")), ("meta", map([("a", .null)]), .wrongType("meta.a")),
    ("meta", map([("a", .string("")), ("a", .string(""))]), .repeatedKey("meta.a")),
    ("meta", map([("a", .string(String(repeating: "v", count: 25_001)))]), .tooLong("meta.a")),
    ("meta", map([("http.status_code", .string("99"))]), .statusCode("99")),
    ("meta", map([("http.status_code", .string("600"))]), .statusCode("600")),
    ("meta", map([("http.status_code", .string("ok"))]), .statusCode("ok")),
    ("meta", map([("_dd.p.tid", .string("6B049C2C00000000"))]), .upperHalf("6B049C2C00000000")),
    ("meta", map([("_dd.p.tid", .string("0000000000000000"))]), .upperHalf("0000000000000000")),
    ("metrics", map([("_sampling_priority_v1", .double(1)), ("a", .string("1"))]), .wrongType("metrics.a")),
    ("metrics", map([("_sampling_priority_v1", .double(1)), ("a", .double(.infinity))]), .notFinite("metrics.a")),
    ("metrics", map([("_sampling_priority_v1", .double(3))]), .priority),
    ("metrics", nil, .missing("metrics._sampling_priority_v1")),
    ("meta_struct", map([("a", .string(""))]), .wrongType("meta_struct.a")), ("span_links", .uint(1), .wrongType("span_links")),
  ]

  @Test(arguments: wrong.indices)
  func oneFaultIsOneFault(index: Int) {
    let (key, value, kind) = Self.wrong[index]
    #expect(faults(Self.span(key, value)) == [kind])
  }

  @Test func faultsBetweenSpansAreFound() {
    func span(_ id: UInt64, parent: UInt64, trace: UInt64 = 1) -> Value {
      Self.map(
        Self.span.map { entry in
          switch entry.0 {
          case "span_id": ("span_id", .uint(id))
          case "parent_id": ("parent_id", .uint(parent))
          case "trace_id": ("trace_id", .uint(trace))
          default: entry
          }
        })
    }
    #expect(faults(span(2, parent: 0), span(3, parent: 2, trace: 9)) == [.mixedTraceIDs])
    #expect(faults(span(2, parent: 0), span(2, parent: 0)) == [.duplicateSpanID])
    #expect(faults(span(2, parent: 2)) == [.cyclicParents])
    #expect(faults(span(2, parent: 3), span(3, parent: 2), span(4, parent: 3)) == [.cyclicParents, .cyclicParents])
    #expect(faults(span(2, parent: 3), span(3, parent: 99)).isEmpty)
    #expect(faults(Self.map(Self.span + [("name", .string("m"))])) == [.repeatedKey("name")])
  }

  @Test func whatIsNoPayloadIsToldSo() {
    #expect(TracePayloadCheck.faults(in: .null).map(\.kind) == [.wrongType("payload")])
    #expect(TracePayloadCheck.faults(in: .array([.uint(1)])).map(\.kind) == [.wrongType("trace")])
    #expect(TracePayloadCheck.faults(in: .array([.array([])])).map(\.kind) == [.emptyTrace])
    #expect(faults(.string("x")).first == .wrongType("span"))
    guard case .notMessagePack = TracePayloadCheck.faults(in: [0x91]).first?.kind else {
      Issue.record("a cut payload has no fault")
      return
    }
  }
}
