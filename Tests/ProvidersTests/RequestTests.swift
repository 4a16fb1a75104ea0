// Requests: which call a path means, what a body says, and edits that leave every other byte alone.

import Foundation
import LLMTelemetry
import Providers
import Testing

@Suite struct RequestTests {
  @Test(arguments: [
    ("/v1/chat/completions", WireProtocol.openAI, nil, "/v1/chat/completions"),
    ("/v1/models/gemini-2.5-flash:generateContent", .gemini, "gemini-2.5-flash", "/v1/models/gemini-2.5-flash:generateContent"),
    (
      "/v1beta/models/gemini-2.5-flash:streamGenerateContent?key=AIza&alt=sse", .gemini, "gemini-2.5-flash",
      "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    ),
    (
      "/v1beta1/projects/p1/locations/us-central1/publishers/google/models/gemini-2.5-pro:generateContent", .vertex, "gemini-2.5-pro",
      "/v1beta1/projects/p1/locations/us-central1/publishers/google/models/gemini-2.5-pro:generateContent"
    ),
  ])
  func pathsAreRead(uri: String, wireProtocol: WireProtocol, model: String?, upstream: String) throws {
    let target = try #require(RequestTarget(uri: uri))
    #expect(target.wireProtocol == wireProtocol && target.model == model && target.uri == upstream)
    #expect(target.queryKey == (uri.contains("key=") ? "AIza" : nil))
  }

  @Test(arguments: [
    "/", "/v1", "/v2/chat/completions", "/v1/chat/completions/x", "/v1/models/m:predict", "/v1/models/:generateContent", "/v1beta/models/m",
    "/v1/projects/p/locations/l/publishers/google/models:generateContent", "/v1/models/m:chatCompletions", "",
  ])
  func otherPathsAreNoModelCall(uri: String) {
    #expect(RequestTarget(uri: uri) == nil)
  }

  private func facts(_ body: String, _ uri: String = "/v1/chat/completions") throws -> RequestFacts {
    let target = try #require(RequestTarget(uri: uri))
    return try Array(body.utf8).withUnsafeBytes { try RequestFacts(body: $0, target: target) }
  }

  private func apply(_ edits: [BodyEdit], _ body: String) throws -> NSDictionary {
    let edited = Array(body.utf8).withUnsafeBytes { RequestRewriting.apply(edits, to: $0) }
    return try #require(try JSONSerialization.jsonObject(with: Data(edited)) as? NSDictionary)
  }

  @Test(arguments: [
    #"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"hi \"}\\ \u00e9"}]}"#,
    #" { "stream_options" : { } , "model":"gpt-4o","messages":[ {"role":"user","content":"x"} ]} "#,
    #"{"stream_options":{"include_usage":false,"include_obfuscation":false},"messages":[],"model":"gpt-4o"}"#,
    "{\"model\":\"gpt-4o\",\n\t\"messages\":[]}",
  ])
  func eachEditGivesTheExpectedJSON(body: String) throws {
    let facts = try facts(body)
    #expect(facts.model == "gpt-4o" && !facts.includesUsage)
    let before = try apply([], body)
    let model = try #require(RequestRewriting.replaceModel(facts, by: "gpt-4.1 \"mini\""))
    let instruction = try #require(RequestRewriting.systemInstruction(facts, text: "Be\n\"brief\"", wireProtocol: .openAI))
    let after = try apply([model, instruction, RequestRewriting.includeUsage(facts)], body)
    #expect(after["model"] as? String == "gpt-4.1 \"mini\"")
    #expect((after["stream_options"] as? NSDictionary)?["include_usage"] as? Bool == true)
    let messages = try #require(after["messages"] as? [NSDictionary])
    #expect(messages.first == ["role": "system", "content": "Be\n\"brief\""])
    #expect(Array(messages.dropFirst()) == before["messages"] as? [NSDictionary])
    for case let key as String in before.allKeys where !["model", "messages", "stream_options"].contains(key) {
      #expect((before[key] as? NSObject) == (after[key] as? NSObject))
    }
  }

  @Test(arguments: ["{}", #"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#])
  func aSystemInstructionIsPutIntoGoogleBodies(body: String) throws {
    let facts = try facts(body, "/v1/models/m:generateContent")
    let edit = try #require(RequestRewriting.systemInstruction(facts, text: "Be brief", wireProtocol: .gemini))
    let after = try apply([edit], body)
    #expect(after["systemInstruction"] as? NSDictionary == ["parts": [["text": "Be brief"]]])
    #expect(after.count == (body == "{}" ? 1 : 2))
  }

  @Test func labelsNameARequestAndOnlyTextsCount() throws {
    #expect(try facts(#"{"metadata":{"tenant":"acme","n":1,"q":"a\"b"},"messages":[]}"#).labels == ["tenant": "acme", "q": "a\"b"])
    let vertex = try facts(#"{"labels":{"feature":"search"},"system_instruction":{"parts":[]}}"#, "/v1/projects/p/locations/l/publishers/google/models/m:generateContent")
    #expect(vertex.labels == ["feature": "search"] && vertex.hasSystemInstruction)
    #expect(try facts(#"{"messages":[{"role":"developer","content":"x"}]}"#).hasSystemInstruction)
  }

  @Test func brokenBodiesAreRefusedAndNoneTraps() throws {
    let body = #"{"model":"gpt-4o","metadata":{"a":"\u00e9\ud83d\ude00"},"stream_options":{"include_usage":true},"messages":[{"content":[1.5e3,-2,null,true]}]}"#
    let bytes = Array(body.utf8)
    let target = try #require(RequestTarget(uri: "/v1/chat/completions"))
    for end in 0..<bytes.count {
      #expect(throws: RequestBodyError.self, "\(end)") {
        try Array(bytes[..<end]).withUnsafeBytes { try RequestFacts(body: $0, target: target) }
      }
    }
    for text in ["", "[]", "null", "\"x\"", "{\"a\"}", "{\"a\":}", "{,}", "{\"a\":1 \"b\":2}"] {
      #expect(throws: RequestBodyError.self, "\(text)") { try facts(text) }
    }
    // Depth is counted, not recursed into.
    let deep = #"{"x":"# + String(repeating: "[", count: 1_000_000)
    #expect(throws: RequestBodyError.self) { try facts(deep) }
  }

  @Test(arguments: ["plain", "quote \" slash \\ tab \t bell \u{7}", "é 日本 😀", ""])
  func textSurvivesQuoting(text: String) {
    let quoted = Array(JSONText.quoted(text).utf8)
    #expect(quoted.withUnsafeBytes { JSONScanner($0).string(0) } == text)
  }

  @Test(arguments: [
    (429, nil, "slow down", ErrorClass.rateLimited), (429, "insufficient_quota", "", .quotaExhausted), (401, nil, "", .auth), (403, nil, "", .auth),
    (400, "context_length_exceeded", "", .contextOverflow), (400, nil, "bad", .invalidRequest), (500, nil, "", .providerError),
    (503, nil, "", .overloaded), (529, nil, "", .overloaded), (504, nil, "", .timeout),
  ] as [(Int, String?, String, ErrorClass)])
  func errorsAreClassified(status: Int, code: String?, message: String, expected: ErrorClass) {
    var meter = ResponseMeter(wireProtocol: .openAI, framing: .document, captureLimit: 0)
    let body = #"{"error":{"message":\#(JSONText.quoted(message)),"code":\#(code.map(JSONText.quoted) ?? "null")}}"#
    Array(body.utf8).withUnsafeBytes { meter.consume($0, at: Timestamp(unixSeconds: 0), stripsUsage: false) { _ in } }
    _ = meter.finish(at: Timestamp(unixSeconds: 0), stripsUsage: false)
    #expect(ErrorClassification.errorClass(status: status, failure: meter.error) == expected)
  }

  @Test(arguments: WireProtocol.allCases)
  func ourOwnErrorsAreJSONInTheProvidersShape(wireProtocol: WireProtocol) throws {
    let failure = GatewayFailure(status: 429, errorClass: .rateLimited, message: "say \"when\"\nplease")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(failure.body(for: wireProtocol).utf8)) as? [String: [String: Any]])
    #expect(object["error"]?["message"] as? String == "say \"when\"\nplease")
    #expect(wireProtocol == .openAI ? object["error"]?["type"] as? String == "rate_limit_error" : object["error"]?["status"] as? String == "RESOURCE_EXHAUSTED")
  }

  @Test func promptTextIsWhatAPersonWouldRead() {
    let openAI = #"{"messages":[{"role":"system","content":"S"},{"role":"user","content":[{"type":"text","text":"T"},{"type":"image_url","image_url":{"url":"u"}}]}]}"#
    #expect(PromptText.evidence(inRequestBody: Array(openAI.utf8)) == "S\n\nT")
    let google = #"{"systemInstruction":{"parts":[{"text":"S"}]},"contents":[{"parts":[{"text":"A"},{"inlineData":{"data":"x"}},{"text":"B"}]}]}"#
    #expect(PromptText.evidence(inRequestBody: Array(google.utf8)) == "S\n\nA\n\nB")
    #expect(PromptText.evidence(inRequestBody: Array("[".utf8)) == "")
  }
}
