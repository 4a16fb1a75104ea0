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

  private func meter(
    _ text: String, cuts: [Int], bodyFormat: BodyFormat = .openAIChat, framing: ResponseFraming = .eventStream, strips: Bool
  ) -> (meter: ResponseMeter, relayed: String) {
    var meter = ResponseMeter(bodyFormat: bodyFormat, framing: framing, captureLimit: 1000)
    var relayed: [UInt8] = []
    let bytes = Array(text.utf8)
    var start = 0
    for end in cuts + [bytes.count] {
      Array(bytes[start..<end]).withUnsafeBytes { chunk in
        meter.consume(chunk, at: Timestamp(unixSeconds: Int64(end)), stripsUsage: strips) { relayed += $0 }
      }
      start = end
    }
    if let rest = meter.finish(at: Timestamp(unixSeconds: Int64(bytes.count)), stripsUsage: strips) { relayed += rest }
    return (meter, String(decoding: relayed, as: UTF8.self))
  }

  @Test func factsAndBytesAreTheSameHoweverTheStreamIsCut() {
    let stripped = Self.openAI.replacing(/data: \{"id":"c","choices":\[\],.*\n\n/, with: "")
    let usage = TokenUsage(input: 5, cacheRead: 4, output: 5, reasoning: 2)
    for ending in ["\n", "\r\n"] {
      let stream = Self.openAI.replacing("\n", with: ending)
      let count = stream.utf8.count
      for cuts in (1..<count).map({ [$0] }) + [Array(1..<count)] {
        let plain = meter(stream, cuts: cuts, strips: false)
        #expect(plain.relayed == stream)
        let strip = meter(stream, cuts: cuts, strips: true)
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
      let result = meter(stream, cuts: cuts, bodyFormat: .googleGenerate, framing: framing, strips: false)
      #expect(result.relayed == stream)
      #expect(result.meter.usage == TokenUsage(input: 8, cacheRead: 4, output: 2, reasoning: 1))
      #expect(result.meter.text == "y\"[o" && result.meter.finishReason == .stop)
    }
  }

  @Test func theFirstTokenIsNotTheEmptyRoleDelta() {
    let boundary = Self.openAI.utf8.count(of: "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\"")
    let result = meter(Self.openAI, cuts: [boundary], strips: false)
    #expect(result.meter.firstTokenAt == Timestamp(unixSeconds: Int64(Self.openAI.utf8.count)))
  }
}

extension String.UTF8View {
  /// How many bytes stand before `text`.
  fileprivate func count(of text: String) -> Int { String(self).components(before: text).utf8.count }
}

extension String {
  fileprivate func components(before text: String) -> Substring {
    ranges(of: text).first.map { self[..<$0.lowerBound] } ?? self[...]
  }
}
