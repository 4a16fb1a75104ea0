// Which call a request line means, what its body says, and that an edit changes nothing but what it is for.

import Foundation
import Testing

@testable import Providers

@Suite struct RequestTests {
  private static let vertex = "/v1beta1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash"

  @Test(arguments: [
    ("/v1/chat/completions", WireProtocol.openAI, nil as String?, ResponseFraming.eventStream),
    ("/v1/models/gemini-2.5-flash:generateContent", .gemini, "gemini-2.5-flash", .document),
    ("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", .gemini, "gemini-2.5-flash", .eventStream),
    ("/v1beta/models/gemini-2.5-flash:streamGenerateContent", .gemini, "gemini-2.5-flash", .jsonArray),
    ("/v1/projects/p/locations/global/publishers/google/models/m:generateContent", .vertex, "m", .document),
    (vertex + ":streamGenerateContent?alt=sse", .vertex, "gemini-2.5-flash", .eventStream),
    (vertex + ":streamGenerateContent?$alt=json;enum-encoding=int", .vertex, "gemini-2.5-flash", .jsonArray),
  ])
  func readsEveryPathFormAndWritesItBack(uri: String, wireProtocol: WireProtocol, model: String?, framing: ResponseFraming) throws
  {
    let target = try #require(RequestTarget(uri: uri))
    #expect(target.wireProtocol == wireProtocol)
    #expect(target.model == model)
    #expect(target.uri == uri)
    #expect(target.framing(streams: true) == framing)
    #expect(target.framing(streams: false) == .document)
  }

  @Test func theKeyInTheQueryStopsHereAndTheRestIsKept() throws {
    let target = try #require(RequestTarget(uri: "/v1beta/models/m:streamGenerateContent?alt=sse&key=secret&x=1"))
    #expect(target.queryKey == "secret")
    #expect(target.uri == "/v1beta/models/m:streamGenerateContent?alt=sse&x=1")
  }

  @Test(arguments: [
    "", "/", "?", "/v1", "/v2/chat/completions", "/v1beta/chat/completions", "/v1/chat/completions/x", "/v1/models",
    "/v1/models/:generateContent",
    "/v1/models/m:countTokens", "/v1/models/m:chatCompletions", "/v1/models/m", "http://host/v1/chat/completions", "*",
    "/v1/projects/p/locations/l/publishers/google/endpoints/m:generateContent",
  ])
  func anythingElseIsNoModelCall(uri: String) { #expect(RequestTarget(uri: uri) == nil) }

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
    (#"{"a" 1}"#, .malformed),
  ])
  func refusesWhatIsNoObject(body: String, error: RequestBodyError) {
    #expect(throws: error) { try Self.facts(body) }
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

  @Test func putsTheSystemInstructionInAndReplacesTheModelAtOnce() throws {
    let body = "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"\u{1F600}\"} ] , \"model\" : \"a\" , \"stream\":true}"
    let facts = try Self.facts(body)
    let system = try #require(RequestRewriting.systemInstruction(facts, text: "Be \"kind\"\n", wireProtocol: .openAI))
    let model = try #require(RequestRewriting.replaceModel(facts, by: "b"))
    try Self.check(
      body, [model, system, RequestRewriting.includeUsage(facts)],
      gives:
        #"{"messages":[{"role":"system","content":"Be \"kind\"\n"},{"role":"user","content":"😀"}],"model":"b","stream":true,"#
        + #""stream_options":{"include_usage":true}}"#)
    let none = try Self.facts(#"{"messages":[ ]}"#)
    try Self.check(
      #"{"messages":[ ]}"#, [try #require(RequestRewriting.systemInstruction(none, text: "S", wireProtocol: .openAI))],
      gives: #"{"messages":[{"role":"system","content":"S"}]}"#)
    #expect(RequestRewriting.systemInstruction(try Self.facts("{}"), text: "S", wireProtocol: .openAI) == nil)
    #expect(RequestRewriting.replaceModel(try Self.facts("{}"), by: "b") == nil)
  }

  @Test(arguments: [
    "{}", #"{"contents":[]}"#, #"{"systemInstruction":null,"contents":[]}"#, #"{"contents":[],"system_instruction": null }"#,
  ])
  func putsTheSystemInstructionIntoAGoogleBody(body: String) throws {
    let facts = try Self.facts(body, "/v1beta/models/m:generateContent")
    let edit = try #require(RequestRewriting.systemInstruction(facts, text: "S", wireProtocol: .gemini))
    let key = body.contains("system_instruction") ? "system_instruction" : "systemInstruction"
    let contents = body == "{}" ? "" : #","contents":[]"#
    try Self.check(body, [edit], gives: #"{"\#(key)":{"parts":[{"text":"S"}]}\#(contents)}"#)
  }
}
