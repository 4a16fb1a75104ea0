// chat.completions as an OpenAI client sees it.
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Simulation

@Suite struct OpenAIWireTests {
  private let request =
    #"{"model":"gpt-4o","messages":[{"role":"system","content":"12345678"},{"role":"user","content":"hello there"}]"#

  @Test func oneBodyCarriesUsageThatCanBePredicted() async throws {
    try await ProviderSimulator().running { client in
      let answer = try await client.post("/v1/chat/completions", request + "}").json()
      let text = try #require(answer["choices"]?.array?.first?["message"]?["content"]?.string)
      #expect(text.contains("hello there"))
      #expect(answer["usage"]?["prompt_tokens"]?.integer == 2 + 3)
      #expect(answer["usage"]?["completion_tokens"]?.integer == SimulatedModel.tokenCount(of: text))
      #expect(answer["choices"]?.array?.first?["finish_reason"]?.string == "stop")
    }
  }

  @Test func theStreamSaysTheSameAsTheBodyAndEndsWithDone() async throws {
    try await ProviderSimulator().running { client in
      let whole = try await client.post("/v1/chat/completions", request + "}").json()
      let stream = try await client.post("/v1/chat/completions", request + #","stream":true}"#)
      #expect(stream.headers[.contentType] == "text/event-stream; charset=utf-8")
      #expect(stream.text.hasSuffix("data: [DONE]\n\n"))
      let events = try stream.events()
      let pieces = events.compactMap { $0["choices"]?.array?.first?["delta"]?["content"]?.string }
      #expect(pieces.count > 3)
      #expect(pieces.joined() == whole["choices"]?.array?.first?["message"]?["content"]?.string)
      #expect(events.allSatisfy { $0["usage"] == nil }, "usage was not asked for")
    }
  }

  @Test func usageComesLastWithoutChoicesOrWithThemWhenAFaultSaysSo() async throws {
    let simulator = ProviderSimulator()
    try await simulator.running { client in
      let body = request + #","stream":true,"stream_options":{"include_usage":true}}"#
      let last = try #require(try await client.post("/v1/chat/completions", body).events().last)
      #expect(last["choices"]?.array?.count == 0)
      #expect(last["usage"]?["prompt_tokens"]?.integer == 5)
      var effect = FaultRule.Effect()
      effect.sendsUsageWithChoices = true
      simulator.replaceFaults(with: [FaultRule(name: "litellm 36168", effect: effect)])
      let odd = try #require(try await client.post("/v1/chat/completions", body).events().last)
      #expect(odd["choices"]?.array?.count == 1)
      #expect(odd["usage"]?["prompt_tokens"]?.integer == 5)
    }
  }

  @Test func maxTokensCutsTheAnswerAndSaysSo() async throws {
    try await ProviderSimulator().running { client in
      let answer = try await client.post("/v1/chat/completions", request + #","max_tokens":4}"#).json()
      #expect(answer["choices"]?.array?.first?["finish_reason"]?.string == "length")
      #expect(answer["usage"]?["completion_tokens"]?.integer == 4)
    }
  }

  @Test func errorsHaveOpenAIsShape() async throws {
    try await ProviderSimulator().running { client in
      let anonymous = try await client.post("/v1/chat/completions", request + "}", headers: [:])
      #expect(anonymous.status == .unauthorized)
      #expect(try anonymous.json()["error"]?["code"]?.string == "invalid_api_key")
      let invalid = try await client.post("/v1/chat/completions", #"{"model":"gpt-4o"}"#)
      #expect(invalid.status == .badRequest)
      #expect(try invalid.json()["error"]?["param"]?.string == "messages")
    }
  }

  @Test func modelsAreListedInTheFormOfTheVendorWhoseClientAsks() async throws {
    try await ProviderSimulator().running { client in
      let list = try await client.execute(uri: "/v1/models", method: .get, headers: [.authorization: "Bearer sk"])
      #expect(try list.json()["data"]?.array?.first?["object"]?.string == "model")
      let one = try await client.execute(uri: "/v1/models/gpt-4o", method: .get, headers: [.authorization: "Bearer sk"])
      #expect(try one.json()["id"]?.string == "gpt-4o")
      let none = try await client.execute(uri: "/v1/models/nothing", method: .get, headers: [.authorization: "Bearer sk"])
      #expect(none.status == .notFound)
      #expect(try none.json()["error"]?["code"]?.string == "model_not_found")
      let anthropicKey = try #require(HTTPFields.Element.Name("x-api-key"))
      let anthropic = try await client.execute(uri: "/v1/models", method: .get, headers: [anthropicKey: "k"])
      #expect(try anthropic.json()["data"]?.array?.first?["type"]?.string == "model")
      let gemini = try await client.execute(uri: "/v1beta/models?key=k", method: .get)
      #expect(try gemini.json()["models"]?.array?.isEmpty == false)
    }
  }
}
