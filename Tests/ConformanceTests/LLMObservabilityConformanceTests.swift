// What we send to LLM Observability and to the log intake, judged by Datadog's test agent, by rules of our own and by Datadog's client.

import Datadog
import Delivery
import Foundation
import LLMTelemetry
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(3))) struct LLMObservabilityConformanceTests {
  /// A line of `llm_observability_agent.py`.
  private struct Line: Decodable {
    struct Span: Decodable {
      struct Meta: Decodable {
        struct Kind: Decodable { var kind: String }
        var span: Kind
      }
      var name: String
      var span_id: String
      var parent_id: String
      var status: String
      var meta: Meta
    }
    struct Evaluation: Decodable {
      struct Join: Decodable { var span: Joined }
      struct Joined: Decodable { var span_id: String }
      var label: String
      var score_value: Double
      var join_on: Join
    }
    var span: Span?
    var evaluation: Evaluation?
  }

  @Test(arguments: ["evp_proxy/v2", "evp_proxy/v4"])
  func everySpanAndScoreIsTakenAsItWasMeant(_ proxy: String) async throws {
    let spans = Self.story()
    let recording = Recording()
    try await Self.send(spans, to: .agent(url: "http://agent", proxy: { proxy }), recording)
    let lines: [Line] = try await recording.run(.testAgent, "llm_observability_agent.py") { [$0.path] }

    let sent = lines.compactMap(\.span)
    #expect(sent.map(\.name) == spans.map(\.name) && sent.map(\.span_id) == spans.map { String($0.spanID.bits) })
    #expect(sent.map(\.parent_id) == spans.map { $0.parentSpanID.map { String($0.bits) } ?? "undefined" })
    #expect(sent.map(\.meta.span.kind) == spans.map(\.kind.rawValue))
    #expect(sent.map(\.status) == spans.map { $0.outcome == .ok ? "ok" : "error" })
    let scores = lines.compactMap(\.evaluation)
    let expected = spans.flatMap { span in
      span.risk.all.map { "\(span.spanID.bits) \($0.scorer.rawValue) \($0.score)" }
    }
    #expect(scores.map { "\($0.join_on.span.span_id) \($0.label) \($0.score_value)" } == expected)
  }

  /// The test agent takes anything: what it lets through is caught by the rules.
  @Test(arguments: [
    (#""parent_id":"undefined""#, #""parent_id":"0""#, "parent_id"),
    (#""parent_id":"undefined""#, #""parent_id":"12345""#, "never sent"),
    (#""kind":"llm""#, #""kind":"chat""#, "meta"),
    (#""status":"ok""#, #""state":"ok""#, "unknown ['state']"),
    (#""error:0""#, #""error:1""#, "tag error"),
  ])
  func aBrokenEventIsFound(_ whole: String, _ broken: String, _ words: String) async throws {
    let recording = Recording()
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: .now() - .seconds(2), duration: .seconds(1))
    span.usage.input = 1
    try await Self.send([span], to: .agent(url: "http://agent", proxy: { nil }), recording)
    recording.edit { text in
      #expect(text.contains(whole))
      return text.replacingOccurrences(of: whole, with: broken)
    }
    let failure = await #expect(throws: PythonVerifier.Failure.self) {
      let _: [Line] = try await recording.run(.testAgent, "llm_observability_agent.py") { [$0.path] }
    }
    #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
  }

  @Test func datadogsClientKnowsTheEvaluations() async throws {
    let recording = Recording()
    try await Self.send(Self.story(), to: .agentless(site: "datadoghq.com", apiKey: { "key" }), recording)
    let counts = try await recording.models("evaluations") { $0.url.hasSuffix("/eval-metric") }
    #expect(counts == Self.story().reduce(0) { $0 + $1.risk.all.count })
  }

  @Test func datadogsClientKnowsTheLogs() async throws {
    let recording = Recording()
    var settings = LogIntakeSettings(site: "datadoghq.com", apiKey: { "key" })
    settings.hostname = "host"
    let intake = LogIntake(settings: settings, send: { recording.send($0) })
    intake.add(Self.story())
    intake.add(line: "a \"warning\"\u{1}\n🙂", status: .warn, at: .now(), attributes: [("logger.name", "ingest")])
    intake.lane.shutDown()
    await intake.lane.run()
    let exchanges = Self.story().count { [.llm, .embedding, .task].contains($0.kind) }
    #expect(try await recording.models("logs") { _ in true } == exchanges + 1)
  }

  private static func send(_ spans: [LLMSpan], to intake: LLMObservabilityIntake, _ recording: Recording) async throws {
    var settings = LLMObservabilitySettings()
    (settings.mlApp, settings.service, settings.env) = ("Conformance App", "gateway", "test")
    settings.failsFrom = [.ungrounded: 0.5]
    let sink = LLMObservabilitySpans(intake: intake, settings: settings, send: { recording.send($0) })
    sink.add(spans)
    sink.shutDown()
    await sink.run()
    let evaluations = LLMObservabilityEvaluations(intake: intake, settings: settings, send: { recording.send($0) })
    evaluations.add(spans)
    evaluations.lane.shutDown()
    await evaluations.lane.run()
  }

  /// One trace with a span of each kind, one failed in each way, and text that is hard to write down.
  private static func story() -> [LLMSpan] {
    let root = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .workflow, name: "ask", start: .now() - .seconds(5), duration: .seconds(4))
    var spans = [root]
    for kind in SpanKind.allCases {
      var span = LLMSpan(
        traceID: root.traceID, spanID: .random(), parentSpanID: root.spanID, kind: kind, name: "\(kind) \"🙂\"\n\u{1}",
        start: root.start, duration: .seconds(1))
      (span.dimensions.tenant, span.session) = ("größe\\", "s-1")
      span.content = SpanContent(
        input: [ContentMessage(role: "user", text: "\u{0}\"hi\"")], output: "\u{1f}🙂",
        documents: [ContentDocument(id: "1", name: "n", text: "\\", score: 0.5)])
      if kind == .llm {
        (span.dimensions.prompt, span.dimensions.promptVersion) = ("support", "v3")
        span.usage = TokenUsage(input: 10, cacheRead: 4, cacheWrite: 2, cacheWriteHour: 1, output: 5, reasoning: 2)
        (span.cost, span.timeToFirstToken) = (.exact(Nanodollars(156_000), priceVersion: "1"), .milliseconds(120))
        for scorer in RiskScorer.allCases { span.risk[scorer] = 0.5 }
      }
      spans.append(span)
    }
    for errorClass in ErrorClass.allCases {
      var span = LLMSpan(
        traceID: root.traceID, spanID: .random(), parentSpanID: root.spanID, kind: .llm, name: "failed \(errorClass.rawValue)",
        start: root.start, duration: .seconds(1), outcome: .failed(errorClass, message: ""))
      span.risk[.refusal] = 0
      spans.append(span)
    }
    return spans
  }
}

/// Requests that were to be sent, for a verifier to read.
private final class Recording: Sendable {
  private let requests = Mutex<[DeliveryRequest]>([])

  func send(_ request: DeliveryRequest) -> DeliveryResponse {
    requests.withLock { $0.append(request) }
    return DeliveryResponse(status: 202)
  }

  func edit(_ change: (String) -> String) {
    requests.withLock { requests in
      for index in requests.indices {
        requests[index].body = Array(change(String(decoding: requests[index].body, as: UTF8.self)).utf8)
      }
    }
  }

  func run<Line: Decodable>(
    _ environment: PythonVerifier.Environment, _ script: String, arguments: (URL) -> [String]
  ) async throws -> [Line] {
    try await withFolder { folder in
      for (index, request) in requests.withLock({ $0 }).enumerated() {
        let path = try #require(URL(string: request.url)?.path)
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        let document: [String: Any] = ["path": path, "headers": headers, "body": Data(request.body).base64EncodedString()]
        try JSONSerialization.data(withJSONObject: document).write(to: folder.appending(path: "\(index + 1000).json"))
      }
      return try await PythonVerifier(environment: environment).run(script, arguments(folder))
    }
  }

  private struct Count: Decodable { var entries: Int }

  /// How many entries of the bodies Datadog's client has read.
  func models(_ kind: String, where isMeant: (DeliveryRequest) -> Bool) async throws -> Int {
    try await withFolder { folder in
      let bodies = requests.withLock { $0 }.filter(isMeant).map(\.body)
      let files = try bodies.enumerated().map { index, body in
        let file = folder.appending(path: "\(index).json")
        try Data(body).write(to: file)
        return file.path
      }
      let counts: [Count] = try await PythonVerifier(environment: .datadogAPI).run("datadog_models.py", [kind] + files)
      return counts.reduce(0) { $0 + $1.entries }
    }
  }

  private func withFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "requests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
  }
}
