// Spans of an application on their way straight to Datadog: by which road, what is in them, and what an absent Agent costs.

import Delivery
import LLMInstrumentation
import Logging
import Synchronization
import Testing

@testable import Datadog
@testable import DatadogInstrumentation

/// An Agent, or an intake, that remembers what it is sent.
private final class Receiver: Sendable {
  let requests = Mutex<[DeliveryRequest]>([])
  let info: String
  let answer: @Sendable () throws -> Int

  init(
    info: String = #"{"version":"7.60","endpoints":["/v0.4/traces","/v0.6/stats","/evp_proxy/v4/"],"client_drop_p0s":true}"#,
    _ answer: @escaping @Sendable () throws -> Int = { 200 }
  ) {
    self.info = info
    self.answer = answer
  }

  var send: DeliverySend {
    { request in
      if request.url.hasSuffix("/info") { return DeliveryResponse(status: 200, body: Array(self.info.utf8)) }
      self.requests.withLock { $0.append(request) }
      return DeliveryResponse(status: try self.answer())
    }
  }

  func bodies(_ path: String) -> [[UInt8]] { requests.withLock { $0 }.filter { $0.url.contains(path) }.map(\.body) }

  func text(_ path: String) -> String { bodies(path).map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n") }
}

@Suite struct DatadogExporterTests {
  private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  /// A sleep that ends only with its task: everything is then sent by the shutdown.
  private static let forEver: @Sendable (Duration) async throws -> Void = { _ in
    let (never, _) = AsyncStream.makeStream(of: Void.self)
    for await _ in never {}
    throw CancellationError()
  }

  private func exporter(
    _ receiver: Receiver, road: DatadogExporterSettings.Road = .agent(url: "http://agent:8126"),
    environment: [String: String] = [:],
    _ change: (inout DatadogExporterSettings) -> Void = { _ in }
  ) -> DatadogExporter {
    var settings = DatadogExporterSettings(road: road, mlApp: nil, environment: environment)
    settings.sendsObservability = true
    change(&settings)
    return DatadogExporter(settings, send: receiver.send, logger: logger, sleep: Self.forEver)
  }

  private func traced(_ exporter: DatadogExporter, captures: Bool = true) async {
    var settings = TracerSettings(service: "handbook", env: "dev", version: "1.0")
    settings.capturesContent = captures
    let tracer = LLMTracer(settings, exporter: exporter)
    await tracer.workflow("answer") { workflow in
      workflow.record(tenant: "acme")
      await tracer.chat(model: "fake-1", provider: "in-process") { span in
        span.record(input: [
          ContentMessage(role: "user", text: "I am jane.doe@example.com, key sk-proj-abcdefghijklmnopqrstuvwx123456")
        ])
        span.record(output: "Hello")
        span.record(usage: TokenUsage(input: 6, output: 3))
      }
    }
    await tracer.shutdown()
  }

  @Test func anAgentGetsTracesStatisticsAndObservability() async throws {
    let receiver = Receiver()
    let exporter = exporter(receiver, environment: ["DD_LLMOBS_ML_APP": "books"])
    await traced(exporter)
    let traces = try #require(receiver.bodies("/v0.4/traces").first)
    #expect(TracePayloadCheck.faults(in: traces).isEmpty)
    let spans = (try MessagePackReader.value(traces).elements?.first?.elements ?? [])
    #expect(spans.count == 2 && spans.allSatisfy { $0["service"]?.text == "handbook" && $0["meta"]?["env"]?.text == "dev" })
    // The root is first, and is where the service was entered; its child is not.
    #expect(spans.first?["resource"]?.text == "answer" && spans.first?["metrics"]?["_dd.top_level"]?.number == 1)
    #expect(spans.last?["metrics"]?["_dd.top_level"] == nil && spans.last?["meta"]?["tenant"] == nil)
    let statistics = try #require(receiver.bodies("/v0.6/stats").first)
    let groups = try MessagePackReader.value(statistics)["Stats"]?.elements?.first?["Stats"]?.elements ?? []
    #expect(groups.count == 2 && groups.allSatisfy { $0["Hits"]?.unsigned == 1 })
    let events = receiver.text("/evp_proxy/v4/api/v2/llmobs")
    #expect(events.contains("ml_app:books") && events.contains("fake-1") && events.contains("Hello"))
    #expect(!events.contains("jane.doe") && !events.contains("sk-proj-abcdef"))
    #expect(exporter.traceStatus?.delivered == 2 && exporter.observabilityStatus?.delivered == 2)
    #expect(exporter.traceStatus?.droppedInAll == 0)
  }

  @Test func fullTextLosesCredentialsAlone() async {
    let receiver = Receiver()
    await traced(exporter(receiver) { $0.redactsContent = false })
    let events = receiver.text("/llmobs")
    #expect(events.contains("jane.doe@example.com") && !events.contains("sk-proj-abcdef"))
  }

  @Test func withoutCaptureNoTextLeaves() async {
    let receiver = Receiver()
    await traced(exporter(receiver), captures: false)
    let all = receiver.text("http://")
    #expect(!all.contains("jane.doe") && !all.contains("Hello") && all.contains("fake-1"))
  }

  @Test func withoutAnAgentThereIsObservabilityAlone() async throws {
    let receiver = Receiver { 202 }
    let exporter = exporter(receiver, road: .agentless(site: "datadoghq.eu", apiKey: "key-1"))
    await traced(exporter)
    let request = try #require(receiver.requests.withLock { $0.first })
    #expect(request.url == "https://llmobs-intake.datadoghq.eu/api/v2/llmobs")
    #expect(request.headers.contains { $0.name == "DD-API-KEY" && $0.value == "key-1" })
    #expect(receiver.bodies("/traces").isEmpty && exporter.traceStatus == nil && exporter.observabilityStatus?.delivered == 2)
  }

  @Test func whatIsNotAskedForIsNotSent() async {
    let receiver = Receiver()
    await traced(exporter(receiver) { $0.sendsObservability = false })
    #expect(receiver.bodies("/llmobs").isEmpty && receiver.bodies("/traces").count == 1)
    let other = Receiver()
    await traced(exporter(other) { $0.sendsTraces = false })
    #expect(other.bodies("/traces").isEmpty && other.bodies("/stats").isEmpty && other.bodies("/llmobs").count == 1)
  }

  private struct Unreachable: Error {}

  @Test func anAbsentAgentCostsSpansAndNoTime() async {
    let exporter = exporter(Receiver { throw Unreachable() })
    await traced(exporter)
    #expect(exporter.traceStatus?.dropped == ["shut_down": 2] && exporter.observabilityStatus?.dropped == ["shut_down": 2])
    exporter.export([LLMSpan(traceID: .random(), spanID: .random(), kind: .task, name: "", start: .now(), duration: .zero)])
    #expect(exporter.traceStatus?.dropped == ["shut_down": 3])
    await exporter.shutdown()
  }

  @Test func aFullQueueDropsTheNewestAndCounts() async {
    let receiver = Receiver()
    let exporter = exporter(receiver)
    exporter.export(
      (0..<DatadogExporter.queueCapacity + 7).map {
        LLMSpan(traceID: .random(), spanID: .random(), kind: .task, name: "s\($0)", start: .now(), duration: .zero)
      })
    #expect(exporter.traceStatus?.dropped == ["queue_full": 7])
    await exporter.shutdown()
    #expect(exporter.traceStatus?.delivered == DatadogExporter.queueCapacity)
  }

  @Test(
    arguments: [
      ([:], "http://127.0.0.1:8126"), (["DD_AGENT_HOST": "agent"], "http://agent:8126"),
      (["DD_AGENT_HOST": "::1", "DD_TRACE_AGENT_PORT": "9126"], "http://[::1]:9126"),
      (["DD_TRACE_AGENT_URL": "https://agent.internal/x", "DD_AGENT_HOST": "other"], "https://agent.internal/x"),
      // A socket is no road of this client.
      (["DD_TRACE_AGENT_URL": "unix:///var/run/datadog/apm.socket"], "http://127.0.0.1:8126"),
    ] as [([String: String], String)])
  func datadogsVariablesSayWhereTheAgentIs(environment: [String: String], url: String) {
    #expect(DatadogExporterSettings.agentURL(environment) == url)
  }

  @Test func datadogsSwitchesAreObeyed() throws {
    func made(_ choice: ExporterChoice, _ environment: [String: String]) throws -> DatadogExporter {
      try #require(choice.make(environment).exporter as? DatadogExporter)
    }
    let plain = try made(.datadogAgent(), [:])
    #expect(plain.traceStatus != nil && plain.observabilityStatus == nil)
    let asked = try made(.datadogAgent(), ["DD_LLMOBS_ENABLED": "1", "DD_TRACE_ENABLED": "false"])
    #expect(asked.traceStatus == nil && asked.observabilityStatus != nil)
    let overruled = try made(.datadogAgent(llmObservability: false), ["DD_LLMOBS_ENABLED": "true"])
    #expect(overruled.observabilityStatus == nil)
    #expect(try made(.datadogAgentless(), ["DD_API_KEY": "k"]).observabilityStatus != nil)
    #expect(ExporterChoice.datadogAgentless().make([:]).exporter is DiscardingExporter)
  }
}
