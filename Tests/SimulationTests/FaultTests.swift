// Faults: whom they strike, what the client sees, and how wrong rules are refused.
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Simulation

@Suite struct FaultTests {
  private let question = #"{"contents":[{"role":"user","parts":[{"text":"hello there my good friend"}]}]}"#
  private let path = ProviderSimulator.vertexPath

  private func simulator(_ rules: String) throws -> ProviderSimulator {
    ProviderSimulator(faults: try FaultRule.list(parsing: rules.utf8))
  }

  @Test func aStatusHasTheProvidersShapeAndRetryAfter() async throws {
    try await simulator(#"[{"name":"quota","when":{"model":"gemini-2.5-flash"},"effect":{"status":429,"retry_after_s":7}}]"#)
      .running { client in
        let struck = try await client.post(path + ":generateContent", question)
        #expect(struck.status.code == 429)
        #expect(struck.headers[.retryAfter] == "7")
        #expect(try struck.json()["error"]?["status"]?.string == "RESOURCE_EXHAUSTED")
        let other = try await client.post("/v1beta/models/gemini-2.5-pro:generateContent", question)
        #expect(other.status == .ok)
      }
  }

  @Test func aShareIsExactAndSpreadEvenly() async throws {
    try await simulator(#"[{"name":"some","when":{"share":0.25},"effect":{"status":503}}]"#).running { client in
      var statuses: [Int] = []
      for _ in 0..<8 { statuses.append(try await client.post(path + ":generateContent", question).status.code) }
      #expect(statuses == [200, 200, 200, 503, 200, 200, 200, 503])
    }
  }

  @Test func aRuleCanLookAtTheSystemText() async throws {
    try await simulator(#"[{"name":"bad prompt","when":{"system_contains":"be creative"},"effect":{"empty_candidates":true}}]"#)
      .running { client in
        let bad = #"{"contents":[{"parts":[{"text":"hi"}]}],"systemInstruction":{"parts":[{"text":"Please be creative."}]}}"#
        let blocked = try await client.post(path + ":generateContent", bad).json()
        #expect(blocked["candidates"] == nil)
        #expect(blocked["promptFeedback"]?["blockReason"]?.string == "SAFETY")
        let spared = try await client.post(path + ":generateContent", question).json()
        #expect(spared["candidates"] != nil)
      }
  }

  @Test func aCutClosesTheConnectionInTheMiddleOfTheStream() async throws {
    try await simulator(#"[{"name":"cut","effect":{"cut_after_chunks":2}}]"#).running { client in
      await #expect(throws: (any Error).self) { try await client.post(path + ":streamGenerateContent?alt=sse", question) }
    }
  }

  @Test func aMalformedAnswerIsNotJSON() async throws {
    try await simulator(#"[{"name":"garbled","effect":{"malformed":true}}]"#).running { client in
      let answer = try await client.post(path + ":generateContent", question)
      #expect(answer.status == .ok)
      #expect(throws: (any Error).self) { try answer.json() }
    }
  }

  @Test func usageCanBeLeftOut() async throws {
    try await simulator(#"[{"name":"mute","effect":{"omit_usage":true}}]"#).running { client in
      let answer = try await client.post(path + ":generateContent", question).json()
      #expect(answer["candidates"] != nil)
      #expect(answer["usageMetadata"] == nil)
    }
  }

  @Test func wrongRulesAreAllReportedAndChangeNothing() async throws {
    let simulator = try simulator(#"[{"name":"kept","effect":{"status":500}}]"#)
    try await simulator.running { client in
      let wrong = #"[{"name":"a","when":{"share":1.5,"modle":"x"},"effect":{"status":200}},{"effect":{}}]"#
      let answer = try await client.execute(uri: "/_simulator/faults", method: .put, body: ByteBuffer(string: wrong))
      #expect(answer.status == .badRequest)
      let errors = try #require(try answer.json()["errors"]?.array).compactMap(\.string)
      #expect(errors.count == 5)
      #expect(errors.contains { $0.hasPrefix("[0].when.modle: is not a known key") })
      #expect(errors.contains("[0].when.share: 1.5 is not a share; give a number from 0 to 1"))
      #expect(simulator.faultRules.map(\.name) == ["kept"])
    }
  }

  @Test func rulesReadBackAsTheyWereSet() throws {
    let rules = #"""
      [{"name":"all","when":{"model":"m","protocol":"vertex","system_contains":"s","path_contains":"p","share":0.5},
        "effect":{"status":429,"retry_after_s":1,"latency_ms":2,"first_token_ms":3,"chunk_gap_ms":4,"hallucinate":true,"answer":"so",
        "length_factor":2.5,
        "cut_after_chunks":5,"stall_after_chunks":6,"error_after_chunks":7,"malformed":true,"empty_candidates":true,
        "omit_usage":true,"usage_with_choices":true,"repeat_usage":true}}]
      """#
    let parsed = try FaultRule.list(parsing: rules.utf8)
    let again = try FaultRule.list(parsing: JSONValue.array(parsed.map(\.json)).text.utf8)
    #expect(parsed == again)
    #expect(parsed.first?.effect.firstToken == .milliseconds(3))
  }

  @Test func requestsAreKeptAsTheyArrived() async throws {
    let simulator = ProviderSimulator()
    try await simulator.running { client in
      _ = try await client.post(path + ":generateContent?x=1", question)
      let listed = try await client.execute(uri: "/_simulator/requests", method: .get).json()["requests"]?.array
      let entry = try #require(listed?.first)
      #expect(entry["target"]?.string == path + ":generateContent?x=1")
      #expect(entry["body_base64"]?.string.flatMap { Data(base64Encoded: $0) } == Data(question.utf8))
      #expect(simulator.requestLog.requests.first?.header("authorization") == "Bearer sk-test")
      _ = try await client.execute(uri: "/_simulator/requests", method: .delete)
      #expect(simulator.requestLog.requests.isEmpty)
    }
  }
}
