// Our events have the shape of those that the real SDK sends, recorded from ddtrace 4.16: agentless and through an Agent.

import Foundation
import LLMTelemetry
import Testing

@testable import Datadog

@Suite struct LLMObservabilityShapeTests {
  /// What only a Python tracer has to say, or only a program that makes the call itself.
  private static let onlyTheirs: Set<String> = [
    "tags[ddtrace.version] string", "meta.metadata.temperature number", "meta.input.prompt.template string",
    "meta.input.prompt.variables object", "meta.input.prompt.variables.x string",
    "meta.input.prompt._dd_context_variable_keys array", "meta.input.prompt._dd_context_variable_keys[] string",
    "meta.input.prompt._dd_query_variable_keys array", "meta.input.prompt._dd_query_variable_keys[] string",
    "meta.output.messages[].tool_calls array", "meta.output.messages[].tool_calls[] object",
    "meta.output.messages[].tool_calls[].arguments object", "meta.output.messages[].tool_calls[].arguments.a number",
    "meta.output.messages[].tool_calls[].name string", "meta.output.messages[].tool_calls[].tool_id string",
    "meta.output.messages[].tool_calls[].type string",
  ]
  /// Documented by Datadog, though that program did not send them. `metadata` and tags are everybody's own.
  private static let documented: Set<String> = [
    "metrics.time_to_first_token number", "metrics.total_cost number", "metrics.cache_write_input_tokens number",
    "metrics.ephemeral_5m_input_tokens number", "metrics.ephemeral_1h_input_tokens number",
  ]

  @Test(arguments: ["agentless", "via-agent"])
  func spansHaveTheShapeOfTheSDKs(_ road: String) async throws {
    guard let file = sharedGolden("reference/golden/ddtrace-4.16-llmobs-\(road).json") else { return }
    let recorded = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]])
    let request = try #require(recorded.first { $0.description.contains("api/v2/llmobs") && $0["body"] is [[String: Any]] })
    let theirs = try #require(request["body"] as? [[String: Any]])
    #expect(theirs.count == 8)

    let run = LLMObservabilityRun { settings in
      (settings.service, settings.env, settings.version) = ("gw", "dev", "1.0")
    }
    let root = Self.like("rag", .workflow, parent: nil)
    run.sink.add(
      [
        root, Self.like("search", .retrieval, parent: root), Self.like("embed", .embedding, parent: root),
        Self.like("gen", .llm, parent: root), Self.like("t", .tool, parent: root), Self.like("a", .agent, parent: root),
        Self.like("k", .task, parent: root), Self.like("bad", .llm, parent: root),
      ])
    _ = try await run.finish()
    let ours = try events(try #require(run.receiver.requests.first).body)
    #expect(run.receiver.requests.count == 1 && ours.count == 8)

    var everything: Set<String> = []
    for event in theirs { everything.formUnion(try Self.shape(event)) }
    for (our, their) in zip(ours, theirs) {
      let (our, their) = (try Self.shape(our), try Self.shape(their))
      #expect(their.subtracting(our).subtracting(Self.onlyTheirs).isEmpty, "is missing")
      let more = our.subtracting(everything).subtracting(Self.documented)
      #expect(more.filter { !$0.hasPrefix("meta.metadata.") && !$0.hasPrefix("tags[") }.isEmpty, "is nowhere in theirs")
    }
  }

  @Test func evaluationsHaveTheShapeOfTheSDKs() async throws {
    guard let file = sharedGolden("reference/golden/ddtrace-4.16-llmobs-agentless.json") else { return }
    let recorded = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]])
    let theirs = try #require(recorded.compactMap { $0["body"] as? [String: Any] }.first)
    let receiver = DatadogReceiver()
    let sink = LLMObservabilityEvaluations(
      intake: .agentless(site: "datadoghq.com", apiKey: { "key" }), settings: LLMObservabilitySettings(),
      send: { receiver.send($0) }, now: { LLMObservabilityRun.start })
    var span = LLMObservabilityRun.span()
    span.risk.ungrounded = 0.7
    sink.add([span])
    sink.lane.shutDown()
    await sink.lane.run()
    let body = try #require(receiver.requests.first).body
    let ours = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    // Theirs has a second one, which is joined by a tag and categorical.
    let different = [".join_on.tag", ".categorical_value"]
    let shape = Self.paths(theirs).filter { path in !different.contains { path.contains($0) } }
    #expect(Self.paths(ours) == shape)
  }

  /// As the program was that the recording is of.
  private static func like(_ name: String, _ kind: SpanKind, parent: LLMSpan?) -> LLMSpan {
    var span = LLMObservabilityRun.span(kind, name, parent: parent)
    span.session = "s1"
    switch name {
    case "search":
      let document = ContentDocument(id: "1", name: "n", text: "doc", score: 0.5)
      span.content = SpanContent(input: [ContentMessage(role: "user", text: "q")], output: "", documents: [document])
    case "embed":
      (span.dimensions.provider, span.dimensions.model) = ("gcp.vertex_ai", "text-embedding-005")
      span.usage = TokenUsage(input: 3)
      span.content = SpanContent(input: [ContentMessage(role: "user", text: "hello")], output: "[1 embedding(s)]")
    case "gen":
      (span.dimensions.provider, span.dimensions.model) = ("gcp.gemini", "gemini-2.5-pro")
      (span.dimensions.prompt, span.dimensions.promptVersion, span.dimensions.tenant) = ("p", "v3", "acme")
      span.usage = TokenUsage(input: 6, cacheRead: 4, cacheWrite: 2, cacheWriteHour: 1, output: 3, reasoning: 2)
      span.cost = .exact(Nanodollars(1500), priceVersion: "1")
      span.timeToFirstToken = .milliseconds(200)
      span.content = SpanContent(input: [ContentMessage(role: "user", text: "hi")], output: "yo")
    case "t": span.content = SpanContent(input: [ContentMessage(role: "tool", text: "{\"a\": 1}")], output: "r")
    case "bad": span.outcome = .failed(.providerError, message: "boom")
    default: break
    }
    return span
  }

  /// Every member of an event with the type of its value; a tag counts as a member.
  private static func shape(_ event: [String: Any]) throws -> Set<String> {
    var span = try #require((event["spans"] as? [[String: Any]])?.first)
    var envelope = event
    envelope["spans"] = nil
    let tags = span.tags.map { "tags[\($0.prefix { $0 != ":" })] string" }
    span["tags"] = nil
    return paths(envelope).union(paths(span)).union(tags)
  }

  private static func paths(_ value: Any, _ path: String = "") -> Set<String> {
    switch value {
    case let object as [String: Any]:
      object.reduce(into: path.isEmpty ? [] : ["\(path) object"]) { found, member in
        found.formUnion(paths(member.value, path.isEmpty ? member.key : "\(path).\(member.key)"))
      }
    case let array as [Any]: array.reduce(into: ["\(path) array"]) { $0.formUnion(paths($1, path + "[]")) }
    case is String: ["\(path) string"]
    case is NSNumber: ["\(path) number"]
    default: ["\(path) null"]
    }
  }
}

private func sharedGolden(_ path: String) -> URL? {
  let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/" + path).standardized
  return FileManager.default.fileExists(atPath: file.path) ? file : nil
}
