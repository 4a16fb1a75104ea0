// Bodies and streams in the shapes the providers send, and the few steps every test of this target takes with bytes.

import Foundation
import LLMTelemetry
import Providers

enum Recorded {
  static let chatRequest = #"""
    {"model": "gpt-4o", "messages": [{"role": "system", "content": "Answer from the context."},
     {"role": "user", "content": [{"type": "text", "text": "Was ist Zürich? \ud83d\ude00"},
      {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}],
     "temperature": 0.2e0, "stream": true, "metadata": {"tenant": "acme", "try": 1, "note": "a \"b\" ]}"},
     "tools": [{"type": "function", "function": {"name": "find", "parameters": {"type": "object", "properties": {}}}}]}
    """#

  static let geminiRequest = #"""
    {"systemInstruction": {"parts": [{"text": "Be brief."}]},
     "contents": [{"role": "user", "parts": [{"text": "First line.\nSecond \u00e9"}, {"inlineData": {"mimeType": "image/png", "data": "QUFB"}}]},
      {"role": "model", "parts": [{"text": "Yes?"}]}],
     "generationConfig": {"temperature": 0, "thinkingConfig": {"thinking_budget": 0}}, "labels": {"tenant": "acme"}}
    """#

  static let chatAnswer = #"""
    {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06", "choices": [{"index": 0,
     "message": {"role": "assistant", "content": "yo \"you\"", "refusal": null}, "logprobs": null, "finish_reason": "stop"}],
     "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11, "prompt_tokens_details": {"cached_tokens": 4},
     "completion_tokens_details": {"reasoning_tokens": 1}}, "system_fingerprint": "fp_1"}
    """#

  static let geminiAnswer = #"""
    {"candidates": [{"content": {"role": "model", "parts": [{"text": "hidden", "thought": true}, {"text": "yo"}]},
     "finishReason": "STOP", "avgLogprobs": -0.1, "safetyRatings": [{"category": "HARM_CATEGORY_HATE_SPEECH", "probability": "NEGLIGIBLE"}]}],
     "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 2, "totalTokenCount": 12, "thoughtsTokenCount": 1,
     "cachedContentTokenCount": 4, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}], "trafficType": "ON_DEMAND"},
     "modelVersion": "gemini-2.5-pro", "createTime": "2026-01-01T00:00:00.000000Z", "responseId": "r1"}
    """#

  static let embeddings =
    #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2.5e-3]}],"model":"m","usage":{"prompt_tokens":2,"total_tokens":2}}"#
  static let predictions =
    #"{"predictions":[{"embeddings":{"values":[0.1,0.2],"statistics":{"truncated":false,"token_count":2}}}],"metadata":{"billableCharacterCount":5}}"#
  static let messagesRequest =
    #"{"model":"c","max_tokens":64,"stream":true,"system":"","messages":[{"role":"user","content":[{"type":"tool_result","content":"x"}]}]}"#
  static let responsesRequest =
    #"{"model":"g","input":[{"role":"user","content":"x"}],"instructions":null,"max_output_tokens":"9","metadata":{"tenant":"a"}}"#
  static let googleError =
    #"[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"RetryInfo","retryDelay":"34s"}]}}]"#

  static let usageChunk =
    #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}}}"#
    + "\n\n"

  static let chatEvents = [
    #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":null},"finish_reason":null}],"usage":null}"#
      + "\n\n",
    #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{"content":"Zür"},"finish_reason":null}]}"#
      + "\n\n",
    #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{"content":"ich \ud83d\ude00"},"finish_reason":null}]}"#
      + "\n\n",
    #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#
      + "\n\n",
    usageChunk, "data: [DONE]\n\n",
  ]
  static let chatStream = chatEvents.joined()

  static let geminiFrames = [
    #"{"candidates":[{"content":{"role":"model","parts":[{"text":"y [\"}"}]}}],"usageMetadata":{"trafficType":"ON_DEMAND"},"modelVersion":"gemini-2.5-pro","responseId":"r1"}"#,
    #"{"candidates":[{"content":{"role":"model","parts":[{"text":"o"}]},"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":12,"thoughtsTokenCount":1,"cachedContentTokenCount":4},"modelVersion":"gemini-2.5-pro","responseId":"r1"}"#,
  ]
  static let geminiStream = geminiFrames.map { "data: \($0)\r\n\r\n" }.joined()
  static let geminiArray = "[" + geminiFrames.joined(separator: "\n,\r\n") + "\n]\n"
}

/// Runs `body` with a scanner over the text.
func scanning<Result>(_ text: String, _ body: (JSONScanner) throws -> Result) rethrows -> Result {
  try Array(text.utf8).withUnsafeBytes { try body(JSONScanner($0)) }
}

func foundationObject(_ bytes: [UInt8]) throws -> NSDictionary? {
  try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary
}

/// What a meter saw and relayed when the text came cut at the given offsets, a second apart.
func metered(
  _ text: String, _ bodyFormat: BodyFormat, _ framing: ResponseFraming, cuts: [Int] = [], stripsUsage: Bool = false,
  captureLimit: Int = 1000
) -> (meter: ResponseMeter, relayed: String) {
  var meter = ResponseMeter(bodyFormat: bodyFormat, framing: framing, captureLimit: captureLimit)
  let bytes = Array(text.utf8)
  var relayed: [UInt8] = []
  var start = 0
  var seconds: Int64 = 100
  for end in cuts + [bytes.count] {
    bytes[start..<end].withUnsafeBytes { chunk in
      meter.consume(chunk, at: Timestamp(unixSeconds: seconds), stripsUsage: stripsUsage) { relayed.append(contentsOf: $0) }
    }
    start = end
    seconds += 1
  }
  if let rest = meter.finish(at: Timestamp(unixSeconds: seconds), stripsUsage: stripsUsage) { relayed += rest }
  return (meter, String(decoding: relayed, as: UTF8.self))
}
