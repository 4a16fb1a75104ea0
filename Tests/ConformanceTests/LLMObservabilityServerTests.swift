// The whole server in front of something that listens like an Agent: every exchange arrives in LLM Observability, and no word of it.

import AsyncHTTPClient
import Foundation
import Hummingbird
import LLMTelemetry
import Logging
import NIOCore
import Simulation
import Synchronization
import Testing

@Suite struct LLMObservabilityServerTests {
  private final class Agent: Sendable {
    let bodies = Mutex<[[UInt8]]>([])

    /// Runs on a free port while `body` does.
    func whileRunning<Value: Sendable>(_ body: (_ url: String) async throws -> Value) async throws -> Value {
      let router = Router()
      router.get("/info") { _, _ in
        Response(
          status: .ok, headers: [.contentType: "application/json"],
          body: .init(byteBuffer: ByteBuffer(string: #"{"version":"7.70.0","endpoints":["/v0.4/traces","/evp_proxy/v2/"]}"#)))
      }
      router.post("/evp_proxy/v2/api/v2/llmobs") { request, _ in
        let buffer = try await request.body.collect(upTo: 8 << 20)
        let subdomain = request.headers.first { $0.name.canonicalName == "x-datadog-evp-subdomain" }?.value
        guard subdomain == "llmobs-intake" else { return Response(status: .forbidden) }
        self.bodies.withLock { $0.append(Array(buffer.readableBytesView)) }
        return Response(status: .accepted)
      }
      let (ports, listening) = AsyncStream.makeStream(of: Int.self)
      let application = Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { listening.yield($0.localAddress?.port ?? 0) },
        logger: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() })
      let running = Task { try await application.run() }
      defer { running.cancel() }
      var iterator = ports.makeAsyncIterator()
      let port = try #require(await iterator.next())
      return try await body("http://127.0.0.1:\(port)")
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func everyExchangeArrivesAndNoWordOfIt() async throws {
    let agent = Agent()
    let stored = try await agent.whileRunning { url in
      let section = """
        datadog: {agent: "\(url)", llm_observability: agent, ml_app: Conformance App}

        """
      let faults = [429, 500].map { status in
        var effect = FaultRule.Effect()
        effect.status = status
        return FaultRule(name: "status \(status)", condition: .init(model: "failing-\(status)"), effect: effect)
      }
      return try await Deployment.run(simulator: ProviderSimulator(faults: faults), extra: section) { deployment in
        for model in ["gpt-4o", "gpt-4o-mini", "failing-500", "failing-429"] {
          var request = HTTPClientRequest(url: deployment.gatewayURL + "/v1/chat/completions")
          request.method = .POST
          request.headers = ["authorization": "Bearer \(Deployment.key)", "content-type": "application/json"]
          request.body = .bytes(
            ByteBuffer(string: #"{"model":"\#(model)","messages":[{"role":"user","content":"xylophone-secret"}]}"#))
          _ = try await HTTPClient.shared.execute(request, timeout: .seconds(10)).body.collect(upTo: 1 << 20)
        }
      }.spans
    }
    let bodies = agent.bodies.withLock { $0 }
    var sent: [String: [String: Any]] = [:]
    for body in bodies {
      #expect(!String(decoding: body, as: UTF8.self).contains("xylophone-secret"))
      for event in try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [[String: Any]]) {
        let span = try #require((event["spans"] as? [[String: Any]])?.first)
        sent[try #require(span["span_id"] as? String)] = span
      }
    }
    #expect(stored.count >= 4 && sent.count == stored.count)
    for span in stored {
      let event = try #require(sent[String(span.spanID.bits)], "\(span.name) never arrived")
      #expect(event["trace_id"] as? String == span.traceID.description)
      #expect(event["status"] as? String == (span.outcome == .ok ? "ok" : "error"))
      let tags = Set(event["tags"] as? [String] ?? [])
      #expect(tags.isSuperset(of: ["ml_app:conformance_app", "env:test", "service:conformance"]))
      #expect((event["metrics"] as? [String: Any])?["input_tokens"] as? Int == span.usage.totalInput)
    }
    #expect(stored.contains { $0.outcome != .ok })
  }
}
