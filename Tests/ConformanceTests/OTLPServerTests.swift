// An instrumented Python application, its spans by OTLP into a whole server, its calls through the gateway: each call counts once.

import AsyncHTTPClient
import Foundation
import LLMTelemetry
import NIOCore
import Simulation
import Testing

@Suite struct OTLPServerTests {
  private struct Line: Decodable {
    var trace: String?
    var exported: Int?
  }

  @Test func spansOfAnApplicationJoinTheGatewaysAndCountOnce() async throws {
    let port = try Self.freePort()
    let (trace, spans) = try await Deployment.run(
      simulator: ProviderSimulator(), extra: "opentelemetry: {listen: \"127.0.0.1:\(port)\"}\n"
    ) { deployment in
      let lines = try await PythonVerifier(environment: .openTelemetry).run(
        "otlp_application.py",
        [deployment.gatewayURL + "/v1", deployment.gatewayURL, Deployment.key, "http://127.0.0.1:\(port)/v1/traces", "none"],
        decoding: Line.self)
      return lines.compactMap(\.trace).first
    }
    #expect(trace != nil)
    let exchanges = spans.filter { $0.kind == .llm || $0.kind == .embedding }
    let counted = exchanges.filter(\.accountsForExchange)
    // The gateway has every call; the application's spans of the same calls are in the trace, and account for nothing.
    #expect(!counted.isEmpty && counted.allSatisfy { $0.dimensions.service == "conformance" })
    #expect(exchanges.contains { !$0.accountsForExchange })
    #expect(spans.contains { $0.kind != .llm && $0.kind != .embedding }, "steps of the application are in the trace")
  }

  @Test func whatIsNoRequestIsRefusedAsOTLPHasIt() async throws {
    let port = try Self.freePort()
    let (statuses, spans) = try await Deployment.run(
      simulator: ProviderSimulator(), extra: "opentelemetry: {listen: \"127.0.0.1:\(port)\"}\n"
    ) { _ in
      var statuses: [UInt] = []
      for (path, type) in [("traces", "application/x-protobuf"), ("traces", "text/plain"), ("metrics", "application/json")] {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/\(path)")
        request.method = .POST
        request.headers.add(name: "content-type", value: type)
        request.body = .bytes(ByteBuffer(bytes: [0xff, 0xff, 0xff]))
        statuses.append(try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status.code)
      }
      return statuses
    }
    #expect(statuses == [400, 415, 422] && spans.isEmpty)
  }

  @Test func spansOfApplicationsComeInBesideOTLPWithAVirtualKeyAlone() async throws {
    let port = try Self.freePort()
    let line =
      #"{"type":"span","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","kind":"llm","provider":"openai","model":"gpt-4o","status":"ok","start":"2026-01-01T00:00:00.000Z","duration_ms":5}"#
    let (statuses, spans) = try await Deployment.run(
      simulator: ProviderSimulator(), extra: "opentelemetry: {listen: \"127.0.0.1:\(port)\"}\n"
    ) { _ in
      var statuses: [UInt] = []
      for (key, body) in [
        (nil, line), ("ck-of-nobody", line), (Deployment.key, "no span"),
        (Deployment.key, String(repeating: " ", count: (8 << 20) + 1)),
        (Deployment.key, line),
      ] as [(String?, String)] {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/intake/spans")
        request.method = .POST
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        request.body = .bytes(ByteBuffer(string: body))
        statuses.append(try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status.code)
      }
      return statuses
    }
    #expect(statuses == [401, 401, 400, 413, 202])
    #expect(spans.map(\.traceID.description) == ["0af7651916cd43dd8448eb211c80319c"])
  }

  /// Free when it is asked for; nobody else on this machine is in a hurry to have it.
  private static func freePort() throws -> Int {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) == 0 && getsockname(listener, pointer, &length) == 0
      }
    }
    guard bound else { throw CancellationError() }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
