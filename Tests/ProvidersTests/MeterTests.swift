// What is read out of an answer while it is relayed: usage, ends, errors, and what the client sees of it.

import Foundation
import LLMTelemetry
import Testing

@testable import Providers

@Suite struct MeterTests {
  /// Meters `chunks`, one millisecond apart, and returns the meter and the relayed text.
  static func meter(
    _ bodyFormat: BodyFormat, _ framing: ResponseFraming, _ chunks: [[UInt8]], strips: Bool = false, capture: Int = 1000
  ) -> (ResponseMeter, String) {
    var meter = ResponseMeter(bodyFormat: bodyFormat, framing: framing, captureLimit: capture)
    var relayed: [UInt8] = []
    for (index, chunk) in chunks.enumerated() {
      let time = Timestamp(unixSeconds: 100) + .milliseconds(index)
      chunk.withUnsafeBytes { meter.consume($0, at: time, stripsUsage: strips) { relayed.append(contentsOf: $0) } }
    }
    if let rest = meter.finish(at: Timestamp(unixSeconds: 101), stripsUsage: strips) { relayed += rest }
    return (meter, String(decoding: relayed, as: UTF8.self))
  }

  private static func events(_ data: String..., end: String = "\n\n") -> [[UInt8]] {
    data.map { Array("data: \($0)\(end)".utf8) }
  }
  private static func delta(_ text: String, finish: String = "null") -> String {
    #"{"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":\#(finish)}],"usage":null}"#
  }
  private static let usage =
    #""usage":{"prompt_tokens":10,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}"#
  private static let disjoint = TokenUsage(input: 6, cacheRead: 4, output: 5, reasoning: 2)

  @Test func anOpenAIStreamIsMeteredAndItsUsageChunkWithheldWhenNotAskedFor() {
    let stream = Self.events(Self.delta("he"), Self.delta("llo", finish: #""stop""#), #"{"choices":[],\#(Self.usage)}"#, "[DONE]")
    let whole = String(decoding: stream.joined(), as: UTF8.self)
    let (asked, seen) = Self.meter(.openAIChat, .eventStream, stream)
    #expect(
      asked.usage == Self.disjoint && asked.text == "hello" && asked.finishReason == .stop && asked.sawEnd && asked.defect == nil)
    #expect(
      asked.responseModel == "gpt-4o" && asked.firstTokenAt == Timestamp(unixSeconds: 100) && asked.longestGap == .milliseconds(1)
    )
    #expect(seen == whole)
    let less = String(decoding: [stream[0], stream[1], stream[3]].joined(), as: UTF8.self)
    for chunks in SplitterTests.chunkings(whole) {
      let (meter, relayed) = Self.meter(.openAIChat, .eventStream, chunks, strips: true)
      #expect(meter.usage == Self.disjoint && meter.text == "hello" && relayed == less)
    }
  }

  @Test func usageThatComesWithChoicesCountsAndIsRelayed() {
    let stream = Self.events(
      Self.delta("x", finish: #""length""#), #"{"choices":[{"index":0,"delta":{}}],\#(Self.usage)}"#, "[DONE]")
    let (meter, relayed) = Self.meter(.openAIChat, .eventStream, stream, strips: true)
    #expect(meter.usage == Self.disjoint && meter.finishReason == .length)
    #expect(relayed == String(decoding: stream.joined(), as: UTF8.self))
  }

  @Test func absentIsNotZeroAndZeroIsAValue() {
    func usage(_ json: String) -> TokenUsage {
      Self.meter(.openAIChat, .document, [Array(#"{"choices":[],"usage":\#(json)}"#.utf8)]).0.usage
    }
    #expect(usage(#"{"prompt_tokens":5,"completion_tokens":0}"#) == TokenUsage(input: 5, output: 0))
    #expect(usage(#"{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":0}}"#) == TokenUsage(input: 5, cacheRead: 0))
    #expect(usage("null").isUnknown)
    #expect(usage(#"{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":9}}"#).input == 0, "never negative")
  }

  @Test func googleThoughtsAreOutsideCandidatesAndNotPartOfTheText() {
    let chunks = [
      #"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}],"usageMetadata":{"promptTokenCount":9}}"#,
      #"{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}],"modelVersion":"m-1","usageMetadata":{"promptTokenCount":9,"#
        + #""cachedContentTokenCount":3,"candidatesTokenCount":2,"thoughtsTokenCount":11,"toolUsePromptTokenCount":1}}"#,
    ]
    let expected = TokenUsage(input: 7, cacheRead: 3, output: 2, reasoning: 11)
    for framing in [ResponseFraming.eventStream, .jsonArray] {
      let whole =
        framing == .jsonArray ? "[" + chunks.joined(separator: ",\r\n") + "]" : chunks.map { "data: \($0)\r\n\r\n" }.joined()
      for pieces in SplitterTests.chunkings(whole) {
        let (meter, relayed) = Self.meter(.googleGenerate, framing, pieces)
        #expect(
          meter.usage == expected && meter.text == "hi" && meter.responseModel == "m-1" && meter.defect == nil && relayed == whole
        )
      }
    }
  }

  @Test func aBlockedPromptHasNoCandidatesAndIsWhole() {
    let body = #"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}}"#
    for framing in [ResponseFraming.document, .eventStream] {
      let (meter, _) = Self.meter(.googleGenerate, framing, framing == .document ? [Array(body.utf8)] : Self.events(body))
      #expect(meter.blockReason == "SAFETY" && meter.defect == nil && meter.usage == TokenUsage(input: 4))
    }
  }

  @Test func anErrorEventInMidStreamIsKept() {
    let (meter, _) = Self.meter(
      .openAIChat, .eventStream,
      Self.events(Self.delta("a"), #"{"error":{"message":"over\nloaded","type":"server_error","code":null}}"#))
    #expect(meter.error?.message == "over loaded" && meter.error?.code == "server_error")
    #expect(ErrorClassification.errorClass(status: 200, failure: meter.error) == .providerError)
  }

  @Test(arguments: [
    "", "<html>", "[]", "null", "[DONE]", #"{"choices":[{"message":{"content":"hal"#, #"{"choices":[],}"#, #"{"a":1"#,
  ])
  func aDocumentThatIsNoWholeObjectIsADefect(body: String) {
    for bodyFormat in [BodyFormat.openAIChat, .googleGenerate] {
      #expect(Self.meter(bodyFormat, .document, [Array(body.utf8)]).0.defect?.contains("JSON") == true)
    }
  }

  @Test func aStreamWithoutItsEndOrWithABrokenEventIsADefect() {
    #expect(Self.meter(.openAIChat, .eventStream, []).0.defect?.contains("whole") == true)
    #expect(Self.meter(.openAIChat, .eventStream, Self.events(Self.delta("a"))).0.defect?.contains("whole") == true)
    #expect(
      Self.meter(.openAIChat, .eventStream, Self.events(#"{"choices":[{"del"#, "[DONE]")).0.defect?.contains("JSON") == true)
    #expect(Self.meter(.googleGenerate, .jsonArray, [Array(#"[{"candidates":[]}"#.utf8)]).0.defect?.contains("whole") == true)
    #expect(Self.meter(.openAIChat, .eventStream, Self.events("[DONE]")).0.defect == nil)
    // Comments keep a connection alive and are no events; SDKs read a last event that lacks its blank line.
    let unfinished = [Array(": ping\n\n".utf8)] + Self.events(Self.delta("a")) + Self.events("[DONE]", end: "\n")
    for strips in [false, true] {
      let (meter, relayed) = Self.meter(.openAIChat, .eventStream, unfinished, strips: strips)
      #expect(meter.defect == nil && relayed == String(decoding: unfinished.joined(), as: UTF8.self))
    }
  }

  @Test func everyPrefixOfAnAnswerIsMeteredWithoutATrapAndIsADefect() {
    let body = Array(#"{"choices":[{"message":{"content":"a\ud83d\ude00"},"finish_reason":"stop"}],\#(Self.usage)}"#.utf8)
    let good = (0...body.count).filter { Self.meter(.openAIChat, .document, [Array(body[..<$0])]).0.defect == nil }
    #expect(good == [body.count])
  }

  @Test func capturedTextEndsAtTheLimitAndTheCountDoesNot() {
    let body = Array(#"{"choices":[{"message":{"content":"abcé"},"finish_reason":"stop"}]}"#.utf8)
    for (limit, text) in [(0, ""), (3, "abc"), (4, "abc"), (5, "abcé")] {
      let (meter, _) = Self.meter(.openAIChat, .document, [body], capture: limit)
      #expect(meter.text == text && meter.textByteCount == 5)
    }
  }

  @Test func whatIsKeptHasNoHole() {
    let stream = Self.events(Self.delta("abcé"), Self.delta("d"), "[DONE]")
    let (meter, _) = Self.meter(.openAIChat, .eventStream, stream, capture: 4)
    #expect(meter.text == "abc" && meter.textByteCount == 6)
  }
}
