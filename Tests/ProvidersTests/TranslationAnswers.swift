// Answers of Anthropic and Google, as streams and as documents, for the tests of answer translation.

import Providers
import Testing

/// The same answer in both forms.
struct AnswerExample: Sendable, CustomTestStringConvertible {
  var name: String
  var format: BodyFormat
  var frames: [String]
  var document: String

  var testDescription: String { name }

  func stream(_ framing: ResponseFraming) -> String {
    switch framing {
    case .jsonArray: "[" + frames.joined(separator: "\n,\r\n") + "]"
    case .document, .eventStream:
      format == .anthropicMessages
        ? frames.map { "event: x\ndata: \($0)\n\n" }.joined() : frames.map { "data: \($0)\r\n\r\n" }.joined()
    }
  }

  static let anthropic = AnswerExample(
    name: "Anthropic: thinking, text, two calls, one without arguments", format: .anthropicMessages,
    frames: [
      #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"usage":{"input_tokens":9,"cache_creation_input_tokens":4,"cache_read_input_tokens":3,"output_tokens":1}}}"#,
      #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
      #"{"type":"ping"}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"secret"}}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}"#,
      #"{"type":"content_block_stop","index":0}"#,
      #"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
      #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Let's \"see\" "}}"#,
      #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"\u00e9 😀\n"}}"#,
      #"{"type":"content_block_stop","index":1}"#,
      #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}}"#,
      #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}"#,
      #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"city\":\"Par"}}"#,
      #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"is\",\"n\":1.50}"}}"#,
      #"{"type":"content_block_stop","index":2}"#,
      #"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_2","name":"now","input":{}}}"#,
      #"{"type":"content_block_stop","index":3}"#,
      #"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":12}}"#,
      #"{"type":"message_stop"}"#,
    ],
    document: #"""
      {"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"thinking","thinking":"secret","signature":"c2ln"},
      {"type":"text","text":"Let's \"see\" é 😀\n"},{"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Paris","n":1.50}},
      {"type":"tool_use","id":"toolu_2","name":"now","input":{}}],"stop_reason":"tool_use","stop_sequence":null,
      "usage":{"input_tokens":9,"cache_creation_input_tokens":4,"cache_read_input_tokens":3,"output_tokens":12}}
      """#)

  static let anthropicChunks = [
    #"{"role":"assistant","content":""}"#, #"{"content":"Let's \"see\" "}"#, #"{"content":"é 😀\n"}"#,
    #"{"tool_calls":[{"index":0,"id":"toolu_1","type":"function","function":{"name":"weather","arguments":""}}]}"#,
    #"{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":\"Par"}}]}"#,
    #"{"tool_calls":[{"index":0,"function":{"arguments":"is\",\"n\":1.50}"}}]}"#,
    #"{"tool_calls":[{"index":1,"id":"toolu_2","type":"function","function":{"name":"now","arguments":""}}]}"#,
    #"{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}"#,
  ]

  static let anthropicDocument = #"""
    {"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4o","choices":[{"index":0,"message":
    {"role":"assistant","content":"Let's \"see\" é 😀\n","refusal":null,"tool_calls":[
    {"id":"toolu_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Paris\",\"n\":1.50}"}},
    {"id":"toolu_2","type":"function","function":{"name":"now","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],
    "usage":{"prompt_tokens":16,"completion_tokens":12,"total_tokens":28,
    "prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":4},"completion_tokens_details":{}}}
    """#

  static let google = AnswerExample(
    name: "Google: thoughts, text and calls in two candidates", format: .googleGenerate,
    frames: [
      #"{"candidates":[{"content":{"role":"model","parts":[{"text":"secret ] }","thought":true},{"text":"He\"}]"}]}}],"usageMetadata":{"promptTokenCount":9}}"#,
      #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"weather","args":{"city":"Paris","n":1.50}},"thoughtSignature":"c2ln"}]},"index":1}]}"#,
      #"{"candidates":[{"content":{"parts":[{"text":"llo"}]},"finishReason":"STOP"},{"content":{"parts":[{"functionCall":{"id":"fc-7","name":"now"}}]},"finishReason":"STOP","index":1}]}"#,
      #"{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP"}],"modelVersion":"gemini-2.5-pro","usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"candidatesTokenCount":2,"thoughtsTokenCount":5,"toolUsePromptTokenCount":3,"totalTokenCount":19,"promptTokensDetails":[{"modality":"TEXT","tokenCount":3},{"modality":"AUDIO","tokenCount":6}]}}"#,
    ],
    document: #"""
      {"candidates":[{"content":{"role":"model","parts":[{"text":"secret ] }","thought":true},{"text":"He\"}]llo"}]},"finishReason":"STOP"},
      {"content":{"role":"model","parts":[{"functionCall":{"name":"weather","args":{"city":"Paris","n":1.50}},"thoughtSignature":"c2ln"},
      {"functionCall":{"id":"fc-7","name":"now"}}]},"finishReason":"STOP","index":1}],"modelVersion":"gemini-2.5-pro",
      "usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"candidatesTokenCount":2,"thoughtsTokenCount":5,
      "toolUsePromptTokenCount":3,"totalTokenCount":19,"promptTokensDetails":[{"modality":"TEXT","tokenCount":3},{"modality":"AUDIO","tokenCount":6}]}}
      """#)

  static let googleDocument = #"""
    {"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4o","choices":[
    {"index":0,"message":{"role":"assistant","content":"He\"}]llo","refusal":null},"logprobs":null,"finish_reason":"stop"},
    {"index":1,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[
    {"id":"call_chatcmpl1_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Paris\",\"n\":1.50}"},
    "extra_content":{"google":{"thought_signature":"c2ln"}}},
    {"id":"fc-7","type":"function","function":{"name":"now","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],
    "usage":{"prompt_tokens":12,"completion_tokens":7,"total_tokens":19,
    "prompt_tokens_details":{"cached_tokens":4,"audio_tokens":6},"completion_tokens_details":{"reasoning_tokens":5}}}
    """#
}

/// Feeds a translator and gathers what it gives.
struct Translated {
  var translator: AnswerTranslator
  var output = ""

  /// - Parameter cuts: offsets at which the bytes are split.
  init(
    _ text: String, from format: BodyFormat, framing: ResponseFraming, cuts: [Int] = [], includesUsage: Bool = true
  ) {
    self.init(Array(text.utf8), from: format, framing: framing, cuts: cuts, includesUsage: includesUsage)
  }

  init(
    _ bytes: [UInt8], from format: BodyFormat, framing: ResponseFraming, cuts: [Int] = [], includesUsage: Bool = true
  ) {
    translator = AnswerTranslator(
      from: format, framing: framing, model: "gpt-4o", created: 1_700_000_000, id: "chatcmpl-1", includesUsage: includesUsage)
    var gathered: [UInt8] = []
    bytes.withUnsafeBytes { whole in
      var start = 0
      for end in cuts + [whole.count] {
        gathered += translator.consume(UnsafeRawBufferPointer(rebasing: whole[start..<end]))
        start = end
      }
    }
    gathered += translator.finish()
    output = String(decoding: gathered, as: UTF8.self)
  }

  /// The data of the events, `[DONE]` included.
  var events: [String] {
    output.split(separator: "\n\n").map { String($0.dropFirst("data: ".count)) }
  }

  var isDone: Bool { output.hasSuffix("data: [DONE]\n\n") }

  /// The choices' messages, merged from chunks as OpenAI's SDK does it: strings of one place are appended, tool calls are
  /// told apart by their index; what the document spells out as absent is added.
  var mergedChoices: JSONTree? {
    var choices: [Int: (text: String?, calls: [Int: [JSONTree.Member]], reason: JSONTree)] = [:]
    for event in events where event != "[DONE]" {
      guard let chunk = JSONTree(parsing: event), let elements = chunk["choices"]?.elements else { return nil }
      for choice in elements {
        guard let index = choice["index"]?.integer, let delta = choice["delta"] else { return nil }
        var merged = choices[index] ?? (nil, [:], .null)
        if let text = delta["content"]?.text { merged.text = (merged.text ?? "") + text }
        for call in delta["tool_calls"]?.elements ?? [] {
          guard let position = call["index"]?.integer, let members = call.members else { return nil }
          if let known = merged.calls[position] {
            guard let function = JSONTree.object(known)["function"], let name = function["name"],
              let more = call["function"]?["arguments"]?.text
            else { return nil }
            let arguments = (function["arguments"]?.text ?? "") + more
            merged.calls[position] = known.map {
              $0.name == "function" ? .init("function", ["name": name, "arguments": .string(arguments)]) : $0
            }
          } else {
            merged.calls[position] = members.filter { $0.name != "index" }
          }
        }
        if let reason = choice.present("finish_reason") { merged.reason = reason }
        choices[index] = merged
      }
    }
    return .array(
      choices.sorted { $0.key < $1.key }.map { index, choice in
        var message: [JSONTree.Member] = [
          .init("role", "assistant"), .init("content", choice.text.map(JSONTree.string) ?? .null), .init("refusal", .null),
        ]
        let calls = choice.calls.sorted { $0.key < $1.key }.map { JSONTree.object($0.value) }
        if !calls.isEmpty { message.append(.init("tool_calls", .array(calls))) }
        return ["index": .integer(index), "message": .object(message), "logprobs": .null, "finish_reason": choice.reason]
      })
  }
}
