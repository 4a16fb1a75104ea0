// Every format's answers, whole and in pieces, in the shapes providers send: what is counted, and in which bucket.

import LLMTelemetry
import Testing

@testable import Providers

@Suite struct FormatTests {
  static func usage(
    _ input: Int?, read: Int? = nil, write: Int? = nil, hour: Int? = nil, audio: Int? = nil, image: Int? = nil,
    output: Int? = nil,
    reasoning: Int? = nil, outputAudio: Int? = nil, outputImage: Int? = nil
  ) -> TokenUsage {
    var usage = TokenUsage(
      input: input, cacheRead: read, cacheWrite: write, cacheWriteHour: hour, output: output, reasoning: reasoning)
    usage.inputAudio = audio
    usage.inputImage = image
    usage.outputAudio = outputAudio
    usage.outputImage = outputImage
    return usage
  }

  struct Report: Sendable {
    var format: BodyFormat
    var body: String
    var usage: TokenUsage
    init(_ format: BodyFormat, _ body: String, _ usage: TokenUsage) {
      (self.format, self.body, self.usage) = (format, body, usage)
    }
  }

  @Test(arguments: [
    // OpenAI: everything is inside the two sums.
    Report(.openAIChat, #"{"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#, usage(9, output: 2)),
    Report(
      .openAIChat,
      #"{"usage":{"prompt_tokens":20,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":3,"audio_tokens":5,"image_tokens":2,"text_tokens":1},"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":1,"audio_tokens":3,"rejected_prediction_tokens":2}}}"#,
      usage(6, read: 4, write: 3, audio: 5, image: 2, output: 5, reasoning: 1, outputAudio: 3)),
    Report(
      .openAIChat, #"{"usage":{"prompt_tokens":9,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":5}}"#, usage(5, read: 4)),
    Report(
      .openAIChat, #"{"usage":{"prompt_tokens":9,"prompt_cache_hit_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}"#,
      usage(6, read: 3)),
    Report(
      .openAIChat,
      #"{"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":16,"completion_tokens_details":{"reasoning_tokens":5}}}"#,
      usage(9, output: 2, reasoning: 5)),
    Report(.openAIChat, #"{"usage":{"prompt_tokens":3,"prompt_tokens_details":{"audio_tokens":5}}}"#, usage(0, audio: 3)),
    Report(.openAIChat, #"{"usage":{"prompt_tokens":99999999999999999999,"completion_tokens":-1}}"#, usage(nil)),
    Report(.openAIChat, #"{"usage":null}"#, usage(nil)), Report(.openAIChat, #"{"usage":[1]}"#, usage(nil)),
    Report(
      .openAIResponses,
      #"{"status":"completed","usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":11}}"#,
      usage(5, read: 4, output: 1, reasoning: 1)),
    Report(
      .openAIEmbeddings, #"{"data":[{"embedding":"zczMPc3MTD4="}],"usage":{"prompt_tokens":2,"total_tokens":2}}"#, usage(2)),
    Report(.openAIEmbeddings, #"{"data":[{"embedding":[0.1,-2e-3]}],"usage":{"prompt_tokens":0}}"#, usage(0)),
    Report(.openAIEmbeddings, #"{"data":[]}"#, usage(nil)),
    // Anthropic: three sums side by side; thinking inside the output.
    Report(
      .anthropicMessages,
      #"{"usage":{"input_tokens":9,"cache_creation_input_tokens":3,"cache_read_input_tokens":4,"output_tokens":2}}"#,
      usage(9, read: 4, write: 3, output: 2)),
    Report(
      .anthropicMessages,
      #"{"usage":{"input_tokens":9,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"cache_read_input_tokens":0,"output_tokens":9,"output_tokens_details":{"thinking_tokens":6}}}"#,
      usage(9, read: 0, write: 3, hour: 4, output: 3, reasoning: 6)),
    Report(
      .anthropicMessages, #"{"usage":{"cache_creation":{"ephemeral_1h_input_tokens":4},"cache_creation_input_tokens":9}}"#,
      usage(nil, write: 5, hour: 4)),
    Report(.anthropicMessages, #"{"usage":{"cache_creation":null,"cache_read_input_tokens":null,"input_tokens":1}}"#, usage(1)),
    Report(.anthropicTokenCount, #"{"input_tokens":9}"#, usage(nil)),
    // Google: the cache inside the prompt, thoughts outside the candidates, tool use on top.
    Report(
      .googleGenerate,
      #"{"usageMetadata":{"promptTokenCount":20,"cachedContentTokenCount":6,"promptTokensDetails":[{"modality":"TEXT","tokenCount":8},{"modality":"AUDIO","tokenCount":7},{"modality":"IMAGE","tokenCount":5}],"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":2}],"candidatesTokenCount":9,"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":6}],"thoughtsTokenCount":1,"toolUsePromptTokenCount":3}}"#,
      usage(7, read: 6, audio: 5, image: 5, output: 3, reasoning: 1, outputImage: 6)),
    Report(
      .googleGenerate,
      #"{"usageMetadata":{"promptTokenCount":5,"promptTokensDetails":[{"modality":4,"tokenCount":3},{"modality":1,"tokenCount":2}]}}"#,
      usage(2, audio: 3)),
    Report(.googleGenerate, #"{"usageMetadata":{"trafficType":"ON_DEMAND"}}"#, usage(nil)),
    Report(
      .googleGenerate, #"{"usageMetadata":{"promptTokenCount":4,"thoughtsTokenCount":3,"totalTokenCount":7}}"#,
      usage(4, output: 0, reasoning: 3)),
    Report(.googleGenerate, #"{"usageMetadata":{"promptTokenCount":4,"totalTokenCount":2}}"#, usage(4)),
    Report(.googleTokenCount, #"{"totalTokens":9,"promptTokensDetails":[]}"#, usage(nil)),
    Report(.googleEmbed, #"{"embedding":{"values":[0.1]},"usageMetadata":{"promptTokenCount":2,"totalTokenCount":2}}"#, usage(2)),
    Report(.googleEmbed, #"{"embeddings":[{"values":[0.1,0.2]}]}"#, usage(nil)),
    Report(
      .vertexPredict,
      #"{"predictions":[{"embeddings":{"values":[0.1],"statistics":{"truncated":false,"token_count":2}}},{"embeddings":{"statistics":{"token_count":3.0}}}]}"#,
      usage(5)),
    Report(.vertexPredict, #"{"predictions":[{"embeddings":{"statistics":{"token_count":2}}},{"embeddings":{}}]}"#, usage(nil)),
    Report(.vertexPredict, #"{"predictions":[{"bytesBase64Encoded":"AAAA"}]}"#, usage(nil)),
    Report(.vertexPredict, #"{"predictions":[]}"#, usage(nil)),
  ])
  func aReportIsSplitIntoDisjointBuckets(report: Report) {
    let meter = metered(report.body, report.format, .document).meter
    #expect(meter.usage == report.usage)
    #expect(meter.sawEnd && meter.defect == nil && meter.error == nil)
  }

  struct Answer: Sendable {
    var format: BodyFormat
    var frames: [String]
    var named = false
    var usage = TokenUsage()
    var text = ""
    var finish: FinishReason?
    var model: String?
    var tier: ServiceTier?
    /// The index of the event that brings the first token.
    var firstToken: Int?
    var isWhole = true

    var stream: String {
      frames.map { frame in
        let type = named ? frame.firstMatch(of: /"type":\s*"([a-z_.]+)"/).map { "event: \($0.1)\n" } ?? "" : ""
        return "\(type)data: \(frame)\n\n"
      }.joined()
    }
  }

  private static let start =
    #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-1","content":[],"stop_reason":null,"usage":{"input_tokens":9,"cache_creation_input_tokens":3,"cache_read_input_tokens":4,"cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":2},"output_tokens":1,"service_tier":"priority"}}}"#
  private static let response =
    #""model":"gpt-5","instructions":"text: \"x\"","service_tier":"flex","error":null,"incomplete_details":null"#

  static let answers: [Answer] = [
    Answer(
      format: .anthropicMessages,
      frames: [
        start, #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#,
        #"{"type":"ping"}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}}"#,
        #"{"type":"content_block_stop","index":0}"#,
        #"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Zür\n"}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"text":"ich \ud83d\ude00","type":"text_delta"}}"#,
        #"{"type":"content_block_stop","index":1}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":5}}"#,
        #"{"type":"message_delta","delta":{},"usage":{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}}"#,
        #"{"type":"message_stop"}"#,
      ], named: true, usage: usage(9, read: 4, write: 1, hour: 2, output: 4, reasoning: 3), text: "Zür\nich 😀", finish: .stop,
      model: "claude-1", tier: .priority, firstToken: 3),
    Answer(
      format: .anthropicMessages,
      frames: [
        start, #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#, #"{"type":"message_stop"}"#,
      ], named: true, usage: usage(9, read: 4, write: 1, hour: 2, output: 5), finish: .toolCalls, model: "claude-1",
      tier: .priority,
      firstToken: 1),
    // Cut before the final report: what was generated is unknown, not one token.
    Answer(
      format: .anthropicMessages,
      frames: [start, #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#], named: true,
      usage: usage(9, read: 4, write: 1, hour: 2), text: "a", model: "claude-1", tier: .priority, firstToken: 1, isWhole: false),
    Answer(
      format: .openAIResponses,
      frames: [
        #"{"type":"response.created","sequence_number":0,"response":{"id":"r","status":"in_progress","output":[],"usage":null,\#(response)}}"#,
        #"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","status":"in_progress","content":[]}}"#,
        #"{"type":"response.reasoning_summary_text.delta","delta":"hm"}"#,
        #"{"type":"response.output_text.delta","sequence_number":2,"item_id":"m","delta":"y\u00f6","logprobs":[]}"#,
        #"{"delta":"!","type":"response.output_text.delta"}"#, #"{"type":"response.output_text.done","text":"yö!"}"#,
        #"{"type":"response.completed","response":{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"yö!"}]}],"usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1}},\#(response)}}"#,
      ], named: true, usage: usage(5, read: 4, output: 1, reasoning: 1), text: "yö!", finish: .stop, model: "gpt-5", tier: .flex,
      firstToken: 2),
    Answer(
      format: .openAIResponses,
      frames: [
        #"{"type":"response.function_call_arguments.delta","delta":"{"}"#,
        #"{"type":"response.completed","response":{"status":"completed","output":[{"type":"function_call","arguments":"{}"}]}}"#,
      ], named: true, finish: .toolCalls, firstToken: 0),
    Answer(
      format: .openAIResponses,
      frames: [
        #"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":1}}}"#
      ], named: true, usage: usage(1), finish: .length),
    // Tool calls and vendors' thoughts are tokens, not text; usage comes with choices, and again.
    Answer(
      format: .openAIChat,
      frames: [
        #"{"model":"v","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":{"prompt_tokens":9,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":2}}}"#,
        #"{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#,
        #"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":2},"service_tier":"default"}"#,
        "[DONE]",
      ], usage: usage(7, read: 2, output: 2), text: "a", finish: .length, model: "v", tier: .standard, firstToken: 1),
    Answer(
      format: .openAIChat,
      frames: [
        #"{"choices":[],"prompt_filter_results":[]}"#,
        #"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":""}}]}}]}"#,
        #"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#, "[DONE]",
      ], finish: .toolCalls, firstToken: 1),
    Answer(
      format: .googleGenerate,
      frames: [
        #"{"candidates":[{"content":{"parts":[{"thought":true,"text":"hm"}]}}],"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"trafficType":"ON_DEMAND_PRIORITY"},"modelVersion":"g"}"#,
        #"{"candidates":[{"content":{"parts":[{"text":"a"},{"functionCall":{"name":"f"}}]},"finishReason":1}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"thoughtsTokenCount":1,"trafficType":"PROVISIONED_THROUGHPUT"}}"#,
      ], usage: usage(5, read: 4, output: 2, reasoning: 1), text: "a", finish: .stop, model: "g", tier: .priority, firstToken: 0),
    // A first chunk's total is no final total.
    Answer(
      format: .googleGenerate,
      frames: [
        #"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9}}"#
      ],
      usage: usage(9), text: "a", firstToken: 0, isWhole: false),
  ]

  @Test(arguments: answers)
  func aStreamGivesTheSameFactsHoweverItIsCut(answer: Answer) {
    let stream = answer.stream
    for cuts in (1..<stream.utf8.count).map({ [$0] }) + [[], Array(1..<stream.utf8.count)] {
      for strips in [false, true] {
        let (meter, relayed) = metered(stream, answer.format, .eventStream, cuts: cuts, stripsUsage: strips)
        let isRight =
          relayed == stream && meter.usage == answer.usage && meter.text == answer.text
          && meter.textByteCount == answer.text.utf8.count && meter.finishReason == answer.finish
          && meter.responseModel == answer.model && meter.serviceTier == answer.tier && meter.sawEnd == answer.isWhole
          && (meter.defect == nil) == answer.isWhole && meter.error == nil
        if !isRight { Issue.record("cut at \(cuts.prefix(2)): \(meter)") }
      }
    }
    // Event by event, the first token is where it is.
    var meter = ResponseMeter(bodyFormat: answer.format, framing: .eventStream, captureLimit: 0)
    for (index, frame) in answer.frames.enumerated() {
      withBytes(of: "data: \(frame)\n\n") {
        meter.consume($0, at: Timestamp(unixSeconds: Int64(index)), stripsUsage: false) { _ in }
      }
    }
    #expect(meter.firstTokenAt == answer.firstToken.map { Timestamp(unixSeconds: Int64($0)) })
    #expect(meter.text.isEmpty && meter.textByteCount == answer.text.utf8.count)
  }

  @Test(arguments: [
    (
      #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, BodyFormat.anthropicMessages,
      ErrorClass.overloaded
    ),
    (
      #"{"type":"error","code":"rate_limit_exceeded","message":"slow","param":null,"sequence_number":1}"#, .openAIResponses,
      .rateLimited
    ),
    (
      #"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"broken"}}}"#,
      .openAIResponses, .providerError
    ),
    (#"{"error":{"message":"overloaded","type":"server_error"}}"#, .openAIChat, .providerError),
    (#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#, .googleGenerate, .overloaded),
  ])
  func anErrorInMidStreamIsNoSuccess(frame: String, format: BodyFormat, expected: ErrorClass) throws {
    let meter = metered("data: \(frame)\n\n", format, .eventStream).meter
    let failure = try #require(meter.error)
    #expect(ErrorClassification.errorClass(status: 200, failure: failure) == expected && !failure.message.isEmpty)
  }

  @Test(arguments: [
    (#"{"status":"failed","error":{"code":"server_error","message":"m"}}"#, BodyFormat.openAIResponses, "", nil as FinishReason?),
    (
      #"{"object":"response","status":"completed","output":[{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"no"}]},{"type":"message","content":[{"type":"output_text","text":"yo"},{"type":"refusal","refusal":"!"}]}]}"#,
      .openAIResponses, "yo!", .stop
    ),
    (
      #"{"type":"message","content":[{"type":"thinking","thinking":"no"},{"type":"text","text":"yo"},{"type":"tool_use","input":{"text":"no"}}],"stop_reason":"refusal"}"#,
      .anthropicMessages, "yo", .contentFilter
    ),
    (#"{"type":"message","content":[],"stop_reason":"pause_turn"}"#, .anthropicMessages, "", .other),
    (#"{"type":"message","content":[],"stop_reason":"max_tokens"}"#, .anthropicMessages, "", .length),
    (
      #"{"choices":[{"message":{"content":[{"type":"text","text":"yo"}],"refusal":null},"finish_reason":"function_call"}]}"#,
      .openAIChat, "yo", .toolCalls
    ),
    (#"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}"#, .googleGenerate, "", .malformedToolCall),
    (#"{"candidates":[{"finishReason":3}]}"#, .googleGenerate, "", .contentFilter),
    (#"{"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}]}"#, .googleGenerate, "", nil),
  ])
  func aDocumentGivesItsTextAndWhyItEnded(body: String, format: BodyFormat, text: String, finish: FinishReason?) {
    let meter = metered(body, format, .document).meter
    #expect(meter.text == text && meter.finishReason == finish)
    #expect((meter.error != nil) == body.contains("failed"))
  }
}
