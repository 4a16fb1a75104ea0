// responses, tools and embeddings as clients see them, with counts that agree between one body and a stream.
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Simulation

@Suite struct ResponsesAndEmbeddingsTests {
  private static let tool =
    #"{"type":"function","name":"find","parameters":{"type":"object","properties":{"what":{"type":"string"},"many":{"type":"integer"}},"required":["many","what"]}}"#

  @Test func aResponseAndItsEventsSayTheSame() async throws {
    try await ProviderSimulator().running { client in
      let request = #"{"model":"gpt-5","instructions":"12345678","input":"hello there""#
      let whole = try await client.post("/v1/responses", request + "}").json()
      let events = try await client.post("/v1/responses", request + #","stream":true}"#).events()
      #expect(events.first?["type"]?.string == "response.created")
      #expect(events.compactMap { $0["sequence_number"]?.integer } == Array(0..<events.count))
      let last = try #require(events.last)
      #expect(last["type"]?.string == "response.completed")
      let usage = try #require(last["response"]?["usage"])
      #expect(usage["input_tokens"]?.integer == 5)
      #expect(usage["output_tokens_details"]?["reasoning_tokens"]?.integer == 8)
      #expect(usage["output_tokens"]?.integer == whole["usage"]?["output_tokens"]?.integer)
      let text = whole["output"]?.array?.last?["content"]?.array?.first?["text"]?.string
      #expect(events.compactMap { $0["delta"]?.string }.joined() == text)
      #expect(events.first?["response"]?["usage"] == nil, "there is no usage before the end")
    }
  }

  @Test func aToolIsCalledWhenItIsNamedAndItsResultIsAnswered() async throws {
    try await ProviderSimulator().running { client in
      let asked = #"{"model":"m","tools":[\#(Self.tool)],"input":"use find for Lisbon"}"#
      let call = try await client.post("/v1/responses", asked).json()["output"]?.array?.first
      #expect(call?["type"]?.string == "function_call")
      #expect(call?["arguments"]?.string == #"{"many":3,"what":"Lisbon"}"#)
      let plain = #"{"model":"m","tools":[\#(Self.tool)],"input":"just a chat"}"#
      #expect(try await client.post("/v1/responses", plain).json()["output"]?.array?.first?["type"]?.string == "message")
      let result =
        #"{"model":"m","tools":[\#(Self.tool)],"input":[{"role":"user","content":"use find"},{"type":"function_call_output","call_id":"c","output":"forty-two"}]}"#
      let answered = try await client.post("/v1/responses", result).json()["output"]?.array?.first
      #expect(answered?["content"]?.array?.first?["text"]?.string?.contains("forty-two") == true)
    }
  }

  @Test func chatAnswersAsOftenAsAskedAndStreamsItsCalls() async throws {
    try await ProviderSimulator().running { client in
      let request = #"{"model":"gpt-4o","messages":[{"role":"user","content":"use find"}]"#
      let two = try await client.post("/v1/chat/completions", request + #","n":2}"#).json()
      let texts = try #require(two["choices"]?.array).compactMap { $0["message"]?["content"]?.string }
      #expect(Set(texts).count == 2)
      #expect(two["usage"]?["completion_tokens"]?.integer == texts.reduce(0) { $0 + SimulatedModel.tokenCount(of: $1) })
      let tools = #","tools":[{"type":"function","function":\#(Self.tool)}],"stream":true}"#
      let events = try await client.post("/v1/chat/completions", request + tools).events()
      let calls = events.compactMap { $0["choices"]?.array?.first?["delta"]?["tool_calls"]?.array?.first?["function"] }
      #expect(calls.compactMap { $0["name"]?.string } == ["find"])
      #expect(try JSONValue(parsing: calls.compactMap { $0["arguments"]?.string }.joined().utf8)["many"]?.integer == 3)
      #expect(events.last?["choices"]?.array?.first?["finish_reason"]?.string == "tool_calls")
    }
  }

  @Test func googleCallsFunctionsToo() async throws {
    try await ProviderSimulator().running { client in
      let request =
        #"{"contents":[{"parts":[{"text":"hi Lisbon"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}},"tools":[{"functionDeclarations":[{"name":"find","parameters":{"type":"OBJECT","properties":{"what":{"type":"STRING"}}}}]}]}"#
      let answer = try await client.post(ProviderSimulator.vertexPath + ":generateContent", request).json()
      let call = answer["candidates"]?.array?.first?["content"]?["parts"]?.array?.first?["functionCall"]
      #expect(call?["name"]?.string == "find" && call?["args"]?["what"]?.string == "Lisbon")
    }
  }

  @Test func vectorsAreTheSameNumbersInBothFormatsAndAreCounted() async throws {
    try await ProviderSimulator().running { client in
      let request = #"{"model":"m","dimensions":5,"input":["hello there","x"]"#
      let floats = try await client.post("/v1/embeddings", request + "}").json()
      #expect(floats["usage"]?["prompt_tokens"]?.integer == 3 + 1)
      let packed = try await client.post("/v1/embeddings", request + #","encoding_format":"base64"}"#).json()
      for index in 0..<2 {
        let numbers = floats["data"]?.array?[index]["embedding"]?.array?.compactMap(\.number)
        let data = try #require(packed["data"]?.array?[index]["embedding"]?.string.flatMap { Data(base64Encoded: $0) })
        let unpacked = stride(from: 0, to: data.count, by: 4).map { start -> Double in
          // The low byte comes first.
          let bits = data[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
          return Double(Float(bitPattern: bits))
        }
        #expect(numbers == unpacked && unpacked.count == 5)
      }
    }
  }

  @Test func textsThatShareWordsAreNearEachOther() {
    func cosine(_ left: String, _ right: String) -> Double {
      let (a, b) = (
        EmbeddingVector(of: .init(text: left), dimensions: 768), EmbeddingVector(of: .init(text: right), dimensions: 768)
      )
      func product(_ x: [Float], _ y: [Float]) -> Double { zip(x, y).reduce(0) { $0 + Double($1.0 * $1.1) } }
      return product(a.values, b.values) / (product(a.values, a.values) * product(b.values, b.values)).squareRoot()
    }
    let question = "How long is the warranty on batteries?"
    #expect(cosine(question, "Batteries are covered by the warranty for 12 months.") > 0.3)
    #expect(cosine(question, "Express delivery costs 12.50 euros.") < 0.15)
    #expect(cosine(question, question) > 0.999)
    let values = EmbeddingVector(of: .init(text: question), dimensions: 64).values
    #expect(values.allSatisfy { abs($0) <= 1 && ($0 * 1024).rounded() == $0 * 1024 }, "exact in every number format")
    #expect(EmbeddingVector(of: .init(text: ""), dimensions: 8).values.contains { $0 != 0 })
  }

  @Test func aCalculationIsGivenToTheToolThatCalculates() async throws {
    try await ProviderSimulator().running { client in
      func call(_ question: String) async throws -> JSONValue? {
        let request =
          #"{"contents":[{"role":"user","parts":[{"text":"Documents:\n\n[1] Returns (returns.md)\nWe calculate and find 2 - 3 days.\n\nQuestion: \#(question)"}]}],"tools":[{"functionDeclarations":[{"name":"calculate","parameters":{"type":"OBJECT","properties":{"expression":{"type":"STRING"}},"required":["expression"]}},{"name":"read_it","parameters":{"type":"OBJECT","properties":{"document":{"type":"STRING"}},"required":["document"]}}]}]}"#
        let answer = try await client.post(ProviderSimulator.vertexPath + ":generateContent", request).json()
        return answer["candidates"]?.array?.first?["content"]?["parts"]?.array?.first?["functionCall"]
      }
      let calculation = try await call("What are (4.90 + 12) * 3 euros?")
      #expect(calculation?["name"]?.string == "calculate")
      #expect(calculation?["args"]?["expression"]?.string == "(4.90 + 12) * 3")
      #expect(try await call("Please read_it.")?["args"]?["document"]?.string == "returns.md")
      #expect(try await call("What was on 2026-11-24?") == nil, "a date is no calculation, and a document asks for nothing")
    }
  }

  @Test func googlesThreeFormsOfEmbeddingsCount() async throws {
    try await ProviderSimulator().running { client in
      let path = "/v1beta/models/gemini-embedding-001"
      let one = try await client.post(path + ":embedContent", #"{"content":{"parts":[{"text":"hello there"}]}}"#).json()
      #expect(one["embedding"]?["values"]?.array?.count == 3072)
      #expect(one["usageMetadata"]?["promptTokenCount"]?.integer == 3)
      let requests =
        #"{"requests":[{"content":{"parts":[{"text":"a"}]},"outputDimensionality":4},{"content":{"parts":[{"text":"b"}]}}]}"#
      let batch = try await client.post(path + ":batchEmbedContents", requests).json()
      #expect(batch["embeddings"]?.array?.map { $0["values"]?.array?.count } == [4, 4])
      let predicted = try await client.post(
        "/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict",
        #"{"instances":[{"content":"hello there"}],"parameters":{"outputDimensionality":6}}"#
      ).json()
      let embeddings = try #require(predicted["predictions"]?.array?.first?["embeddings"])
      #expect(embeddings["values"]?.array?.count == 6)
      #expect(embeddings["statistics"]?["token_count"]?.integer == 3)
    }
  }

  @Test func aStreamCanEndWithTheProvidersErrorAndCanRepeatItsUsage() async throws {
    let rules =
      #"[{"name":"a","when":{"model":"failing"},"effect":{"error_after_chunks":2}},{"name":"b","effect":{"repeat_usage":true}}]"#
    try await ProviderSimulator(faults: try FaultRule.list(parsing: rules.utf8)).running { client in
      let request = #"{"model":"failing","stream":true,"messages":[{"role":"user","content":"hello there"}]}"#
      let failed = try await client.post("/v1/chat/completions", request)
      #expect(try failed.events().last?["error"]?["type"]?.string == "server_error")
      #expect(!failed.text.contains("[DONE]"))
      let counted =
        #"{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hello there"}]}"#
      let counts = try await client.post("/v1/chat/completions", counted).events()
        .compactMap { $0["usage"]?["completion_tokens"]?.integer }
      #expect(counts.count > 3 && counts == counts.sorted())
    }
  }
}
