// The default pack's promises: available, in time, true to its documents, affordable. A failed request is never a good one.

import LLMMetrics

extension MonitorPack {
  /// What a client did wrong or gave up says nothing about the service.
  private static let countedRequests = SLODefinition.Events(
    MetricCatalogue.requests,
    [.isNoneOf(tag: "error_class", ["cancelled", "invalid_request", "context_overflow"])])

  static let defaultObjectives: [SLODefinition] = [
    SLODefinition(
      name: "availability", title: "Requests succeed",
      meaning: """
        Requests that end without an error. What the client cancelled or got wrong (invalid_request, context_overflow) does not \
        count.
        """,
      indicator: .good(.init(MetricCatalogue.requests, [.lacks(tag: "error_class")]), of: countedRequests), target: 99.5,
      steps: [
        "Split the errors by error_class, provider and route.", "Shift traffic to a fallback while the cause is looked for.",
      ]),
    SLODefinition(
      name: "latency", title: "Answers are complete within 20 seconds",
      meaning: "Requests answered without an error within 20 seconds. Failed requests count, and never as good, however fast.",
      indicator: .good(
        .init(MetricCatalogue.duration, [.lacks(tag: "error_class")], atMost: 20),
        of: .init(
          MetricCatalogue.duration, [.isNoneOf(tag: "error_class", ["cancelled", "invalid_request", "context_overflow"])])),
      target: 95,
      steps: ["Did answers get longer, or tokens slower?", "Split by route, model and prompt version."]),
    SLODefinition(
      name: "first-token", title: "First tokens come within 3 seconds",
      meaning: """
        Streamed answers whose first token came within 3 seconds and that ended without an error. What failed before its first \
        token has none and counts against availability.
        """,
      indicator: .good(
        .init(MetricCatalogue.timeToFirstToken, [.lacks(tag: "error_class")], atMost: 3),
        of: .init(MetricCatalogue.timeToFirstToken, [.isNoneOf(tag: "error_class", ["cancelled"])])),
      target: 95,
      steps: ["Split by provider, model and region.", "Did the cached share of the prompts fall?"]),
    SLODefinition(
      name: "answer-quality", title: "Answers are grounded",
      meaning: "Scored answers that their own documents support.",
      indicator: .bad(.init(MetricCatalogue.answersUngrounded), of: .init(MetricCatalogue.answersScored)), target: 95,
      steps: ["Compare prompt versions and models.", "Does retrieval find the right documents?"]),
    SLODefinition(
      name: "cost", title: "An answer costs less than 5 cents",
      meaning: "Slices of five minutes in which an answer cost less than 5 cents on average. Unknown costs are not in it.",
      indicator: .timeSlice(
        .share(MetricCatalogue.cost, of: MetricCatalogue.requests), good: .below, bound: 0.05, seconds: 300),
      target: 95, burnRates: [.slow],
      steps: ["Compare tokens per request and the model with yesterday's.", "Split cost by route, tenant and feature."]),
  ]
}
