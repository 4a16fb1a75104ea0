// What overrides change in requests: a cap on the answer and a tool that is taken away, byte for byte, in each protocol.

import Foundation
import LLMTelemetry
import Testing

@testable import Providers

@Suite struct OverrideEditTests {
  private static func edited(
    _ body: String, _ uri: String, _ edits: (UnsafeRawBufferPointer, RequestFacts, BodyFormat) -> [BodyEdit]
  ) throws -> String {
    let target = try #require(RequestTarget(uri: uri))
    return try withBytes(of: body) { bytes in
      let facts = try RequestFacts(body: bytes, target: target)
      return String(decoding: RequestRewriting.apply(edits(bytes, facts, target.bodyFormat), to: bytes), as: UTF8.self)
    }
  }

  private static let chat = "/v1/chat/completions"
  private static let messages = "/v1/messages"
  private static let responses = "/v1/responses"
  private static let google = "/v1beta/models/m:generateContent"

  @Test(arguments: [
    (chat, #"{"max_completion_tokens":500,"n":1}"#, #"{"max_completion_tokens":256,"n":1}"#),
    (chat, #"{"max_tokens":"500"}"#, #"{"max_tokens":256}"#), (chat, #"{"max_tokens":100}"#, #"{"max_tokens":100}"#),
    (chat, #"{"max_tokens":900,"max_completion_tokens":900}"#, #"{"max_tokens":256,"max_completion_tokens":256}"#),
    (chat, #"{"max_tokens":9,"max_completion_tokens":null}"#, #"{"max_tokens":9,"max_completion_tokens":null}"#),
    (chat, #"{"max_completion_tokens":null}"#, #"{"max_completion_tokens":256}"#),
    (chat, "{}", #"{"max_completion_tokens":256}"#), (chat, #"{"a":1}"#, #"{"max_completion_tokens":256,"a":1}"#),
    (responses, #"{"input":"x"}"#, #"{"max_output_tokens":256,"input":"x"}"#),
    (responses, #"{"max_output_tokens":1e3,"max_tokens":1}"#, #"{"max_output_tokens":256,"max_tokens":1}"#),
    (messages, #"{"max_tokens":4096}"#, #"{"max_tokens":256}"#),
    (
      messages, #"{"max_tokens":4096,"thinking":{"type":"enabled","budget_tokens":2048}}"#,
      #"{"max_tokens":256,"thinking":{"type":"disabled"}}"#
    ),
    (
      messages, #"{"max_tokens":4096,"thinking":{"type":"enabled","budget_tokens":200}}"#,
      #"{"max_tokens":256,"thinking":{"type":"enabled","budget_tokens":200}}"#
    ),
    (google, "{}", #"{"generationConfig":{"maxOutputTokens":256}}"#),
    (google, #"{"generationConfig":null}"#, #"{"generationConfig":{"maxOutputTokens":256}}"#),
    (google, #"{"generationConfig":{}}"#, #"{"generationConfig":{"maxOutputTokens":256}}"#),
    (
      google, #"{"generation_config":{"temperature":1}}"#, #"{"generation_config":{"maxOutputTokens":256,"temperature":1}}"#
    ),
    (google, #"{"generationConfig":{"maxOutputTokens":8192}}"#, #"{"generationConfig":{"maxOutputTokens":256}}"#),
    (google, #"{"generationConfig":{"max_output_tokens":10}}"#, #"{"generationConfig":{"max_output_tokens":10}}"#),
    ("/v1/embeddings", #"{"input":"x"}"#, #"{"input":"x"}"#),
    ("/v1/messages/count_tokens", #"{"messages":[]}"#, #"{"messages":[]}"#),
  ])
  func answersAreCapped(uri: String, body: String, expected: String) throws {
    let edited = try Self.edited(body, uri) {
      RequestRewriting.capOutputTokens($0, facts: $1, bodyFormat: $2, tokens: 256)
    }
    #expect(edited == expected)
    #expect((try? JSONSerialization.jsonObject(with: Data(edited.utf8))) != nil)
  }

  @Test func aLargeCapLeavesThinkingRoom() throws {
    let edited = try Self.edited(#"{"max_tokens":64000,"thinking":{"type":"enabled","budget_tokens":32000}}"#, Self.messages) {
      RequestRewriting.capOutputTokens($0, facts: $1, bodyFormat: $2, tokens: 8_000)
    }
    #expect(edited == #"{"max_tokens":8000,"thinking":{"type":"enabled","budget_tokens":4000}}"#)
  }

  private static func function(_ name: String) -> String { #"{"type":"function","function":{"name":"\#(name)"}}"# }
  private static let (a, x, b) = (function("a"), function("x"), function("b"))

  @Test(arguments: [
    (chat, #"{"tools":[\#(x),\#(a)]}"#, #"{"tools":[\#(a)]}"#), (chat, #"{"tools":[\#(a), \#(x)]}"#, #"{"tools":[\#(a)]}"#),
    (chat, #"{"tools":[\#(a),\#(x),\#(b)]}"#, #"{"tools":[\#(a),\#(b)]}"#),
    (chat, #"{"tools":[\#(x),\#(x),\#(a),\#(x),\#(x)]}"#, #"{"tools":[\#(a)]}"#),
    (chat, #"{"tools":[\#(a)]}"#, #"{"tools":[\#(a)]}"#), (chat, "{}", "{}"),
    (chat, #"{"tools":[\#(x)]}"#, #"{"tool_choice":"none","tools":[\#(x)]}"#),
    (chat, #"{"tools":[\#(x)],"tool_choice":"required"}"#, #"{"tools":[\#(x)],"tool_choice":"none"}"#),
    (chat, #"{"tools":[\#(x),\#(a)],"tool_choice":\#(x)}"#, #"{"tools":[\#(a)],"tool_choice":"auto"}"#),
    (chat, #"{"tools":[\#(x),\#(a)],"tool_choice":\#(a)}"#, #"{"tools":[\#(a)],"tool_choice":\#(a)}"#),
    (chat, #"{"functions":[{"name":"x"},{"name":"a"}]}"#, #"{"functions":[{"name":"a"}]}"#),
    (
      responses, #"{"tools":[{"type":"function","name":"x"},{"type":"web_search"}]}"#, #"{"tools":[{"type":"web_search"}]}"#
    ),
    (messages, #"{"tools":[{"name":"x","input_schema":{"name":"a"}},{"name":"a"}]}"#, #"{"tools":[{"name":"a"}]}"#),
    (
      messages, #"{"tools":[{"name":"x"}],"tool_choice":{"type":"any"}}"#,
      #"{"tools":[{"name":"x"}],"tool_choice":{"type":"none"}}"#
    ),
    (
      google, #"{"tools":[{"functionDeclarations":[{"name":"x"},{"name":"a"}]}]}"#,
      #"{"tools":[{"functionDeclarations":[{"name":"a"}]}]}"#
    ),
    (
      google, #"{"tools":[{"functionDeclarations":[{"name":"x"}]},{"googleSearch":{}}]}"#, #"{"tools":[{"googleSearch":{}}]}"#
    ),
    (
      google, #"{"tools":[{"functionDeclarations":[{"name":"x"}]}]}"#,
      #"{"toolConfig":{"functionCallingConfig":{"mode":"NONE"}},"tools":[{"functionDeclarations":[{"name":"x"}]}]}"#
    ),
    (
      google,
      #"{"tools":[{"functionDeclarations":[{"name":"x"},{"name":"a"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["x"]}}}"#,
      #"{"tools":[{"functionDeclarations":[{"name":"a"}]}],"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}}}"#
    ),
    (google, #"{"tools":[{"x":{}}]}"#, #"{"tools":[]}"#),
  ])
  func toolsAreTakenAway(uri: String, body: String, expected: String) throws {
    let edited = try Self.edited(body, uri) {
      RequestRewriting.removeTools(named: ["x"], from: $0, facts: $1, bodyFormat: $2)
    }
    #expect(edited == expected)
    #expect((try? JSONSerialization.jsonObject(with: Data(edited.utf8))) != nil)
  }

  @Test func severalToolsGoAtOnce() throws {
    let edited = try Self.edited(#"{"tools":[\#(Self.a),\#(Self.x),\#(Self.b)]}"#, Self.chat) {
      RequestRewriting.removeTools(named: ["x", "b"], from: $0, facts: $1, bodyFormat: $2)
    }
    #expect(edited == #"{"tools":[\#(Self.a)]}"#)
  }
}
