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
    for isSampled in [true, false] {
      let context = TraceContext(traceID: .random(), spanID: .random(), isSampled: isSampled)
      #expect(self.context(from: context.headers) == context)
      #expect(self.context(from: context.headers.filter { $0.name == "traceparent" }) == context)
    }
  }
}
