// Tools: what the calculator and the document reader answer, and that the model's calls are agent and tool spans of one trace.
import LLMTelemetry
import Simulation
import Testing

@testable import RAGService

@Suite struct ToolTests {
  @Test(arguments: [
    ("1 + 2 * 3", "7"), ("(4.90 + 12) * 3", "50.7"), ("0.1 + 0.2", "0.3"), ("200 * 15%", "30"), ("2^10 - 24", "1000"),
    ("-3 + 5", "2"),
    ("10 / 4", "2.5"), ("2 × 3 − 1", "5"), ("-(2 + 3)", "-5"), ("7", "7"), ("1 / 3", "0.333333333333"),
  ])
  func arithmeticIsExact(expression: String, value: String) throws {
    #expect(try Arithmetic.evaluate(expression) == value)
  }

  @Test(arguments: [
    "", "1 +", "1 / 0", "(1", "abc", "1 2", "1..2", "2^0.5", "9^64^9", "1 + import os", String(repeating: "(", count: 200),
    String(repeating: "1+", count: 400) + "1", "2^64^2", "999999999999999999999999999999 * 99999999999999999999",
  ])
  func whatIsNoArithmeticIsRefused(expression: String) {
    #expect(throws: Arithmetic.Failure.self) { try Arithmetic.evaluate(expression) }
  }

  @Test func theModelsCallsAreCarriedOutInsideTheAgent() async throws {
    try await RunningService.with { service in
      let reply = try await service.answer("What do express deliveries cost together: 3 * 14.90 euros?")
      #expect(reply[path: "tools.0.name"]?.string == "calculate")
      #expect(reply[path: "tools.0.output.value"]?.string == "44.7")
      #expect(reply["answer"]?.string?.contains("44.7") == true)
      let trace = service.spans.trace(of: "answer question")
      let agent = try #require(trace.first { $0.kind == .agent })
      #expect(trace.filter { $0.kind == .llm && $0.parentSpanID == agent.spanID }.count == 2)
      let tool = try #require(trace.first { $0.kind == .tool })
      #expect(tool.name == "calculate" && tool.parentSpanID == agent.spanID && tool.outcome == .ok)
      let second = try JSON(parsing: try #require(service.generations.last).body)
      let contents = try #require(second["contents"]?.array)
      #expect(contents.count == 3)
      #expect(contents[1][path: "parts.0.functionCall.name"]?.string == "calculate")
      #expect(contents[2][path: "parts.0.functionResponse.response.result.value"]?.string == "44.7")
      #expect(second[path: "tools.0.functionDeclarations.0.parameters.type"]?.string == "OBJECT")
    }
  }

  @Test func aDocumentCanBeReadOn() async throws {
    try await RunningService.with { service in
      let reply = try await service.answer("How long is the warranty? Please use read_document for all of it.")
      #expect(reply[path: "tools.0.arguments.document"]?.string == "warranty.md")
      #expect(reply[path: "tools.0.output.text"]?.string?.isEmpty == false)
      #expect(service.spans.spans.contains { $0.kind == .tool && $0.name == "read_document" && $0.outcome == .ok })
    }
  }

  @Test func aCallThatCannotBeCarriedOutIsAnAnswerToTheModel() async throws {
    let tool = CalculatorTool()
    #expect(await tool.call([:], question: "")["error"]?.string?.contains("expression") == true)
    #expect(await tool.call(["expression": "1/0"], question: "")["error"]?.string?.contains("zero") == true)
    let store = try DocumentStore(path: nil, embedder: "e")
    #expect(
      await ReadDocumentTool(store: store, screen: PassageScreen(treatment: .drop)).call(
        ["document": "../etc/passwd"], question: "")["error"] != nil)
  }

  @Test func withoutToolsThereIsNoAgentAndNoDeclaration() async throws {
    try await RunningService.with(configure: { $0.answering.tools = [] }) { service in
      _ = try await service.answer("How long is the warranty of Halden devices?")
      #expect(!service.spans.spans.contains { $0.kind == .agent })
      #expect(try JSON(parsing: try #require(service.generations.first).body)["tools"] == nil)
    }
  }
}
