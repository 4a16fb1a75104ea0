// Which call a request line means, that nothing in it can break out of it, and what a provider gets to see.

import Testing

@testable import Providers

@Suite struct TargetTests {
  private static let vertex = "/v1beta1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash"
  private static let claude = "/v1/projects/p/locations/global/publishers/anthropic/models/claude-sonnet-4@20250514"

  struct Form: Sendable {
    var uri: String
    var wireProtocol: WireProtocol
    var bodyFormat: BodyFormat
    var model: String?
    var framing: ResponseFraming
    init(_ uri: String, _ wireProtocol: WireProtocol, _ bodyFormat: BodyFormat, _ model: String?, _ framing: ResponseFraming) {
      (self.uri, self.wireProtocol, self.bodyFormat, self.model, self.framing) = (uri, wireProtocol, bodyFormat, model, framing)
    }
  }

  @Test(arguments: [
    Form("/v1/chat/completions", .openAI, .openAIChat, nil, .eventStream),
    Form("/v1/responses", .openAI, .openAIResponses, nil, .eventStream),
    Form("/v1/embeddings", .openAI, .openAIEmbeddings, nil, .document),
    Form("/v1/messages", .anthropic, .anthropicMessages, nil, .eventStream),
    Form("/v1/messages?beta=true", .anthropic, .anthropicMessages, nil, .eventStream),
    Form("/v1/messages/count_tokens?beta=true", .anthropic, .anthropicTokenCount, nil, .document),
    Form("/v1/models/gemini-2.5-flash:generateContent", .gemini, .googleGenerate, "gemini-2.5-flash", .document),
    Form("/v1beta/models/m:streamGenerateContent?alt=sse", .gemini, .googleGenerate, "m", .eventStream),
    Form("/v1beta/models/m:streamGenerateContent?$alt=sse;enum-encoding=int", .gemini, .googleGenerate, "m", .eventStream),
    Form("/v1alpha/models/m:streamGenerateContent", .gemini, .googleGenerate, "m", .jsonArray),
    Form("/v1beta/tunedModels/mine:generateContent", .gemini, .googleGenerate, "mine", .document),
    Form("/v1beta/models/m:countTokens", .gemini, .googleTokenCount, "m", .document),
    Form("/v1beta/models/m:embedContent", .gemini, .googleEmbed, "m", .document),
    Form("/v1beta/models/m:batchEmbedContents", .gemini, .googleEmbed, "m", .document),
    Form("/v1/projects/p/locations/global/publishers/google/models/m:generateContent", .vertex, .googleGenerate, "m", .document),
    Form(vertex + ":streamGenerateContent?alt=sse", .vertex, .googleGenerate, "gemini-2.5-flash", .eventStream),
    Form(
      vertex + ":streamGenerateContent?$alt=json;enum-encoding=int", .vertex, .googleGenerate, "gemini-2.5-flash", .jsonArray),
    Form(vertex + ":countTokens", .vertex, .googleTokenCount, "gemini-2.5-flash", .document),
    Form(vertex + ":embedContent", .vertex, .googleEmbed, "gemini-2.5-flash", .document),
    Form(vertex + ":predict", .vertex, .vertexPredict, "gemini-2.5-flash", .document),
    Form(claude + ":rawPredict", .vertex, .anthropicMessages, "claude-sonnet-4@20250514", .eventStream),
    Form(claude + ":streamRawPredict", .vertex, .anthropicMessages, "claude-sonnet-4@20250514", .eventStream),
    Form(
      "/v1/projects/p/locations/global/publishers/anthropic/models/count-tokens:rawPredict", .vertex, .anthropicTokenCount, nil,
      .document),
  ])
  func readsEveryPathFormAndWritesItBack(form: Form) throws {
    let target = try #require(RequestTarget(uri: form.uri))
    #expect(target.wireProtocol == form.wireProtocol && target.bodyFormat == form.bodyFormat)
    #expect(target.model == form.model)
    #expect(target.uri == form.uri)
    #expect(target.framing(streams: true) == form.framing)
    #expect(target.framing(streams: false) == .document)
    // Rendered instead of copied, it is the same.
    if target.wireProtocol == .vertex {
      var moved = target
      moved.location = "elsewhere"
      #expect(moved.uri.contains("/locations/elsewhere/"))
      moved.location = target.location
      #expect(moved.uri == form.uri)
    }
  }

  @Test func theKeyInTheQueryStopsHereAndTheRestIsKeptByteForByte() throws {
    for (query, rest, key) in [
      ("alt=sse&key=secret&x=1", "?alt=sse&x=1", "secret"), ("key=a", "", "a"), ("%6bey=s%20t&a", "?a", "s t"),
      ("&key=k&&monkey=1&a=%zz", "?&&monkey=1&a=%zz", "k"),
    ] {
      let target = try #require(RequestTarget(uri: "/v1beta/models/m:streamGenerateContent?" + query))
      #expect(target.queryKey == key)
      #expect(target.uri == "/v1beta/models/m:streamGenerateContent" + rest)
    }
    let odd = "/v1beta/models/m:generateContent?&&$alt=json;enum-encoding=int&monkey=%zz?/"
    #expect(RequestTarget(uri: odd)?.uri == odd && RequestTarget(uri: odd)?.queryKey == nil)
  }

  @Test(arguments: [
    "", "/", "?", "/v1", "/v2/chat/completions", "/v1beta/chat/completions", "/v1/chat/completions/x", "/v1/models",
    "/v1/models/",
    "/chat/completions", "/v1/completions", "/v1/messages/batches",
    "/v1/models/:generateContent", "/v1/models/m:chatCompletions", "/v1/models/m:chat/completions", "/v1/models/m:messages",
    "/v1/models/m", "http://host/v1/chat/completions", "*", "v1/chat/completions",
    "/v1beta1/models/m:generateContent", "/v1beta/projects/p/locations/l/publishers/google/models/m:generateContent",
    "/v1/models/m:predict", "/v1/models/claude:rawPredict",
    "/v1/projects/p/locations/l/publishers/google/endpoints/m:generateContent",
    "/v1/projects/p/locations/l/publishers/google/models/m:batchEmbedContents",
    "/v1/projects/p/locations/l/publishers/google/models/m:rawPredict",
    "/v1beta/corpora/m:generateContent",
  ])
  func anythingElseIsNoModelCall(uri: String) { #expect(RequestTarget(uri: uri) == nil) }

  @Test(arguments: [
    "/v1/models/a%0d%0aHost:x:generateContent", "/v1/models/a\r\nX:generateContent", "/v1/models/a b:generateContent",
    "/v1/models/a%:generateContent", "/v1/models/a%4:generateContent", "/v1/models/a%zz:generateContent",
    "/v1/models/..:generateContent", "/v1/models/%2e%2e:generateContent", "/v1/models/%2E%2E%2Fsecrets:generateContent",
    "/v1/models/a%2f..%5cb:generateContent", "/v1/models/%ff:generateContent", "/v1/models/a%c2%85:generateContent",
    "/v1/models/a%00:generateContent", "/v1/models/a#x:generateContent", "/v1/chat/completions?a\nb", "/v1/chat/completions#",
    "/v1/projects/../locations/l/publishers/google/models/m:generateContent",
    "/v1/projects/p/locations/l%0a/publishers/google/models/m:generateContent",
  ])
  func whatCouldBreakAPathIsNoModelCall(uri: String) { #expect(RequestTarget(uri: uri) == nil) }

  @Test func anEscapedNameIsReadAndStaysEscaped() throws {
    let uri = "/v1beta/models/team%2Fm%C3%BC%41:generateContent?x=%41"
    var target = try #require(RequestTarget(uri: uri))
    #expect(target.model == "team/müA")
    #expect(target.uri == uri)
    target.model = "a b/../c:d"
    #expect(target.uri == "/v1beta/models/a%20b%2F%2E%2E%2Fc:d:generateContent?x=%41")
    target.model = "gemini-2.5 pro"
    #expect(target.uri == "/v1beta/models/gemini-2.5%20pro:generateContent?x=%41")
  }

  @Test func doubledSlashesAreMended() {
    #expect(RequestTarget(uri: "//v1//chat/completions/?a=b")?.uri == "/v1/chat/completions?a=b")
    #expect(RequestTarget(uri: "/v1beta//tunedModels/m:generateContent")?.uri == "/v1beta/tunedModels/m:generateContent")
  }

  @Test(arguments: [
    (BodyFormat.openAIChat, WireProtocol.openAI, true, "/v1/chat/completions"),
    (.openAIResponses, .openAI, true, "/v1/responses"), (.openAIEmbeddings, .openAI, false, "/v1/embeddings"),
    (.anthropicMessages, .anthropic, true, "/v1/messages"),
    (.anthropicTokenCount, .anthropic, false, "/v1/messages/count_tokens"),
    (.anthropicMessages, .vertex, false, "/v1/projects/p/locations/l/publishers/anthropic/models/m@1:rawPredict"),
    (.anthropicMessages, .vertex, true, "/v1/projects/p/locations/l/publishers/anthropic/models/m@1:streamRawPredict"),
    (.anthropicTokenCount, .vertex, false, "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict"),
    (.googleGenerate, .gemini, false, "/v1beta/models/m@1:generateContent"),
    (.googleGenerate, .gemini, true, "/v1beta/models/m@1:streamGenerateContent?alt=sse"),
    (.googleGenerate, .vertex, true, "/v1/projects/p/locations/l/publishers/google/models/m@1:streamGenerateContent?alt=sse"),
    (.googleTokenCount, .gemini, false, "/v1beta/models/m@1:countTokens"),
    (.googleEmbed, .vertex, false, "/v1/projects/p/locations/l/publishers/google/models/m@1:embedContent"),
    (.vertexPredict, .vertex, false, "/v1/projects/p/locations/l/publishers/google/models/m@1:predict"),
  ])
  func rendersAnotherProvidersPath(format: BodyFormat, wireProtocol: WireProtocol, streams: Bool, expected: String) {
    let path = RequestTarget.upstream(
      bodyFormat: format, wireProtocol: wireProtocol, model: "m@1", project: "p", location: "l", streams: streams)
    #expect(path == expected)
    // What is rendered is what would be read.
    let target = RequestTarget(uri: path)
    #expect(target?.bodyFormat == format && target?.wireProtocol == wireProtocol)
    #expect(target?.framing(streams: streams) == (streams ? .eventStream : .document))
  }
}
