// The default pack's monitors on waiting: whole answers, first tokens, streams that stall.

import LLMMetrics

extension MonitorPack {
  static let latencyMonitors: [PackedMonitor] = [
    PackedMonitor(
      MonitorDefinition(
        name: "answers-slow", title: "Answers are slow", severity: .sev3, query: .value(.p95, MetricCatalogue.duration),
        window: .minutes(10), holdFor: .minutes(2), threshold: Threshold(.above, critical: 30, recovery: 20), trafficGate: 50,
        playbooks: ["roll-back-prompt", "fall-back-model"], groupBy: ["route"]),
      meaning: "One user in twenty waits longer than half a minute for the whole answer.",
      steps: [
        "Did answers get longer? Tokens per request says so.",
        "Is the first token late too? Then the provider or the prompt's length is to blame.",
      ]),
    PackedMonitor(
      MonitorDefinition(
        name: "first-token-slow", title: "First tokens are slow", severity: .sev2,
        query: .value(.p95, MetricCatalogue.timeToFirstToken), window: .minutes(10), holdFor: .minutes(2),
        threshold: Threshold(.above, critical: 6, recovery: 4), trafficGate: 50, playbooks: ["fall-back-model"],
        groupBy: ["route"]),
      meaning: "Streamed answers begin late, which users feel before anything else.",
      steps: [
        "Split by provider, model and region.", "Did the cached share of the prompts fall? Long uncached prompts begin late.",
      ]
    ),
    PackedMonitor(
      MonitorDefinition(
        name: "streams-stalling", title: "Streams stall", severity: .sev3, query: .value(.p95, MetricCatalogue.longestGap),
        window: .minutes(10), holdFor: .minutes(2), threshold: Threshold(.above, critical: 10, recovery: 5), trafficGate: 50,
        playbooks: ["fall-back-model"], groupBy: ["provider"]),
      meaning: "Answers stop in the middle for seconds before they go on, or never do.",
      steps: ["Does a proxy between here and the provider buffer?", "Compare providers: a stall of one is that provider's."]),
    PackedMonitor(
      MonitorDefinition(
        name: "tokens-slow", title: "Tokens come slowly", severity: .sev4,
        query: .value(.p90, MetricCatalogue.timePerOutputToken), window: .minutes(15), holdFor: .minutes(5),
        threshold: Threshold(.above, critical: 0.15, recovery: 0.1), trafficGate: 50, groupBy: ["model"]),
      meaning: "The model writes more slowly than people read.",
      steps: ["Look at the provider's load and the model's version.", "A smaller model writes faster."]),
    PackedMonitor(
      MonitorDefinition(
        name: "retrieval-slow", title: "Retrieval is slow", severity: .sev3,
        query: .value(.p95, MetricCatalogue.retrievalDuration), window: .minutes(10), holdFor: .minutes(2),
        threshold: Threshold(.above, critical: 2, recovery: 1), groupBy: ["service"]),
      meaning: "Finding documents takes longer than two seconds, before the model even begins.",
      steps: ["Look at the index and the embedding model.", "Did the number of documents asked for rise?"]),
  ]
}
