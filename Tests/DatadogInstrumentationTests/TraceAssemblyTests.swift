// Traces are put together before they are sent: whole where that can be known, in time where it cannot, and within a limit.

import LLMTelemetry
import Testing

@testable import DatadogInstrumentation

@Suite struct TraceAssemblyTests {
  private let origin = Timestamp(unixSeconds: 1_795_464_236)

  private func span(_ trace: UInt64, _ id: UInt64, parent: UInt64? = nil) -> LLMSpan {
    LLMSpan(
      traceID: TraceID(high: 1, low: trace) ?? .random(), spanID: SpanID(bits: id) ?? .random(),
      parentSpanID: parent.flatMap { SpanID(bits: $0) }, kind: .task, name: "\(trace)/\(id)", start: origin, duration: .zero)
  }

  @Test func aTraceGoesWhenItsRootHasEnded() {
    var assembly = TraceAssembly()
    #expect(assembly.add([span(1, 3, parent: 2), span(2, 9, parent: 8)], now: origin).isEmpty)
    #expect(assembly.add([span(1, 2, parent: 1)], now: origin).isEmpty)
    #expect(assembly.add([span(1, 1)], now: origin).map(\.name) == ["1/3", "1/2", "1/1"])
    #expect(assembly.count == 1)
    // What ends after its root is on its own.
    #expect(assembly.add([span(1, 4, parent: 1)], now: origin).isEmpty)
    #expect(Set(assembly.release(now: origin, isLast: true).map(\.name)) == ["2/9", "1/4"])
    #expect(assembly.count == 0)
  }

  /// A trace that was begun elsewhere has no root here.
  @Test func aTraceWithoutARootGoesWhenNothingHasEndedForAWhile() {
    var assembly = TraceAssembly()
    _ = assembly.add([span(1, 2, parent: 1)], now: origin)
    _ = assembly.add([span(1, 3, parent: 2)], now: origin + .seconds(4))
    #expect(assembly.release(now: origin + .seconds(8)).isEmpty)
    #expect(assembly.release(now: origin + .seconds(9)).map(\.name) == ["1/2", "1/3"])
  }

  @Test func whatIsHeldIsBoundedAndTheOldestGoFirst() {
    var assembly = TraceAssembly()
    var given: [LLMSpan] = []
    for number in UInt64(1)...12_000 {
      given += assembly.add([span(number, 2, parent: 1)], now: origin + .milliseconds(Int64(number)))
    }
    #expect(assembly.count <= TraceAssembly.spanLimit && assembly.count + given.count == 12_000)
    #expect(given.map(\.name) == (1...given.count).map { "\($0)/2" })
  }
}
