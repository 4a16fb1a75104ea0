// A chat request becomes exactly the request another vendor documents, or is refused with the member that stands in the way.

import Providers
import Testing

@Suite struct TranslationRequestTests {
  static func translate(
    _ request: String, to format: BodyFormat, model: String, isVertex: Bool = false, streams: Bool = false
  ) throws(TranslationError) -> String {
    var bytes = Array(request.utf8)
    // `withUnsafeBytes` does not carry typed errors in every supported toolchain.
    let result = bytes.withUnsafeMutableBytes { body -> Result<[UInt8], TranslationError> in
      do throws(TranslationError) {
        return .success(
          try ChatTranslation.request(
            UnsafeRawBufferPointer(body), to: format, model: model, isVertex: isVertex, streams: streams))
      } catch {
        return .failure(error)
      }
    }
    return String(decoding: try result.get(), as: UTF8.self)
  }

  static func compact(_ json: String) -> String? {
    JSONTree(parsing: json).map { String(decoding: $0.serialised, as: UTF8.self) }
  }

  @Test(arguments: TranslationExample.all) func becomesTheOtherVendorsRequest(_ example: TranslationExample) throws {
    if let google = example.google {
      let result = try Self.translate(example.request, to: .googleGenerate, model: example.googleModel)
      #expect(try result == #require(Self.compact(google)))
    }
    if let anthropic = example.anthropic {
      let result = try Self.translate(example.request, to: .anthropicMessages, model: example.anthropicModel)
      #expect(try result == #require(Self.compact(anthropic)))
    }
  }

  @Test func vertexHasAVersionForAnthropicAndLabelsForGoogle() throws {
    let request = #"""
      {"messages":[{"role":"user","content":"x"}],"metadata":{"team":"search-2","Team":"a","tier":"Gold","9":"a","note":"a b"}}
      """#
    #expect(
      try Self.translate(request, to: .anthropicMessages, model: "claude-x", isVertex: true, streams: true)
        == #"{"anthropic_version":"vertex-2023-10-16","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}],"stream":true}"#
    )
    #expect(
      try Self.translate(request, to: .googleGenerate, model: "gemini-2.5-pro", isVertex: true)
        == #"{"contents":[{"role":"user","parts":[{"text":"x"}]}],"labels":{"team":"search-2"}}"#)
    #expect(
      try Self.translate(request, to: .googleGenerate, model: "gemini-2.5-pro")
        == #"{"contents":[{"role":"user","parts":[{"text":"x"}]}]}"#)
  }

  /// The members of a minimal request, where they stand in its way, and with whom.
  static let refusals: [(member: String, path: String, formats: [BodyFormat])] = [
    (#""n":2"#, "n", [.anthropicMessages]),
    (#""n":9"#, "n", [.googleGenerate, .anthropicMessages]),
    (#""n":0"#, "n", [.googleGenerate, .anthropicMessages]),
    (#""presence_penalty":0.1"#, "presence_penalty", [.anthropicMessages]),
    (#""frequency_penalty":0.1"#, "frequency_penalty", [.anthropicMessages]),
    (#""response_format":{"type":"json_object"}"#, "response_format", [.anthropicMessages]),
    (#""response_format":{"type":"grammar"}"#, "response_format.type", [.googleGenerate]),
    (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema", [.googleGenerate]),
    (
      #""response_format":{"type":"json_object"},"tools":[{"type":"function","function":{"name":"f"}}]"#, "response_format",
      [.googleGenerate]
    ),
    (
      #""parallel_tool_calls":false,"tools":[{"type":"function","function":{"name":"f"}}]"#, "parallel_tool_calls",
      [.googleGenerate]
    ),
    (#""stop":["a"," \n"]"#, "stop[1]", [.anthropicMessages]),
    (#""stop":["1","2","3","4","5","6"]"#, "stop", [.googleGenerate]),
    (#""stop":[1]"#, "stop[0]", [.googleGenerate, .anthropicMessages]),
    (#""stop":1"#, "stop", [.googleGenerate, .anthropicMessages]),
    (#""temperature":"hot""#, "temperature", [.googleGenerate, .anthropicMessages]),
    (#""temperature":2.1"#, "temperature", [.googleGenerate, .anthropicMessages]),
    (#""max_tokens":0"#, "max_tokens", [.googleGenerate, .anthropicMessages]),
    (#""max_completion_tokens":1.5"#, "max_completion_tokens", [.googleGenerate, .anthropicMessages]),
    (#""logprobs":true"#, "logprobs", [.googleGenerate, .anthropicMessages]),
    (#""top_logprobs":2"#, "top_logprobs", [.googleGenerate, .anthropicMessages]),
    (#""logit_bias":{"1":2}"#, "logit_bias", [.googleGenerate, .anthropicMessages]),
    (#""modalities":["text","audio"]"#, "modalities", [.googleGenerate, .anthropicMessages]),
    (#""functions":[]"#, "functions", [.googleGenerate, .anthropicMessages]),
    (#""web_search_options":{}"#, "web_search_options", [.googleGenerate, .anthropicMessages]),
    (#""tool_choice":"any""#, "tool_choice", [.googleGenerate, .anthropicMessages]),
    (#""tool_choice":{"type":"allowed_tools"}"#, "tool_choice", [.googleGenerate, .anthropicMessages]),
    (#""tools":[{"type":"custom","custom":{"name":"c"}}]"#, "tools[0].type", [.googleGenerate, .anthropicMessages]),
    (#""tools":[{"type":"function","function":{}}]"#, "tools[0].function.name", [.googleGenerate, .anthropicMessages]),
    (
      #""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#, "tools[0].function.parameters", [.googleGenerate]
    ),
    (#""tools":[{"type":"function","function":{"name":"1f"}}]"#, "tools[0].function.name", [.googleGenerate]),
  ]

  @Test(arguments: refusals.indices) func refusesWhatHasNoCounterpart(_ index: Int) {
    let refusal = Self.refusals[index]
    for format in refusal.formats {
      #expect(Self.refusal(#"{"messages":[{"role":"user","content":"x"}],\#(refusal.member)}"#, format) == refusal.path)
    }
  }

  /// Messages that cannot be carried over, where the fault is, and with whom.
  static let messageRefusals: [(messages: String, path: String, formats: [BodyFormat])] = [
    (#"[]"#, "messages", [.googleGenerate, .anthropicMessages]),
    (#"[{"role":"system","content":"x"}]"#, "messages", [.googleGenerate, .anthropicMessages]),
    (#"{}"#, "messages", [.googleGenerate, .anthropicMessages]),
    (#"[{"content":"x"}]"#, "messages[0].role", [.googleGenerate]),
    (#"[{"role":"function","name":"f","content":"x"}]"#, "messages[0].role", [.googleGenerate, .anthropicMessages]),
    (#"[{"role":"assistant","content":"x"}]"#, "messages", [.anthropicMessages]),
    (#"[{"role":"user","content":7}]"#, "messages[0].content", [.googleGenerate]),
    (#"[{"role":"user","content":[{"type":"text"}]}]"#, "messages[0].content[0].text", [.googleGenerate]),
    (
      #"[{"role":"user","content":[{"type":"video_url"}]}]"#, "messages[0].content[0].type",
      [.googleGenerate, .anthropicMessages]
    ),
    (
      #"[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}]"#, "messages[0].content[0].file",
      [.googleGenerate, .anthropicMessages]
    ),
    (
      #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.org/picture"}}]}]"#,
      "messages[0].content[0].image_url.url", [.googleGenerate]
    ),
    (
      #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://a.org/a.png"}}]}]"#,
      "messages[0].content[0].image_url.url", [.anthropicMessages]
    ),
    (
      #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}]}]"#,
      "messages[0].content[0].image_url.url", [.googleGenerate, .anthropicMessages]
    ),
    (
      #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,AA"}}]}]"#,
      "messages[0].content[0].image_url.url", [.googleGenerate, .anthropicMessages]
    ),
    (
      #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AA"}}]}]"#,
      "messages[0].content[0]", [.anthropicMessages]
    ),
    (
      #"[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]}]"#,
      "messages[0].content[0].input_audio", [.anthropicMessages]
    ),
    (
      #"[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA","format":"ogg"}}]}]"#,
      "messages[0].content[0].input_audio.format", [.googleGenerate]
    ),
    (
      #"[{"role":"user","content":"x"},{"role":"assistant","audio":{"id":"a"}}]"#, "messages[1].audio",
      [.googleGenerate, .anthropicMessages]
    ),
    (
      #"[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{"}}]}]"#,
      "messages[1].tool_calls[0].function.arguments", [.googleGenerate, .anthropicMessages]
    ),
    (
      #"[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"[]"}}]}]"#,
      "messages[1].tool_calls[0].function.arguments", [.googleGenerate, .anthropicMessages]
    ),
    (
      #"[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"1","type":"custom"}]}]"#,
      "messages[1].tool_calls[0].type", [.googleGenerate, .anthropicMessages]
    ),
    (
      #"[{"role":"user","content":"x"},{"role":"tool","tool_call_id":"9","content":"x"}]"#, "messages[1].tool_call_id",
      [.googleGenerate, .anthropicMessages]
    ),
    (
      #"[{"role":"user","content":"x"},{"role":"tool","content":"x"}]"#, "messages[1].tool_call_id",
      [.googleGenerate, .anthropicMessages]
    ),
  ]

  @Test(arguments: messageRefusals.indices) func refusesMessagesItCannotCarryOver(_ index: Int) {
    let refusal = Self.messageRefusals[index]
    for format in refusal.formats {
      #expect(Self.refusal(#"{"messages":\#(refusal.messages)}"#, format) == refusal.path, "\(format)")
    }
  }

  @Test(arguments: ["", "{", "[]", "null", #"{"messages":[{"role":"user","content":"x"}]} x"#, #"{"messages":[tru]}"#])
  func refusesWhatIsNoJSONObject(_ body: String) {
    #expect(Self.refusal(body, .googleGenerate) == "")
    #expect(Self.refusal(body, .anthropicMessages) == "")
  }

  private static func refusal(_ request: String, _ format: BodyFormat) -> String? {
    do throws(TranslationError) {
      _ = try translate(request, to: format, model: format == .googleGenerate ? "gemini-2.5-flash" : "claude-sonnet-4-5")
      return nil
    } catch {
      #expect(!error.problem.isEmpty && error.description.hasSuffix(error.problem))
      return error.path
    }
  }

  /// Settings, a model, and what they become: what a model of that generation refuses is not sent.
  static let generations: [(settings: String, model: String, outcome: String)] = [
    (#""temperature":1.7,"top_p":0.5"#, "claude-3-5-haiku-20241022", #""temperature":1,"top_p":0.5"#),
    (#""temperature":0.7,"top_p":0.5"#, "claude-opus-4-20250514", #""temperature":0.7,"top_p":0.5"#),
    (#""temperature":0.7,"top_p":0.5"#, "claude-opus-4-1@20250805", #""temperature":0.7"#),
    (#""temperature":0.7,"top_p":1.0"#, "claude-3-haiku-20240307", #""temperature":0.7"#),
    (#""top_p":0.5,"top_k":3"#, "claude-sonnet-4-6", #""top_p":0.5,"top_k":3"#),
    (#""temperature":0.7,"top_p":0.5,"top_k":3"#, "claude-opus-4-7", ""),
    (#""temperature":0.7"#, "claude-opus-5", ""),
    (#""reasoning_effort":"high""#, "claude-3-5-haiku-20241022", ""),
    (#""reasoning_effort":"high""#, "our-alias", ""),
    (#""reasoning_effort":"low""#, "claude-3-7-sonnet-20250219", #""thinking":{"type":"enabled","budget_tokens":1024}"#),
    (#""reasoning_effort":"high""#, "claude-sonnet-4-5", #""thinking":{"type":"enabled","budget_tokens":2048}"#),
    (#""reasoning_effort":"high","temperature":1"#, "claude-sonnet-4-5", #""temperature":1"#),
    (#""reasoning_effort":"none""#, "claude-sonnet-4-6", ""),
    (#""reasoning_effort":"xhigh""#, "claude-sonnet-4-6", #""thinking":{"type":"adaptive"},"output_config":{"effort":"high"}"#),
    (#""reasoning_effort":"xhigh""#, "claude-opus-4-7", #""thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"}"#),
    (#""reasoning_effort":"unheard_of""#, "claude-opus-4-7", ""),
    (#""reasoning_effort":"high""#, "gemini-2.0-flash-001", ""),
    (#""reasoning_effort":"none""#, "gemini-2.5-flash", #""thinkingConfig":{"thinkingBudget":0}"#),
    (#""reasoning_effort":"none""#, "gemini-2.5-pro-preview-06-05", #""thinkingConfig":{"thinkingBudget":128}"#),
    (#""reasoning_effort":"medium""#, "gemini-3-pro-preview", #""thinkingConfig":{"thinkingLevel":"HIGH"}"#),
    (#""reasoning_effort":"minimal""#, "models/gemini-3-flash", #""thinkingConfig":{"thinkingLevel":"MINIMAL"}"#),
    (#""reasoning_effort":"medium""#, "gemini-3.1-pro", #""thinkingConfig":{"thinkingLevel":"MEDIUM"}"#),
    (#""reasoning_effort":"high""#, "gemini-flash-latest", ""),
    // A choice among no tools says nothing.
    (#""tool_choice":"auto","parallel_tool_calls":false"#, "gemini-2.5-flash", ""),
    (#""tool_choice":"auto","parallel_tool_calls":false"#, "claude-sonnet-4-5", ""),
  ]

  @Test(arguments: generations.indices) func sendsAModelOnlyWhatItTakes(_ index: Int) throws {
    let (settings, model, outcome) = Self.generations[index]
    let format: BodyFormat = model.contains("gemini") ? .googleGenerate : .anthropicMessages
    let request = #"{"messages":[{"role":"user","content":"x"}],\#(settings)}"#
    let result = try Self.translate(request, to: format, model: model)
    let wanted =
      format == .googleGenerate
      ? #"{"contents":[{"role":"user","parts":[{"text":"x"}]}]"#
        + (outcome.isEmpty ? "}" : #","generationConfig":{\#(outcome)}}"#)
      : #"{"model":"\#(model)","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]"#
        + (outcome.isEmpty ? "}" : ",\(outcome)}")
    #expect(result == wanted)
  }

  @Test func thinkingByBudgetGivesWayToEarlierCallsAndForcedTools() throws {
    let forced =
      #"{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"high","tool_choice":"required","tools":[{"type":"function","function":{"name":"f"}}]}"#
    for model in ["claude-sonnet-4-5", "claude-opus-4-7"] {
      let result = try Self.translate(forced, to: .anthropicMessages, model: model)
      #expect(!result.contains("thinking") && result.contains(#""tool_choice":{"type":"any"}"#))
    }
    let called = #"""
      {"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"1","content":"y"}],"reasoning_effort":"low"}
      """#
    #expect(try !Self.translate(called, to: .anthropicMessages, model: "claude-sonnet-4-5").contains("thinking"))
    #expect(try Self.translate(called, to: .anthropicMessages, model: "claude-sonnet-4-6").contains("adaptive"))
  }
}
