// What a request body says, and that an edit changes nothing but what it is for.

import Foundation
import LLMTelemetry
import Testing

@testable import Providers

@Suite struct RequestTests {
  private static func facts(_ body: String, _ uri: String = "/v1/chat/completions") throws -> RequestFacts {
    let target = try #require(RequestTarget(uri: uri))
    return try withBytes(of: body) { try RequestFacts(body: $0, target: target) }
  }

  @Test func readsTheFactsOfAnOpenAIBody() throws {
    let facts = try Self.facts(ScannerTests.request)
    #expect(facts.model == "gpt-4o" && facts.streams && !facts.includesUsage && !facts.hasSystemInstruction)
    #expect(facts.labels == ["tenant": "aA"])
    #expect(try Self.facts(#"{"messages":[{"content":"x","role":"developer"}]}"#).hasSystemInstruction)
    #expect(try Self.facts(#"{"stream_options":{"include_usage":true}}"#).includesUsage)
  }

  @Test func readsTheFactsOfAGoogleBody() throws {
    let uri = "/v1beta/models/m:streamGenerateContent"
    let facts = try Self.facts(
      #"{"labels":{"feature":"ask","n":1},"system_instruction":{},"model":"ignored","stream":false}"#, uri)
    #expect(facts.streams && facts.hasSystemInstruction && facts.model == nil)
    #expect(facts.labels == ["feature": "ask"])
  }

  @Test(arguments: [
    ("[]", RequestBodyError.notAnObject), ("", .notAnObject), ("{", .malformed), (#"{"a":1,}"#, .malformed),
    (#"{"a" 1}"#, .malformed), ("{}x", .malformed), ("{}{}", .malformed), (#"{"a":x}"#, .malformed), (#"{"a":}"#, .malformed),
    (#"{"a":"b}"#, .malformed), (#"{"messages":[{"role":"user"]}"#, .malformed),
  ])
  func refusesWhatIsNoObject(body: String, error: RequestBodyError) {
    #expect(throws: error) { try Self.facts(body) }
  }

  struct Asked: Sendable {
    var uri: String
    var body: String
    var limit: Int?
    var answers = 1
    var tier: ServiceTier?
    var streams = false
    var model: String?
  }
  private static let claude = "/v1/projects/p/locations/l/publishers/anthropic/models/c"

  @Test(arguments: [
    Asked(uri: "/v1/chat/completions", body: #"{"max_tokens":5,"max_completion_tokens":7,"n":3}"#, limit: 7, answers: 3),
    Asked(uri: "/v1/chat/completions", body: #"{"max_tokens":5,"max_completion_tokens":null,"service_tier":"auto"}"#, limit: 5),
    Asked(uri: "/v1/chat/completions", body: #"{"max_tokens":"12","service_tier":"flex","n":null}"#, limit: 12, tier: .flex),
    Asked(uri: "/v1/chat/completions", body: #"{"max_tokens":1.5,"service_tier":"default","n":0}"#, tier: .standard),
    Asked(uri: "/v1/chat/completions", body: #"{"max_tokens":-1,"max_output_tokens":9,"model":"m"}"#, model: "m"),
    Asked(
      uri: "/v1/responses",
      body: #"{"max_output_tokens":1e3,"max_tokens":1,"service_tier":"priority","stream":true,"model":"m"}"#,
      limit: 1000, tier: .priority, streams: true, model: "m"),
    Asked(uri: "/v1/embeddings", body: #"{"model":"e","input":["a"],"encoding_format":"base64"}"#, model: "e"),
    Asked(
      uri: "/v1/messages", body: #"{"model":"c","max_tokens":64,"stream":true,"service_tier":"auto"}"#, limit: 64, streams: true,
      model: "c"),
    Asked(uri: "/v1/messages", body: #"{"service_tier":"standard_only","stream":false}"#, tier: .standard),
    Asked(uri: claude + ":rawPredict", body: #"{"model":"other","stream":true}"#, streams: true),
    Asked(uri: claude + ":streamRawPredict", body: #"{"anthropic_version":"vertex-2023-10-16"}"#, streams: true),
    Asked(
      uri: "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict", body: #"{"model":"c"}"#, model: "c"),
    Asked(
      uri: "/v1beta/models/m:generateContent",
      body: #"{"generationConfig":{"maxOutputTokens":9,"candidateCount":2},"model":"x","stream":true,"serviceTier":"flex"}"#,
      limit: 9, answers: 2, tier: .flex),
    Asked(
      uri: "/v1beta/models/m:streamGenerateContent", body: #"{"generation_config":{"max_output_tokens":"9"},"stream":false}"#,
      limit: 9, streams: true),
  ])
  func readsWhatIsAskedFor(asked: Asked) throws {
    let facts = try Self.facts(asked.body, asked.uri)
    #expect(facts.maximumOutputTokens == asked.limit && facts.answerCount == asked.answers)
    #expect(facts.serviceTier == asked.tier && facts.streams == asked.streams && facts.model == asked.model)
    #expect((facts.modelValue != nil) == (asked.model != nil))
  }

  @Test func onlyLabelsAreLabels() throws {
    #expect(try Self.facts(#"{"metadata":{"user_id":"u"}}"#, "/v1/messages").labels.isEmpty)
    #expect(try Self.facts(#"{"metadata":{"a":"b"}}"#, "/v1/responses").labels == ["a": "b"])
    #expect(try Self.facts(#"{"labels":{"a\n":"b"}}"#, "/v1/models/m:generateContent").labels == ["a\n": "b"])
  }

  @Test func anEscapedNameIsTheNameItMeans() throws {
    let facts = try Self.facts(
      #"{"mod\u0065l":"m","s\u0074ream":true,"stream\u005foptions":{"includ\u0065_usage":true},"m\u0061x_tokens":4}"#)
    #expect(facts.model == "m" && facts.streams && facts.includesUsage && facts.maximumOutputTokens == 4)
    #expect(try Self.facts(#"{"mod\el":"m","model\n":"m","mod\u00e5l":"m","mode\u006":"m","\\model":"m"}"#).model == nil)
    let google = try Self.facts(#"{"generation\u0043onfig":{"m\u0061xOutputTokens":4}}"#, "/v1beta/models/m:generateContent")
    #expect(google.maximumOutputTokens == 4)
  }

  @Test(arguments: [
    ("/v1/chat/completions", #"{"model":"a","model":"b"}"#, "model"),
    ("/v1/chat/completions", #"{"model":"a","mod\u0065l":"b"}"#, "model"),
    ("/v1/chat/completions", #"{"stream":false,"stream":true}"#, "stream"),
    ("/v1/chat/completions", #"{"stream_options":{},"stream_options":null}"#, "stream_options"),
    ("/v1/chat/completions", #"{"stream_options":{"include_usage":true,"include_usage":false}}"#, "include_usage"),
    ("/v1/chat/completions", #"{"max_tokens":1,"max_tokens":100000}"#, "max_tokens"),
    ("/v1/chat/completions", #"{"n":1,"n":128}"#, "n"),
    ("/v1/responses", #"{"max_output_tokens":1,"max_output_tokens":2}"#, "max_output_tokens"),
    ("/v1/messages", #"{"max_tokens":1,"max_tokens":2}"#, "max_tokens"),
    ("/v1/messages", #"{"system":"a","system":"b"}"#, "system"),
    ("/v1/models/m:generateContent", #"{"generationConfig":{},"generation_config":{"maxOutputTokens":1}}"#, "generationConfig"),
    ("/v1/models/m:generateContent", #"{"generationConfig":{"maxOutputTokens":1,"max_output_tokens":9}}"#, "maxOutputTokens"),
    ("/v1/models/m:generateContent", #"{"labels":{"tenant":"a"},"labels":{"tenant":"b"}}"#, "labels"),
  ])
  func whatIsSaidTwiceIsRefused(uri: String, body: String, name: String) {
    #expect(throws: RequestBodyError.duplicate(name)) { try Self.facts(body, uri) }
  }

  @Test(arguments: [#""true""#, "1", "[]"])
  func aStreamFlagIsTrueOrFalse(value: String) {
    for uri in ["/v1/chat/completions", "/v1/responses", "/v1/messages"] {
      #expect(throws: RequestBodyError.notABoolean("stream")) { try Self.facts(#"{"stream":\#(value)}"#, uri) }
    }
    #expect(RequestBodyError.notABoolean("stream").message.contains("`stream`"))
  }

  @Test(arguments: [
    ("/v1/responses", #"{"instructions":null,"input":"x"}"#, #"{"instructions":"S","input":"x"}"#),
    ("/v1/responses", #"{"input":"x"}"#, #"{"instructions":"S","input":"x"}"#),
    ("/v1/messages", #"{"messages":[]}"#, #"{"system":"S","messages":[]}"#),
    ("/v1/messages", #"{"system":[ ],"messages":[]}"#, #"{"system":"S","messages":[]}"#),
    ("/v1/messages", #"{"system":"" }"#, #"{"system":"S"}"#),
  ])
  func everyGeneratingFormatTakesASystemInstruction(uri: String, body: String, expected: String) throws {
    let facts = try Self.facts(body, uri)
    let format = try #require(RequestTarget(uri: uri)).bodyFormat
    #expect(!facts.hasSystemInstruction)
    try Self.check(
      body, [try #require(RequestRewriting.systemInstruction(facts, text: "S", bodyFormat: format))], gives: expected)
    #expect(try Self.facts(expected, uri).hasSystemInstruction)
    #expect(RequestRewriting.systemInstruction(facts, text: "S", bodyFormat: .openAIEmbeddings) == nil)
  }

  /// Foundation parses the edited body to `expected`, and the bytes that were not replaced are all there.
  private static func check(_ body: String, _ edits: [BodyEdit], gives expected: String) throws {
    let edited = withBytes(of: body) { RequestRewriting.apply(edits, to: $0) }
    let mine = try #require(try JSONSerialization.jsonObject(with: Data(edited)) as? NSDictionary)
    #expect(
      mine == (try JSONSerialization.jsonObject(with: Data(expected.utf8)) as? NSDictionary),
      "\(String(decoding: edited, as: UTF8.self))")
    var rest = Array(body.utf8)
    for edit in edits.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) { rest.removeSubrange(edit.range) }
    var untouched = edited
    for edit in edits {
      let inserted = Array(edit.replacement.utf8)
      let found = try #require(untouched.indices.first { untouched[$0...].starts(with: inserted) })
      untouched.removeSubrange(found..<found + inserted.count)
    }
    #expect(untouched == rest)
  }

  @Test(arguments: [
    ("{}", #"{"stream_options":{"include_usage":true}}"#),
    (" { \n} ", #"{"stream_options":{"include_usage":true}}"#),
    (#"{"stream":true}"#, #"{"stream":true,"stream_options":{"include_usage":true}}"#),
    (#"{"stream_options":{}}"#, #"{"stream_options":{"include_usage":true}}"#),
    (#"{"stream_options":{ "x":"é\n" }}"#, #"{"stream_options":{"x":"é\n","include_usage":true}}"#),
    (#"{"stream_options" : { "include_usage" : false } ,"a":1}"#, #"{"stream_options":{"include_usage":true},"a":1}"#),
    (#"{"stream_options":null,"b":"中"}"#, #"{"stream_options":{"include_usage":true},"b":"中"}"#),
    (#"{"stream_options":{"include_usage":null}}"#, #"{"stream_options":{"include_usage":true}}"#),
  ])
  func asksForUsage(body: String, expected: String) throws {
    try Self.check(body, [RequestRewriting.includeUsage(try Self.facts(body))], gives: expected)
  }

  @Test(arguments: [
    (
      #"{"contents":[{}]}"#,
      #"{"generateContentRequest":{"model":"models/m","systemInstruction":{"parts":[{"text":"S"}]},"contents":[{}]}}"#
    ),
    (
      #" {"contents":[] , "system_instruction" : null } "#,
      #"{"generateContentRequest":{"model":"models/m","system_instruction":{"parts":[{"text":"S"}]},"contents":[]}}"#
    ),
    (
      #"{"generateContentRequest":{"model":"models/m","contents":[]}}"#,
      #"{"generateContentRequest":{"model":"models/m","systemInstruction":{"parts":[{"text":"S"}]},"contents":[]}}"#
    ),
    (
      #"{"generate_content_request":{"systemInstruction":null}}"#,
      #"{"generate_content_request":{"systemInstruction":{"parts":[{"text":"S"}]}}}"#
    ),
  ])
  func theGeminiAPICountsAnInstructionWithinAWholeRequest(body: String, expected: String) throws {
    let uri = "/v1beta/models/m:countTokens"
    let facts = try Self.facts(body, uri)
    #expect(!facts.hasSystemInstruction)
    let edits = RequestRewriting.countedInstruction(facts, text: "S", model: "m", bodyBytes: body.utf8.count)
    let edited = withBytes(of: body) { RequestRewriting.apply(edits, to: $0) }
    let mine = try #require(try JSONSerialization.jsonObject(with: Data(edited)) as? NSDictionary)
    #expect(mine == (try JSONSerialization.jsonObject(with: Data(expected.utf8)) as? NSDictionary))
    #expect(try Self.facts(expected, uri).hasSystemInstruction)
  }

  @Test(arguments: [
    (#"{"labels":{"a":"b"},"contents":[]}"#, #"{"contents":[]}"#), (#"{ "contents":[] , "labels":{} }"#, #"{ "contents":[] }"#),
    (#"{"x":1,"labels":null,"contents":[]}"#, #"{"x":1,"contents":[]}"#), (#"{"labels":{}}"#, "{}"),
    (#"{ "labels" : {"a":","} , "x":1}"#, #"{ "x":1}"#), (#"{"x":{"labels":1}}"#, nil), ("{}", nil),
  ])
  func takesAMemberOut(body: String, expected: String?) throws {
    let facts = try Self.facts(body, "/v1beta/models/m:generateContent")
    let edit = withBytes(of: body) { RequestRewriting.removeMember("labels", from: $0, facts: facts) }
    #expect((edit == nil) == (expected == nil))
    guard let edit, let expected else { return }
    #expect(
      String(decoding: withBytes(of: body) { RequestRewriting.apply([edit], to: $0) }, as: UTF8.self).filter { $0 != " " }
        == expected.filter { $0 != " " })
    // Together with what is put in at the same place, in either order.
    guard expected != "{}" else { return }
    let system = try #require(RequestRewriting.systemInstruction(facts, text: "S", bodyFormat: .googleGenerate))
    for edits in [[edit, system], [system, edit]] {
      let both = withBytes(of: body) { RequestRewriting.apply(edits, to: $0) }
      let mine = try #require(try JSONSerialization.jsonObject(with: Data(both)) as? [String: Any])
      #expect(mine["labels"] == nil && mine["systemInstruction"] != nil)
    }
  }

  @Test func putsTheSystemInstructionInAndReplacesTheModelAtOnce() throws {
    let body = "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"\u{1F600}\"} ] , \"model\" : \"a\" , \"stream\":true}"
    let facts = try Self.facts(body)
    let system = try #require(RequestRewriting.systemInstruction(facts, text: "Be \"kind\"\n", bodyFormat: .openAIChat))
    let model = try #require(RequestRewriting.replaceModel(facts, by: "b"))
    try Self.check(
      body, [model, system, RequestRewriting.includeUsage(facts)],
      gives:
        #"{"messages":[{"role":"system","content":"Be \"kind\"\n"},{"role":"user","content":"😀"}],"model":"b","stream":true,"#
        + #""stream_options":{"include_usage":true}}"#)
    let none = try Self.facts(#"{"messages":[ ]}"#)
    try Self.check(
      #"{"messages":[ ]}"#, [try #require(RequestRewriting.systemInstruction(none, text: "S", bodyFormat: .openAIChat))],
      gives: #"{"messages":[{"role":"system","content":"S"}]}"#)
    #expect(RequestRewriting.systemInstruction(try Self.facts("{}"), text: "S", bodyFormat: .openAIChat) == nil)
    #expect(RequestRewriting.replaceModel(try Self.facts("{}"), by: "b") == nil)
  }

  @Test(arguments: [
    "{}", #"{"contents":[]}"#, #"{"systemInstruction":null,"contents":[]}"#, #"{"contents":[],"system_instruction": null }"#,
  ])
  func putsTheSystemInstructionIntoAGoogleBody(body: String) throws {
    let facts = try Self.facts(body, "/v1beta/models/m:generateContent")
    let edit = try #require(RequestRewriting.systemInstruction(facts, text: "S", bodyFormat: .googleGenerate))
    let key = body.contains("system_instruction") ? "system_instruction" : "systemInstruction"
    let contents = body == "{}" ? "" : #","contents":[]"#
    try Self.check(body, [edit], gives: #"{"\#(key)":{"parts":[{"text":"S"}]}\#(contents)}"#)
  }
}
