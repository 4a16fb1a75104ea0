// Trace propagation: what is sent reads back, Datadog's headers win, wrong ones are none.
import Testing

@testable import LLMTelemetry

@Suite struct TracingTests {
  // As ddtrace 4.16 sends them.
  private let datadog = [
    (name: "X-Datadog-Trace-Id", value: "1234567890123456789"), (name: "x-datadog-parent-id", value: "987654321"),
    (name: "x-datadog-sampling-priority", value: "1"), (name: "x-datadog-tags", value: "_dd.p.dm=-0,_dd.p.tid=6923a1b200000000"),
  ]
  private let standard = (name: "traceparent", value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")

  private func context(from headers: [(name: String, value: String)]) -> TraceContext? {
    TraceContext.extract { name in headers.first { $0.name.lowercased() == name }?.value }
  }

  @Test func datadogHeadersWinOverTraceparent() throws {
    let context = try #require(self.context(from: [standard] + datadog))
    #expect(context.traceID == TraceID(high: 0x6923_a1b2_0000_0000, low: 1_234_567_890_123_456_789))
    #expect(context.spanID.bits == 987_654_321)
    #expect(context.isSampled)
  }

  @Test func traceparentIsReadAndSuppliesTheUpperHalf() throws {
    let context = try #require(self.context(from: [standard]))
    #expect(context.traceID.description == "0af7651916cd43dd8448eb211c80319c")
    #expect(!context.isSampled)
    let low = try #require(UInt64("8448eb211c80319c", radix: 16))
    let joined = try #require(
      self.context(from: [(name: "x-datadog-trace-id", value: String(low)), (name: "x-datadog-parent-id", value: "7"), standard]))
    #expect(joined.traceID == context.traceID)
    #expect(joined.spanID.bits == 7)
  }

  @Test(arguments: [
    "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", "00-8448eb211c80319c-b7ad6b7169203331-01", "",
  ])
  func wrongTraceparentsAreNoContext(value: String) {
    #expect(context(from: [(name: "traceparent", value: value)]) == nil)
  }

  @Test func aContextReadsBackWhatItSends() {
    for priority in [nil] + SamplingPriority.allCases.map(Optional.init) {
      var context = TraceContext(traceID: .random(), spanID: .random(), priority: priority)
      context.origin = "rum"
      context.tags = [TraceContext.Tag(name: "dm", value: "-4"), TraceContext.Tag(name: "usr.id", value: "ab==")]
      #expect(self.context(from: context.headers.filter { $0.name.hasPrefix("x-") }) == context)
      context.foreignState = "foo=1,bar=2"
      if priority == nil { continue }
      #expect(self.context(from: context.headers) == context)
      #expect(self.context(from: context.headers.filter { $0.name.hasPrefix("trace") }) == context)
    }
  }

  /// What ddtrace 4.16 made of headers that it read, and sent on under the same span.
  @Test func headersGoOnAsDatadogsTracersSendThemOn() throws {
    let first = try #require(
      context(from: [
        (name: "x-datadog-trace-id", value: "1234"), (name: "x-datadog-parent-id", value: "99"),
        (name: "x-datadog-sampling-priority", value: "2"),
        (name: "x-datadog-tags", value: "_dd.p.dm=-4,_dd.p.usr.id=ab==,_dd.p.tid=6b049c2c00000000"),
      ]))
    #expect(
      Dictionary(uniqueKeysWithValues: first.headers.map { ($0.name, $0.value) }) == [
        "x-datadog-trace-id": "1234", "x-datadog-parent-id": "99", "x-datadog-sampling-priority": "2",
        "x-datadog-tags": "_dd.p.dm=-4,_dd.p.usr.id=ab==,_dd.p.tid=6b049c2c00000000",
        "traceparent": "00-6b049c2c0000000000000000000004d2-0000000000000063-01",
        "tracestate": "dd=p:0000000000000063;s:2;t.dm:-4;t.usr.id:ab~~;t.tid:6b049c2c00000000",
      ])
    let second = try #require(
      context(from: [
        (name: "traceparent", value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        (name: "tracestate", value: "foo=1,dd=s:2;o:rum;p:0123456789abcdef;t.dm:-4;t.usr.id:ab~~,bar=2"),
      ]))
    let child = second.child(try #require(SpanID(bits: 0x0123_4567_89ab_cdef)))
    #expect(
      Dictionary(uniqueKeysWithValues: child.headers.map { ($0.name, $0.value) }) == [
        "x-datadog-trace-id": "9532127138774266268", "x-datadog-parent-id": "81985529216486895",
        "x-datadog-sampling-priority": "2",
        "x-datadog-origin": "rum", "x-datadog-tags": "_dd.p.dm=-4,_dd.p.usr.id=ab==,_dd.p.tid=0af7651916cd43dd",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-0123456789abcdef-01",
        "tracestate": "dd=p:0123456789abcdef;s:2;o:rum;t.dm:-4;t.usr.id:ab~~;t.tid:0af7651916cd43dd,foo=1,bar=2",
      ])
  }

  @Test(arguments: [
    ("01", "s:2", 2), ("01", "s:-1", 1), ("01", "", 1), ("00", "s:-1", -1), ("00", "s:2", 0), ("00", "s:x", 0), ("01", "s:7", 2),
    ("00", "s:-9", -1),
  ])
  func theFlagOfTraceparentHasTheLastWord(flag: String, state: String, expected: Int8) throws {
    let context = try #require(
      self.context(from: [
        (name: "traceparent", value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-\(flag)"),
        (name: "tracestate", value: "dd=\(state);t.dm:-4"),
      ]))
    #expect(context.priority?.rawValue == expected && context.isSampled == (flag == "01"))
    // Who decided is known only where the decision is.
    #expect(
      context.tags.isEmpty == (state.isEmpty || state == "s:x" || context.isSampled != state.contains(where: "27".contains)))
  }

  @Test(arguments: SamplingPriority.allCases)
  func aSpanKeepsTheWholeDecision(priority: SamplingPriority) throws {
    for mechanism in ["-0", "-1", "-3", "-4", "-12"] {
      let context = try #require(
        self.context(from: [
          datadog[0], datadog[1], (name: "x-datadog-sampling-priority", value: "\(priority.rawValue)"),
          (name: "x-datadog-tags", value: "_dd.p.dm=\(mechanism)"),
        ]))
      let decision = try #require(context.sampling)
      #expect(decision.priority == priority && decision.mechanism?.description == mechanism)
      // And on, as the next service reads it, in either form.
      let headers = context.child().headers
      #expect(self.context(from: headers)?.sampling == decision)
      #expect(self.context(from: headers.filter { $0.name.hasPrefix("trace") })?.sampling == decision)
      let state = try #require(headers.first { $0.name == "tracestate" }?.value)
      #expect(TraceContext.sampling(inTraceState: "foo=1, " + state) == decision)
    }
  }

  @Test(arguments: ["", "4", "-", "--4", "-x", "-100", "-+4", "- 4", "4-"])
  func whatIsNoMechanismIsNone(text: String) { #expect(SamplingMechanism(text) == nil) }

  @Test(arguments: ["", "foo=1", "dd=t.dm:-4", "dd=s:x", "xdd=s:2"])
  func aStateWithoutADecisionHasNone(state: String) { #expect(TraceContext.sampling(inTraceState: state) == nil) }

  @Test func sayingOnceMoreThatATraceIsKeptChangesNothing() {
    var span = LLMSpan(traceID: .random(), spanID: .random(), kind: .llm, name: "", start: .now(), duration: .zero)
    #expect(span.isSampled && span.sampling == nil)
    span.sampling = SamplingDecision(.userKeep, by: .manual)
    span.isSampled = true
    #expect(span.sampling == SamplingDecision(.userKeep, by: .manual))
    span.isSampled = false
    #expect(span.sampling == SamplingDecision(.autoReject))
  }

  @Test func withoutADecisionNoneIsSentOn() throws {
    let context = try #require(self.context(from: [datadog[0], datadog[1]]))
    #expect(context.priority == nil && context.isSampled)
    #expect(!context.headers.contains { $0.name == "x-datadog-sampling-priority" })
    #expect(context.headers.contains { $0.name == "traceparent" && $0.value.hasSuffix("-01") })
    var decided = context
    decided.isSampled = false
    #expect(decided.priority == .autoReject)
    // A traceparent of the same trace has one.
    let trace = TraceID(high: 5, low: context.traceID.low)?.description ?? ""
    #expect(
      self.context(from: [datadog[0], datadog[1], (name: "traceparent", value: "00-\(trace)-b7ad6b7169203331-00")])?.priority
        == .autoReject)
  }

  /// A traceparent of another trace gives neither its list nor its upper half.
  @Test func anotherTracesStateIsNotMixedIn() throws {
    let context = try #require(self.context(from: datadog + [standard, (name: "tracestate", value: "foo=1")]))
    #expect(context.foreignState == nil && context.tags == [TraceContext.Tag(name: "dm", value: "-0")])
  }

  @Test(arguments: [
    [(name: "x-datadog-trace-id", value: "0"), (name: "x-datadog-parent-id", value: "7")],
    [(name: "x-datadog-trace-id", value: "+5"), (name: "x-datadog-parent-id", value: "7")],
    [(name: "x-datadog-trace-id", value: "18446744073709551616"), (name: "x-datadog-parent-id", value: "7")],
    [(name: "x-datadog-trace-id", value: "5"), (name: "x-datadog-parent-id", value: "0")],
    [(name: "x-datadog-trace-id", value: "5")],
    [(name: "traceparent", value: "00-0af7651916cd43dd0000000000000000-b7ad6b7169203331-01")],
  ])
  func wrongIDsAreNoContext(headers: [(name: String, value: String)]) { #expect(context(from: headers) == nil) }

  @Test func nothingThatCameInCanMakeAHeaderOfItsOwn() {
    var context = TraceContext(traceID: .random(), spanID: .random())
    context.origin = "a\r\nx-evil: 1;,=~é"
    context.tags = [
      TraceContext.Tag(name: "k,=;:\n", value: "v,\r\n;é"),
      TraceContext.Tag(name: "usr.id", value: String(repeating: "u", count: 600)),
    ]
    context.foreignState = "foo=1\r\nx-evil: 1"
    for header in context.headers {
      #expect(header.value.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "\(header)")
      #expect(header.value.utf8.count <= 512, "\(header.name)")
    }
    let state = context.headers.first { $0.name == "tracestate" }?.value ?? ""
    #expect(state.split(separator: ",").count == 2 && state.split(separator: ",")[0].utf8.count <= 256)
    let tid = context.traceID.description.prefix(16)
    #expect(context.headers.first { $0.name == "x-datadog-tags" }?.value == "_dd.p.tid=\(tid)")
  }

  @Test func listsHaveLimits() throws {
    let many = (0..<100).map { "k\($0)=v" }.joined(separator: " , ")
    let context = try #require(self.context(from: [standard, (name: "tracestate", value: many + ",broken,,=")]))
    let members = context.foreignState?.split(separator: ",").map(String.init) ?? []
    #expect(members == (0..<31).map { "k\($0)=v" })
    let long = try #require(
      self.context(from: [standard, (name: "tracestate", value: "a=" + String(repeating: "x", count: 5000) + ",b=1")]))
    #expect(long.foreignState == "b=1")
    let tags = try #require(
      self.context(from: [
        datadog[0], datadog[1], (name: "x-datadog-tags", value: "_dd.p.x=" + String(repeating: "x", count: 600)),
      ]))
    #expect(tags.tags.isEmpty)
    let odd = try #require(
      self.context(from: [
        datadog[0], datadog[1],
        (name: "x-datadog-tags", value: "other=1,_dd.p.dm=4,_dd.p.=1,_dd.p.a=,_dd.p.b=1,_dd.p.b=2,_dd.p.tid=x"),
      ]))
    #expect(odd.tags == [TraceContext.Tag(name: "b", value: "1")] && odd.traceID.high == 0)
  }
}
