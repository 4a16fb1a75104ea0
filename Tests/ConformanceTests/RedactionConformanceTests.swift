// A whole server, asked with secrets in every place a client can write: none is in its store, and none in what it sends to anybody.

import AsyncHTTPClient
import Foundation
import LLMTelemetry
import NIOCore
import Simulation
import Synchronization
import Testing

@Suite struct RedactionConformanceTests {
  private static let secrets = [
    "sk-proj-Tr0ub4dor3abcdefgh12345", "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8", "maria.lopez@mail.example.org",
    "4111111111111111",
    "DE89370400440532013000", "536-90-4399", "+49 30 901820", "203.0.113.77",
  ]

  /// Every road is open, and one listener is at the end of all of them.
  @Test(arguments: ["off", "redacted", "full"])
  func noSecretIsInAnySink(capture: String) async throws {
    let receiver = TelemetryReceivers()
    let kept = Mutex("")
    let (_, spans) = try await receiver.run { address, stats in
      try await Deployment.run(
        simulator: ProviderSimulator(), extra: "capture: \(capture)\n" + TelemetryReceivers.everyRoad(address, stats),
        afterwards: { folder in
          for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let bytes = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            kept.withLock { $0 += bytes }
          }
        }
      ) { deployment in
        for secret in Self.secrets {
          for isStreaming in [false, true] {
            try await ask(deployment, secret: secret, model: "gpt-4o-mini", streams: isStreaming)
          }
          // A model that no route has: the gateway's own error names it.
          try await ask(deployment, secret: secret, model: "unknown-\(secret)", streams: false)
        }
        let metrics = try await HTTPClient.shared.get(url: deployment.consoleURL + "/metrics").get()
        kept.withLock { $0 += metrics.body.map { String(buffer: $0) } ?? "" }
      }
    }
    #expect(spans.count >= Self.secrets.count * 3)
    var all = kept.withLock { $0 } + receiver.text
    #expect(kept.withLock { $0.utf8.count } > 10_000)
    // Everything came: traces, LLM Observability, logs, metrics, OTLP, datagrams.
    for part in ["/v0.4/traces", "/api/v2/llmobs", "/api/v2/logs", "/v1/traces", "llm.requests:"] {
      let came = all.contains(part)
      #expect(came, "\(part)")
    }
    dump(spans, to: &all, maxDepth: 12)
    // With `full` only what opens doors is taken out: people's data stays, since somebody asked for it.
    let forbidden = capture == "full" ? Array(Self.secrets.prefix(2)) : Self.secrets
    for secret in forbidden + ["upstream-secret", Deployment.key] {
      // Not the text in the expectation: it is megabytes.
      let isThere = all.contains(secret)
      #expect(!isThere, "\(secret)")
    }
    #expect(spans.contains { $0.dimensions.tenant?.hasPrefix("[") == true })
  }

  private func ask(_ deployment: Deployment, secret: String, model: String, streams: Bool) async throws {
    var request = HTTPClientRequest(url: deployment.gatewayURL + "/v1/chat/completions")
    request.method = .POST
    request.headers.add(name: "authorization", value: "Bearer \(Deployment.key)")
    request.headers.add(name: "content-type", value: "application/json")
    for header in ["x-commander-tenant", "x-commander-feature", "x-commander-prompt"] {
      request.headers.add(name: header, value: secret)
    }
    let call =
      #"{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":\"\#(secret)\"}"}}]}"#
    let body =
      #"{"model":"\#(model)","stream":\#(streams),"messages":[{"role":"user","content":"I am \#(secret)"},\#(call),{"role":"tool","tool_call_id":"c","content":"\#(secret)"}]}"#
    request.body = .bytes(ByteBuffer(string: body))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    _ = try await response.body.collect(upTo: 1 << 20)
  }
}
