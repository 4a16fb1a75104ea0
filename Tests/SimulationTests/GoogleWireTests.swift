// generateContent as clients of the Gemini API and of Vertex AI see it.
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Simulation

@Suite struct GoogleWireTests {
  private let request = #"""
    {"contents":[{"role":"user","parts":[{"text":"hello there"}]}],"system_instruction":{"parts":[{"text":"12345678"}]},
     "generationConfig":{"thinkingConfig":{"thinking_budget":0}}}
    """#

  @Test(arguments: [
    "/v1/models/gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash", ProviderSimulator.vertexPath,
    "/v1beta1/projects/p1/locations/global/publishers/google/models/gemini-2.5-flash",
  ])
  func bothFormsAnswerInBothVersionsAndSpellings(path: String) async throws {
    try await ProviderSimulator().running { client in
      let answer = try await client.post(path + ":generateContent", request).json()
      let text = try #require(answer["candidates"]?.array?.first?["content"]?["parts"]?.array?.first?["text"]?.string)
      let output = SimulatedModel.tokenCount(of: text)
      let usage = try #require(answer["usageMetadata"])
      #expect(usage["promptTokenCount"]?.integer == 5)
      #expect(usage["candidatesTokenCount"]?.integer == output)
      #expect(usage["thoughtsTokenCount"] == nil)
      #expect(usage["totalTokenCount"]?.integer == 5 + output)
      #expect(answer["modelVersion"]?.string == "gemini-2.5-flash")
    }
  }

  @Test func thoughtsAreOutsideCandidatesAndCachedTokensInsideThePrompt() async throws {
    let system = String(repeating: "rule ", count: 100)
    try await ProviderSimulator().running { client in
      let body = #"{"contents":[{"parts":[{"text":"hi"}]}],"systemInstruction":{"parts":[{"text":"\#(system)"}]}}"#
      let usage = try #require(
        try await client.post(ProviderSimulator.vertexPath + ":generateContent", body).json()["usageMetadata"])
      #expect(usage["promptTokenCount"]?.integer == 125 + 1)
      #expect(usage["cachedContentTokenCount"]?.integer == 64)
      #expect(usage["thoughtsTokenCount"]?.integer == 8)
      let candidates = try #require(usage["candidatesTokenCount"]?.integer)
      #expect(usage["totalTokenCount"]?.integer == 126 + 8 + candidates)
    }
  }

  @Test func theStreamIsServerSentEventsOrOneArray() async throws {
    try await ProviderSimulator().running { client in
      let path = ProviderSimulator.vertexPath + ":streamGenerateContent"
      let whole = try await client.post(ProviderSimulator.vertexPath + ":generateContent", request).json()
      let text = whole["candidates"]?.array?.first?["content"]?["parts"]?.array?.first?["text"]?.string
      let events = try await client.post(path + "?alt=sse", request)
      #expect(events.text.hasSuffix("\r\n\r\n"))
      let array = try await client.post(path, request)
      #expect(array.headers[.contentType] == "application/json; charset=UTF-8")
      for chunks in [try events.events(), try #require(try array.json().array)] {
        let pieces = chunks.compactMap { $0["candidates"]?.array?.first?["content"]?["parts"]?.array?.first?["text"]?.string }
        #expect(pieces.joined() == text)
        #expect(chunks.count > 2)
        #expect(chunks.first?["usageMetadata"]?["candidatesTokenCount"] == nil, "the usage is not final before the end")
        #expect(chunks.last?["usageMetadata"]?["totalTokenCount"]?.integer == whole["usageMetadata"]?["totalTokenCount"]?.integer)
        #expect(chunks.last?["candidates"]?.array?.first?["finishReason"]?.string == "STOP")
      }
    }
  }

  @Test func tokensAreCounted() async throws {
    try await ProviderSimulator().running { client in
      let answer = try await client.post("/v1beta/models/gemini-2.5-flash:countTokens", request).json()
      #expect(answer["totalTokens"]?.integer == 5)
    }
  }

  @Test func credentialsMayBeAKeyInHeaderOrQueryButMustBeThere() async throws {
    try await ProviderSimulator().running { client in
      let path = "/v1beta/models/gemini-2.5-flash:generateContent"
      let name = try #require(HTTPFields.Element.Name("x-goog-api-key"))
      #expect(try await client.post(path, request, headers: [name: "AIza"]).status == .ok)
      #expect(try await client.post(path + "?key=AIza", request, headers: [:]).status == .ok)
      let anonymous = try await client.post(path, request, headers: [:])
      #expect(anonymous.status == .unauthorized)
      #expect(try anonymous.json()["error"]?["status"]?.string == "UNAUTHENTICATED")
      #expect(
        try await client.post(ProviderSimulator.vertexPath + ":generateContent?key=AIza", request, headers: [:]).status
          == .unauthorized)
    }
  }

  @Test func theSameRequestGetsTheSameBytes() async throws {
    try await ProviderSimulator().running { client in
      let path = ProviderSimulator.vertexPath + ":streamGenerateContent?alt=sse"
      let first = try await client.post(path, request).text
      let second = try await client.post(path, request).text
      #expect(first == second)
    }
  }
}
