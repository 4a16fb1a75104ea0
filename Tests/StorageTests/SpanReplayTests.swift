// Stored spans once more, oldest first, over page boundaries and within a range.

import LLMTelemetry
@testable import Storage
import Testing

@Suite struct SpanReplayTests {
  private let origin = Timestamp(unixSeconds: 1_764_000_000)

  @Test func everySpanOfTheRangeComesOnceInTheOrderOfTime() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      #expect(try store.spanTimes() == nil)
      // More than two pages, in another order than time, many of them in one and the same nanosecond.
      var random = SystemRandomNumberGenerator()
      let seconds = (0..<4_500).map { $0 / 3 }.shuffled(using: &random)
      try store.append(
        spans: seconds.map {
          LLMSpan(
            traceID: .random(), spanID: .random(), kind: .llm, name: "\($0)", start: origin + .seconds($0), duration: .zero)
        })
      var seen: [LLMSpan] = []
      try store.replay(origin + .seconds(10)..<(origin + .seconds(1_400))) { seen.append($0) }
      #expect(seen.count == 3 * 1_390)
      #expect(Set(seen.map(\.spanID)).count == seen.count)
      #expect(seen.map(\.start) == seen.map(\.start).sorted())
      #expect(seen.first?.start == origin + .seconds(10) && seen.last?.start == origin + .seconds(1_399))
      #expect(try store.spanTimes() == origin...(origin + .seconds(1_499)))
    }
  }
}
