// What money is computed from survives recorded traffic: every bucket, the tier and the key.

import LLMTelemetry
import Testing

@Suite struct TrafficUsageTests {
  @Test func everyBucketTierAndKeyComesBack() throws {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat m", start: Timestamp(unixSeconds: 1_764_000_000),
      duration: .seconds(1))
    span.dimensions.provider = "anthropic"
    span.dimensions.model = "m"
    span.usage = TokenUsage(input: 1, cacheRead: 2, cacheWrite: 3, cacheWriteHour: 4, output: 5, reasoning: 6)
    span.usage.inputAudio = 7
    span.usage.inputImage = 8
    span.usage.outputAudio = 9
    span.usage.outputImage = 0
    span.serviceTier = .priority
    span.virtualKey = "team-a"
    let line = try RecordedTraffic.line(for: .span(span))
    #expect(line.contains(#""cache_write_hour":4"#) && line.contains(#""output_image":0"#))
    #expect(line.contains(#""service_tier":"priority""#) && line.contains(#""virtual_key":"team-a""#))
    #expect(try RecordedTraffic.record(from: line.utf8, file: "t", line: 1) == .span(span))
  }

  @Test func unknownTierIsAnErrorThatNamesIt() {
    let line =
      #"{"type":"span","start":"2026-11-01T00:00:00Z","duration_ms":1,"kind":"llm","provider":"p","model":"m","#
      + #""status":"ok","service_tier":"gold"}"#
    #expect(throws: TrafficFormatError.self) { try RecordedTraffic.record(from: line.utf8, file: "t", line: 1) }
  }
}
