// Another vendor's answer becomes OpenAI's, however its bytes are cut, and never becomes more than the provider said.

import Providers
import Testing

@Suite struct TranslationAnswerTests {
  private static let streams: [(AnswerExample, ResponseFraming)] = [
    (.anthropic, .eventStream), (.google, .eventStream), (.google, .jsonArray),
  ]

  private func compact(_ json: String) -> String? { TranslationRequestTests.compact(json) }

  @Test func documentsBecomeChatCompletions() throws {
    for (example, wanted) in [
      (AnswerExample.anthropic, AnswerExample.anthropicDocument), (.google, AnswerExample.googleDocument),
    ] {
      let count = example.document.utf8.count
      for cuts in [[], Array(1..<count)] {
        let result = Translated(example.document, from: example.format, framing: .document, cuts: cuts)
        #expect(try result.output == #require(compact(wanted)))
        #expect(result.translator.isComplete && !result.translator.isMalformed)
      }
    }
  }

  @Test func anthropicsEventsBecomeChunks() throws {
    let head = #"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o","choices":["#
    var wanted = AnswerExample.anthropicChunks.map {
      head + #"{"index":0,"delta":\#($0),"logprobs":null,"finish_reason":null}]"#
    }
    wanted.append(head + #"{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}]"#)
    let example = AnswerExample.anthropic
    let plain = Translated(example.stream(.eventStream), from: example.format, framing: .eventStream, includesUsage: false)
    #expect(plain.events == wanted.map { $0 + "}" } + ["[DONE]"])
    let counted = Translated(example.stream(.eventStream), from: example.format, framing: .eventStream)
    let usage =
      #"{"prompt_tokens":16,"completion_tokens":12,"total_tokens":28,"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":4},"completion_tokens_details":{}}"#
    #expect(counted.events == wanted.map { $0 + #","usage":null}"# } + [head + #"],"usage":\#(usage)}"#, "[DONE]"])
  }

  @Test(arguments: streams.indices) func chunksMergeIntoTheDocumentHoweverTheStreamIsCut(_ index: Int) throws {
    let (example, framing) = Self.streams[index]
    let stream = example.stream(framing)
    let whole = Translated(stream, from: example.format, framing: framing)
    let document = Translated(example.document, from: example.format, framing: .document)
    #expect(whole.isDone && whole.translator.isComplete)
    #expect(whole.mergedChoices == JSONTree(parsing: document.output)?["choices"])
    let usage = whole.events.dropLast().last.flatMap { JSONTree(parsing: $0) }
    #expect(usage?["choices"] == [] && usage?["usage"] == JSONTree(parsing: document.output)?["usage"])
    for cuts in (1..<stream.utf8.count).map({ [$0] }) + [Array(1..<stream.utf8.count)] {
      #expect(Translated(stream, from: example.format, framing: framing, cuts: cuts).output == whole.output)
    }
    let splits = Translated(stream.replacing("\n", with: "\r\n"), from: example.format, framing: framing)
    #expect(framing == .jsonArray || example.format == .googleGenerate || splits.output == whole.output)
  }

  /// Wherever a stream breaks off, what was sent is a beginning of the whole, and there is no end unless the provider gave it.
  @Test(arguments: streams.indices) func aBrokenStreamHasNoEnd(_ index: Int) {
    let (example, framing) = Self.streams[index]
    let stream = Array(example.stream(framing).utf8)
    let whole = Translated(stream, from: example.format, framing: framing)
    // The provider's last word, with which the answer is whole; what follows it is only counts or white space.
    let lastWord = example.format == .anthropicMessages ? example.frames.count - 1 : example.frames.count - 2
    let beforeLastWord = example.frames[..<lastWord].joined().utf8.count
    for end in 0..<stream.count {
      let result = Translated(Array(stream[..<end]), from: example.format, framing: framing)
      #expect(result.isDone == result.translator.isComplete)
      if end < beforeLastWord { #expect(!result.isDone, "\(end)") }
      if !result.isDone { #expect(whole.output.hasPrefix(result.output)) }
    }
  }

  @Test(arguments: [AnswerExample.anthropic, .google]) func aBrokenDocumentIsNoAnswer(_ example: AnswerExample) {
    let bytes = Array(example.document.utf8)
    for end in 0..<bytes.count {
      let result = Translated(Array(bytes[..<end]), from: example.format, framing: .document)
      #expect(result.output.isEmpty && result.translator.isMalformed && !result.translator.isComplete)
    }
  }

  /// Damage at any byte is survived, and what is recognised as damaged is not ended as if it were whole.
  @Test(arguments: streams.indices) func damageNeverTrapsNorLooksWhole(_ index: Int) {
    let (example, framing) = Self.streams[index]
    let stream = Array(example.stream(framing).utf8)
    for position in stream.indices {
      for byte in [0x0a, 0x22, 0x7d, 0xff] as [UInt8] {
        var damaged = stream
        damaged[position] = byte
        let result = Translated(damaged, from: example.format, framing: framing)
        #expect(result.isDone == result.translator.isComplete && !(result.isDone && result.translator.isMalformed))
      }
    }
  }

  private static let malformed: [(format: BodyFormat, frame: String)] = [
    (.googleGenerate, "[1]"), (.googleGenerate, "nonsense"), (.googleGenerate, #"{"candidates":{}}"#),
    (.googleGenerate, #"{"candidates":["x"]}"#), (.googleGenerate, #"{"candidates":[{"index":-1}]}"#),
    (.googleGenerate, #"{"candidates":[{"index":1000000}]}"#),
    (.googleGenerate, #"{"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}"#),
    (.anthropicMessages, "{}"), (.anthropicMessages, #"{"type":"content_block_start"}"#),
    (.anthropicMessages, #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","name":"f"}}"#),
    (.anthropicMessages, #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta"}}"#),
    (.anthropicMessages, #"{"type":"message_stop"}"#),
  ]

  @Test(arguments: malformed.indices) func aFrameThatIsNotTheVendorsEndsTheTranslation(_ index: Int) {
    let (format, frame) = Self.malformed[index]
    let good = format == .googleGenerate ? AnswerExample.google : .anthropic
    let result = Translated("data: \(frame)\n\n" + good.stream(.eventStream), from: format, framing: .eventStream)
    #expect(result.translator.isMalformed && !result.translator.isComplete && result.output.isEmpty)
  }

  @Test(arguments: [ResponseFraming.document, .eventStream, .jsonArray]) func framesAreLimited(framing: ResponseFraming) {
    let start = framing == .eventStream ? "data: {\"a\":\"" : "[{\"a\":\""
    let result = Translated(
      start + String(repeating: "x", count: AnswerTranslator.frameLimit), from: .googleGenerate, framing: framing)
    #expect(result.translator.isMalformed && result.output.isEmpty)
  }

  @Test func anErrorInsideAStreamIsPassedOnAndEndsIt() {
    let anthropic =
      Array(AnswerExample.anthropic.frames[..<8]) + [
        #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#
      ]
    let google = [
      AnswerExample.google.frames[0],
      #"{"error":{"code":429,"message":"Slow down","status":"RESOURCE_EXHAUSTED"}}"#,
    ]
    for (example, frames, error) in [
      (
        AnswerExample.anthropic, anthropic,
        #"{"error":{"message":"Overloaded","type":"api_error","param":null,"code":"overloaded_error"}}"#
      ),
      (
        .google, google, #"{"error":{"message":"Slow down","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#
      ),
    ] {
      var broken = example
      broken.frames = frames + example.frames
      let result = Translated(broken.stream(.eventStream), from: example.format, framing: .eventStream)
      #expect(result.events.last == error && result.events.count == 3)
      #expect(!result.translator.isComplete && result.translator.hasFailed && !result.translator.isMalformed)
    }
  }

  @Test func aLastEventWithoutItsBlankLineIsRead() {
    let stream = AnswerExample.anthropic.stream(.eventStream)
    let result = Translated(String(stream.dropLast(2)), from: .anthropicMessages, framing: .eventStream)
    #expect(result.isDone && result.translator.isComplete)
  }

  @Test func aBlockedPromptIsAnEmptyFilteredAnswer() {
    let blocked = #"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}"#
    let document = Translated(blocked, from: .googleGenerate, framing: .document)
    let choice = JSONTree(parsing: document.output)?["choices"]?.elements?.first
    #expect(choice?["message"]?["content"] == "" && choice?["finish_reason"] == "content_filter")
    #expect(JSONTree(parsing: document.output)?["usage"]?["total_tokens"]?.integer == 4)
    let stream = Translated("data: \(blocked)\r\n\r\n", from: .googleGenerate, framing: .eventStream)
    #expect(stream.isDone && stream.mergedChoices?.elements?.first == choice)
    // Neither candidates nor a reason: a client that reads the first choice would fail.
    let empty = Translated(#"{"usageMetadata":{"promptTokenCount":4}}"#, from: .googleGenerate, framing: .document)
    #expect(empty.output.isEmpty && empty.translator.isMalformed)
  }

  @Test func countsThatWereNotGivenAreNotInvented() {
    let answer = #"{"type":"message","content":[],"stop_reason":"end_turn","usage":{"output_tokens":3}}"#
    #expect(JSONTree(parsing: Translated(answer, from: .anthropicMessages, framing: .document).output)?["usage"] == nil)
    let huge =
      #"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9223372036854775807,"candidatesTokenCount":2}}"#
    let usage = JSONTree(parsing: Translated(huge, from: .googleGenerate, framing: .document).output)?["usage"]
    #expect(usage?["total_tokens"]?.integer == 2)
  }

  @Test(arguments: [
    ("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("RECITATION", "content_filter"),
    ("PROHIBITED_CONTENT", "content_filter"), ("SPII", "content_filter"), ("MALFORMED_FUNCTION_CALL", "stop"),
    ("NEW_REASON", "stop"),
  ])
  func googlesFinishReasonsHaveCounterparts(reason: String, wanted: String) {
    let answer = #"{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"\#(reason)"}]}"#
    let result = JSONTree(parsing: Translated(answer, from: .googleGenerate, framing: .document).output)
    #expect(result?["choices"]?.elements?.first?["finish_reason"]?.text == wanted)
  }

  @Test(arguments: [
    ("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("model_context_window_exceeded", "length"),
    ("tool_use", "tool_calls"), ("refusal", "content_filter"), ("new_reason", "stop"),
  ])
  func anthropicsFinishReasonsHaveCounterparts(reason: String, wanted: String) {
    let answer = #"{"type":"message","content":[{"type":"text","text":"x"}],"stop_reason":"\#(reason)"}"#
    let result = JSONTree(parsing: Translated(answer, from: .anthropicMessages, framing: .document).output)
    #expect(result?["choices"]?.elements?.first?["finish_reason"]?.text == wanted)
  }

  @Test func errorsAreSaidInOpenAIsWords() {
    func error(_ status: Int, _ body: String, _ wireProtocol: WireProtocol) -> String {
      Array(body.utf8).withUnsafeBytes {
        String(decoding: AnswerTranslator.error(status: status, body: $0, from: wireProtocol), as: UTF8.self)
      }
    }
    func wanted(_ message: String, _ type: String, _ code: String) -> String {
      #"{"error":{"message":"\#(message)","type":"\#(type)","param":null,"code":"\#(code)"}}"#
    }
    let google = #"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}"#
    #expect(error(429, google, .gemini) == wanted("Quota", "rate_limit_error", "rate_limit_exceeded"))
    #expect(error(429, "[\(google)\n]", .vertex) == wanted("Quota", "rate_limit_error", "rate_limit_exceeded"))
    #expect(
      error(
        400,
        #"{"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}}"#,
        .gemini)
        == wanted(
          "The input token count (9) exceeds the maximum number of tokens allowed (8).", "invalid_request_error",
          "context_length_exceeded"))
    #expect(
      error(401, #"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, .anthropic)
        == wanted("invalid x-api-key", "authentication_error", "invalid_api_key"))
    #expect(
      error(400, #"{"type":"error","error":{"type":"invalid_request_error","message":"bad"}}"#, .vertex)
        == wanted("bad", "invalid_request_error", "invalid_request_error"))
    #expect(
      error(529, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, .anthropic)
        == wanted("Overloaded", "api_error", "overloaded_error"))
    #expect(
      error(404, #"{"error":{"code":404,"message":"no model","status":"NOT_FOUND"}}"#, .gemini)
        == wanted("no model", "invalid_request_error", "NOT_FOUND"))
    #expect(error(502, "<html>\nBad Gateway", .vertex) == wanted("<html> Bad Gateway", "api_error", "provider_error"))
    #expect(error(503, "", .anthropic) == wanted("the provider answered 503 without a message", "api_error", "provider_error"))
    #expect(error(400, #"{"error":{"message":"m"}}"#, .openAI) == #"{"error":{"message":"m"}}"#)
  }
}
