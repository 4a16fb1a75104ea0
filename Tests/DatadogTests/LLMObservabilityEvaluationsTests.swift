// Every score is an evaluation of exactly the span it was made for.

import Delivery
import Foundation
import LLMTelemetry
import Testing

@testable import Datadog

@Suite(.timeLimit(.minutes(1))) struct LLMObservabilityEvaluationsTests {
  private func send(
    _ spans: [LLMSpan], intake: LLMObservabilityIntake = .agentless(site: "datadoghq.com", apiKey: { "key" }),
    settings: (inout LLMObservabilitySettings) -> Void = { _ in }
  ) async throws -> (requests: [DeliveryRequest], metrics: [[String: Any]], drops: [String: Int]) {
    var configured = LLMObservabilitySettings()
    configured.mlApp = "shop"
    settings(&configured)
    let receiver = DatadogReceiver()
    let sink = LLMObservabilityEvaluations(
      intake: intake, settings: configured, send: { receiver.send($0) }, now: { LLMObservabilityRun.start })
    sink.add(spans)
    sink.lane.shutDown()
    await sink.lane.run()
    let metrics = try receiver.requests.flatMap { request in
      let body = try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
      #expect(body.text("data.type") == "evaluation_metric")
      return try #require(body[at: "data.attributes.metrics"] as? [[String: Any]])
    }
    return (receiver.requests, metrics, sink.takeDrops())
  }

  @Test func everyScoreIsJoinedToItsSpan() async throws {
    var first = LLMObservabilityRun.span()
    for (index, scorer) in RiskScorer.allCases.enumerated() { first.risk[scorer] = Double(index) / 10 }
    first.dimensions.tenant = "a\"cme"
    first.dimensions.promptVersion = "v3"
    let second = LLMObservabilityRun.span()
    var third = LLMObservabilityRun.span()
    third.risk[.refusal] = 0.000001

    // The ids of a span and of its evaluations are the same text.
    let spans = LLMObservabilityRun()
    spans.sink.add([first, second, third])
    let sent = try await spans.finish()
    let (requests, metrics, drops) = try await send([first, second, third]) { $0.failsFrom = [.refusal: 0.1] }
    #expect(requests.map(\.url) == ["https://api.datadoghq.com/api/intake/llm-obs/v2/eval-metric"] && drops.isEmpty)
    #expect(metrics.count == RiskScorer.allCases.count + 1)
    for (index, scorer) in RiskScorer.allCases.enumerated() {
      let metric = metrics[index]
      #expect(metric.text("label") == scorer.rawValue && metric.text("metric_type") == "score")
      #expect(metric["score_value"] as? Double == Double(index) / 10)
      #expect(metric.text("join_on.span.span_id") == sent[0].text("span_id"))
      #expect(metric.text("join_on.span.trace_id") == sent[0].text("trace_id"))
      #expect(
        metric.text("ml_app") == "shop" && metric.tags.isSuperset(of: ["ml_app:shop", "tenant:a\"cme", "prompt_version:v3"]))
      #expect(metric["timestamp_ms"] as? Int64 == first.end.unixNanoseconds / 1_000_000)
      #expect(metric.text("assessment") == (scorer == .refusal ? "fail" : nil))
    }
    let last = try #require(metrics.last)
    #expect(last["score_value"] as? Double == 0.000001 && last.text("assessment") == "pass")
    #expect(last.text("join_on.span.span_id") == sent[2].text("span_id"))
  }

  /// The rules of the SDK's own check of what is handed to it.
  @Test func labelsAreDatadogs() {
    for scorer in RiskScorer.allCases {
      #expect(scorer.rawValue.first?.isLetter == true && scorer.rawValue.utf8.count <= 200)
      #expect(scorer.rawValue.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
    }
  }

  @Test func throughAnAgentTheyGoToTheSubdomainOfTheInterface() async throws {
    var span = LLMObservabilityRun.span()
    span.risk.ungrounded = 0.5
    let (requests, _, _) = try await send([span], intake: .agent(url: "http://127.0.0.1:8126", proxy: { "evp_proxy/v4" }))
    let request = try #require(requests.first)
    #expect(request.url == "http://127.0.0.1:8126/evp_proxy/v2/api/intake/llm-obs/v2/eval-metric")
    #expect(request.headers.contains { $0 == ("X-Datadog-EVP-Subdomain", "api") })
  }

  @Test func unscoredSpansHaveNoneAndOldOnesAreCounted() async throws {
    var old = LLMObservabilityRun.span()
    old.start = LLMObservabilityRun.start - .seconds(25 * 3600)
    (old.risk.ungrounded, old.risk[.refusal]) = (1, 1)
    let (requests, _, drops) = try await send([LLMObservabilityRun.span(), old])
    #expect(requests.isEmpty && drops == ["too_old": 2])
  }
}
