// What the tests of LLM Observability and of the log intake send to, and how they read it.

import Delivery
import Foundation
import LLMTelemetry
import Synchronization
import Testing

@testable import Datadog

/// Takes everything, and remembers it.
final class DatadogReceiver: Sendable {
  private let state = Mutex<[DeliveryRequest]>([])
  var requests: [DeliveryRequest] { state.withLock { $0 } }
  func send(_ request: DeliveryRequest) -> DeliveryResponse {
    state.withLock { $0.append(request) }
    return DeliveryResponse(status: 202)
  }
}

/// A time that only a test moves.
final class TestTime: Sendable {
  private let state: Mutex<Timestamp>
  init(_ time: Timestamp) { state = Mutex(time) }
  var now: Timestamp { state.withLock { $0 } }
  func pass(_ duration: Duration) { state.withLock { $0 = $0 + duration } }
}

struct LLMObservabilityRun {
  static let start = Timestamp(unixNanoseconds: 1_795_464_287_000_000_001)
  let receiver = DatadogReceiver()
  let time = TestTime(start)
  let sink: LLMObservabilitySpans

  init(
    intake: LLMObservabilityIntake = .agentless(site: "datadoghq.eu", apiKey: { "key" }),
    tree: SpanTree<[UInt8]> = SpanTree(), settings: (inout LLMObservabilitySettings) -> Void = { _ in }
  ) {
    var configured = LLMObservabilitySettings()
    configured.mlApp = "shop"
    settings(&configured)
    sink = LLMObservabilitySpans(
      intake: intake, settings: configured, tree: tree, send: { [receiver] in receiver.send($0) }, now: { [time] in time.now },
      sleep: { try await Task.sleep(for: $0) })
  }

  /// Ends the sink and gives back every span that was sent, in its order.
  func finish() async throws -> [[String: Any]] {
    sink.shutDown()
    await sink.run()
    return try receiver.requests.flatMap { try events($0.body) }.map { try #require(($0["spans"] as? [[String: Any]])?.first) }
  }

  static func span(_ kind: SpanKind = .llm, _ name: String = "chat gpt-4o-mini", parent: LLMSpan? = nil) -> LLMSpan {
    LLMSpan(
      traceID: parent?.traceID ?? .random(at: start), spanID: .random(), parentSpanID: parent?.spanID, kind: kind, name: name,
      start: start - .seconds(2), duration: .milliseconds(1500))
  }
}

func events(_ body: [UInt8]) throws -> [[String: Any]] {
  try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [[String: Any]], "\(String(decoding: body, as: UTF8.self))")
}

extension [String: Any] {
  /// The value at a path of members, such as `meta.span.kind`; members with a dot in their name are not reached.
  subscript(at path: String) -> Any? {
    var value: Any? = self
    for name in path.split(separator: ".") { value = (value as? [String: Any])?[String(name)] }
    return value
  }

  func text(_ path: String) -> String? { self[at: path] as? String }

  var tags: Set<String> { Set(self["tags"] as? [String] ?? []) }
}
