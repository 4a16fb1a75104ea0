// Streams arrive in any pieces: the events, the facts and the relayed bytes must not depend on where they are cut.

import LLMTelemetry
import Providers
import Testing

@Suite struct StreamTests {
  private static let openAI =
    [
      #"{"id":"c","model":"gpt-4o-2024-11-20","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
      #"{"id":"c","choices":[{"index":0,"delta":{"content":"Hel\"lo é"},"finish_reason":null}],"usage":null}"#,
      #"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
      #"{"id":"c","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}"#,
      "[DONE]",
    ].map { "data: \($0)\n\n" }.joined()

  @Test func factsAndBytesAreTheSameHoweverTheStreamIsCut() {
    let stripped = Self.openAI.replacing(/data: \{"id":"c","choices":\[\],.*\n\n/, with: "")
    let usage = TokenUsage(input: 5, cacheRead: 4, output: 5, reasoning: 2)
    for ending in ["\n", "\r\n"] {
      let stream = Self.openAI.replacing("\n", with: ending)
      let count = stream.utf8.count
      for cuts in (1..<count).map({ [$0] }) + [Array(1..<count)] {
        let plain = metered(stream, .openAIChat, .eventStream, cuts: cuts)
        #expect(plain.relayed == stream)
        let strip = metered(stream, .openAIChat, .eventStream, cuts: cuts, stripsUsage: true)
        #expect(strip.relayed == stripped.replacing("\n", with: ending), "\(cuts.prefix(1))")
        #expect(plain.meter.usage == usage && strip.meter.usage == usage)
        #expect(
          plain.meter.text == "Hel\"lo é" && plain.meter.finishReason == .stop && plain.meter.responseModel == "gpt-4o-2024-11-20"
        )
      }
    }
  }

  @Test(arguments: [ResponseFraming.eventStream, .jsonArray])
  func googlesThoughtsAreOutsideTheAnswerAndItsCacheInsideThePrompt(framing: ResponseFraming) {
    let frames = [
      #"{"candidates":[{"content":{"role":"model","parts":[{"text":"think ] }","thought":true},{"text":"y\"["}]}}],"usageMetadata":{"promptTokenCount":9}}"#,
      #"{"candidates":[{"content":{"parts":[{"text":"o"}]},"finishReason":"STOP"}],"modelVersion":"gemini-2.5-pro","usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"candidatesTokenCount":2,"thoughtsTokenCount":1,"toolUsePromptTokenCount":3}}"#,
    ]
    let isArray = framing == .jsonArray
    let stream = isArray ? "[" + frames.joined(separator: "\n,\r\n") + "]" : frames.map { "data: \($0)\r\n\r\n" }.joined()
    for cuts in (1..<stream.utf8.count).map({ [$0] }) {
      let result = metered(stream, .googleGenerate, framing, cuts: cuts)
      #expect(result.relayed == stream)
      #expect(result.meter.usage == TokenUsage(input: 8, cacheRead: 4, output: 2, reasoning: 1))
      #expect(result.meter.text == "y\"[o" && result.meter.finishReason == .stop)
    }
  }

  @Test func theFirstTokenIsNotTheEmptyRoleDelta() {
    let before = Self.openAI.ranges(of: #"{"id":"c","choices":[{"index":0,"delta":{"content"#).first.map {
      Self.openAI[..<$0.lowerBound]
    }
    let result = metered(Self.openAI, .openAIChat, .eventStream, cuts: [before?.utf8.count ?? 0])
    #expect(result.meter.firstTokenAt == Timestamp(unixSeconds: 101) && result.meter.longestGap == .seconds(1))
  }

  @Test func aHundredThousandEventsAndLinesAreMetered() {
    let delta = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"
    let many = metered(String(repeating: delta, count: 100_000) + "data: [DONE]\n\n", .openAIChat, .eventStream, cuts: [777_777])
    #expect(many.meter.textByteCount == 100_000 && many.meter.text.utf8.count == 1000 && many.meter.defect == nil)
    let lines = "data: {\n" + String(repeating: "data: \n", count: 100_000) + "data: \"usage\":{\"prompt_tokens\":3}}\n\n"
    let one = metered(lines + "data: [DONE]\n\n", .openAIChat, .eventStream, cuts: [5, 333_333])
    #expect(one.meter.usage == TokenUsage(input: 3) && one.meter.defect == nil)
  }

  @Test(arguments: [ResponseFraming.document, .eventStream, .jsonArray])
  func aFrameWithoutEndIsRelayedAndNotKept(framing: ResponseFraming) {
    let piece = Array("[{\"text\":\"".utf8) + [UInt8](repeating: 0x78, count: 1 << 20)
    for strips in [false, true] {
      var meter = ResponseMeter(bodyFormat: .openAIChat, framing: framing, captureLimit: 0)
      var relayed = 0
      for _ in 0..<20 {
        piece.withUnsafeBytes { meter.consume($0, at: Timestamp(unixSeconds: 1), stripsUsage: strips) { relayed += $0.count } }
      }
      let rest = meter.finish(at: Timestamp(unixSeconds: 2), stripsUsage: strips)
      #expect(meter.overflowed && meter.defect == nil && rest == nil && relayed == 20 * piece.count)
    }
  }

  @Test func invalidUTF8IsRelayedAndRepairedInWhatIsKept() {
    let bytes = Array("data: {\"choices\":[{\"delta\":{\"content\":\"a".utf8) + [0xff, 0xc3] + Array("b\"}}]}\n\n".utf8)
    var meter = ResponseMeter(bodyFormat: .openAIChat, framing: .eventStream, captureLimit: 100)
    var relayed: [UInt8] = []
    bytes.withUnsafeBytes { meter.consume($0, at: Timestamp(unixSeconds: 1), stripsUsage: true) { relayed += $0 } }
    #expect(relayed == bytes && meter.text == "a\u{fffd}\u{fffd}b")
  }
}
