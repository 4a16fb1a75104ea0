// messages and count_tokens as clients of Anthropic's address and of Vertex AI see them.
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Simulation

@Suite struct AnthropicWireTests {
  private let version: HTTPFields = {
    var fields: HTTPFields = [.authorization: "Bearer sk-ant"]
    if let name = HTTPFields.Element.Name("anthropic-version") { fields[name] = "2023-06-01" }
    return fields
  }()
  private static let vertexPath = "/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5"
  private static let rules = String(repeating: "rule ", count: 100)

  private func body(_ extra: String = "", model: String = #""model":"claude-sonnet-4-5","#) -> String {
    #"{\#(model)"max_tokens":100,"system":"12345678","messages":[{"role":"user","content":"hello there"}]\#(extra)}"#
  }

  @Test func oneMessageCarriesUsageThatCanBePredicted() async throws {
    try await ProviderSimulator().running { client in
      let answer = try await client.post("/v1/messages", body(), headers: version).json()
      let text = try #require(answer["content"]?.array?.first?["text"]?.string)
      #expect(text.contains("hello there"))
      #expect(answer["usage"]?["input_tokens"]?.integer == 2 + 3)
      #expect(answer["usage"]?["output_tokens"]?.integer == SimulatedModel.tokenCount(of: text))
      #expect(answer["usage"]?["cache_read_input_tokens"]?.integer == 0)
      #expect(answer["stop_reason"]?.string == "end_turn")
      let counted = try await client.post("/v1/messages/count_tokens", body(), headers: version).json()
      #expect(counted["input_tokens"]?.integer == 5)
    }
  }

  @Test func theStreamHasTheEventsInOrderAndCountsCumulatively() async throws {
    try await ProviderSimulator().running { client in
      let whole = try await client.post("/v1/messages", body(), headers: version).json()
      let stream = try await client.post("/v1/messages", body(#","stream":true"#), headers: version)
      let events = try stream.events()
      var types: [String] = []
      for type in events.compactMap({ $0["type"]?.string }) where types.last != type { types.append(type) }
      #expect(
        types == [
          "message_start", "ping", "content_block_start", "content_block_delta", "content_block_stop", "message_delta",
          "message_stop",
        ])
      #expect(stream.text.hasPrefix("event: message_start\ndata: "))
      let pieces = events.compactMap { $0["delta"]?["text"]?.string }
      #expect(pieces.joined() == whole["content"]?.array?.first?["text"]?.string)
      #expect(events.first?["message"]?["usage"]?["input_tokens"]?.integer == 5)
      let last = try #require(events.last { $0["type"]?.string == "message_delta" })
      #expect(last["usage"]?["output_tokens"]?.integer == whole["usage"]?["output_tokens"]?.integer)
      #expect(last["usage"]?["input_tokens"]?.integer == 5)
    }
  }

  @Test func whatIsMarkedForTheCacheIsOutsideInputTokens() async throws {
    try await ProviderSimulator().running { client in
      for (lifetime, bucket) in [("5m", "ephemeral_5m_input_tokens"), ("1h", "ephemeral_1h_input_tokens")] {
        let system = #"[{"type":"text","text":"\#(Self.rules)","cache_control":{"type":"ephemeral","ttl":"\#(lifetime)"}}]"#
        let request =
          #"{"model":"m","max_tokens":9,"system":\#(system),"messages":[{"role":"user","content":"hello there"}]}"#
        let usage = try #require(try await client.post("/v1/messages", request, headers: version).json()["usage"])
        // 125 tokens of system text: a whole block of 64 is read, the rest is written.
        #expect(usage["cache_read_input_tokens"]?.integer == 64)
        #expect(usage["cache_creation_input_tokens"]?.integer == 61)
        #expect(usage["cache_creation"]?[bucket]?.integer == 61)
        #expect(usage["input_tokens"]?.integer == 3)
      }
    }
  }

  @Test func thinkingIsOutputAndAToolIsCalledInFragments() async throws {
    try await ProviderSimulator().running { client in
      let thought = try await client.post(
        "/v1/messages", body(#","thinking":{"type":"enabled","budget_tokens":50}"#), headers: version
      ).json()
      #expect(thought["content"]?.array?.first?["type"]?.string == "thinking")
      #expect(thought["usage"]?["output_tokens_details"]?["thinking_tokens"]?.integer == 8)
      let tools =
        #","stream":true,"tool_choice":{"type":"any"},"tools":[{"name":"find","input_schema":{"type":"object","properties":{"what":{"type":"string"}}}}]"#
      let events = try await client.post("/v1/messages", body(tools), headers: version).events()
      let json = events.compactMap { $0["delta"]?["partial_json"]?.string }
      #expect(json.count > 1 && json.first == "")
      #expect(try JSONValue(parsing: json.joined().utf8)["what"]?.string == "hello")
      #expect(events.last { $0["type"]?.string == "message_delta" }?["delta"]?["stop_reason"]?.string == "tool_use")
    }
  }

  @Test func vertexServesItWithoutAModelInTheBody() async throws {
    try await ProviderSimulator().running { client in
      let inner = body(#","anthropic_version":"vertex-2023-10-16""#, model: "")
      let answer = try await client.post(Self.vertexPath + ":rawPredict", inner).json()
      #expect(answer["model"]?.string == "claude-sonnet-4-5")
      let events = try await client.post(Self.vertexPath + ":streamRawPredict", inner).events()
      #expect(events.last?["type"]?.string == "message_stop")
      let missing = try await client.post(Self.vertexPath + ":rawPredict", body(model: ""))
      #expect(missing.status == .badRequest)
      #expect(try missing.json()["error"]?["type"]?.string == "invalid_request_error")
    }
  }

  @Test func errorsHaveAnthropicsShapeAndThePlatformsHaveGoogles() async throws {
    let rules =
      #"[{"name":"a","when":{"model":"busy"},"effect":{"status":529}},{"name":"b","when":{"path_contains":"rawPredict"},"effect":{"status":429,"retry_after_s":3}}]"#
    try await ProviderSimulator(faults: try FaultRule.list(parsing: rules.utf8)).running { client in
      let busy = try await client.post("/v1/messages", body(model: #""model":"busy","#), headers: version)
      #expect(busy.status.code == 529)
      #expect(try busy.json()["error"]?["type"]?.string == "overloaded_error")
      let quota = try await client.post(
        Self.vertexPath + ":rawPredict", body(#","anthropic_version":"vertex-2023-10-16""#, model: ""))
      #expect(quota.status == .tooManyRequests && quota.headers[.retryAfter] == "3")
      #expect(try quota.json()["error"]?["status"]?.string == "RESOURCE_EXHAUSTED")
      let unversioned = try await client.post("/v1/messages", body())
      #expect(unversioned.status == .badRequest, "anthropic-version is missing")
      let anonymous = try await client.post("/v1/messages", body(), headers: [:])
      #expect(try anonymous.json()["error"]?["type"]?.string == "authentication_error")
    }
  }
}
