// The default pack's monitors that compare with the past: yesterday's value, or what is usual at this time.

import LLMMetrics

extension MonitorPack {
  private static let yesterday = MonitorKind.change(ChangeComparison(.percent, shift: .seconds(86_400)))

  private static func anomaly(
    _ direction: AnomalySettings.Direction, _ seasonality: AnomalySettings.Seasonality
  ) -> MonitorKind {
    let days: Int64 = seasonality == .weekly ? 28 : 7
    return .anomaly(.init(direction: direction, seasonality: seasonality, history: .seconds(days * 86_400)))
  }

  static let pastMonitors: [PackedMonitor] = [
    PackedMonitor(
      MonitorDefinition(
        name: "latency-regressed", title: "Latency regressed", severity: .sev3, query: .value(.p95, MetricCatalogue.duration),
        kind: yesterday, window: .minutes(30), holdFor: .minutes(2), threshold: Threshold(.above, critical: 120, recovery: 60),
        trafficGate: 200, playbooks: ["roll-back-prompt", "fall-back-model"], groupBy: ["route"]),
      meaning: "Users of this route wait much longer than they did a day ago.",
      steps: [
        "Look for a change since: prompt version, model, number of documents.", "Did answers get longer, or tokens slower?",
      ]),
    PackedMonitor(
      MonitorDefinition(
        name: "first-token-regressed", title: "Time to first token regressed", severity: .sev3,
        query: .value(.p95, MetricCatalogue.timeToFirstToken), kind: yesterday, window: .minutes(30), holdFor: .minutes(2),
        threshold: Threshold(.above, critical: 120, recovery: 60), trafficGate: 200, playbooks: ["fall-back-model"],
        groupBy: ["provider"]),
      meaning: "Streamed answers of this provider begin much later than they did a day ago.",
      steps: ["Split by model and region.", "Did the cached share of the prompts fall?"]),
    PackedMonitor(
      MonitorDefinition(
        name: "cache-hits-lost", title: "Prompts are no longer read from the cache", severity: .sev3,
        query: .share(MetricCatalogue.tokens, ["token_type": "cache_read"], of: MetricCatalogue.tokens), kind: yesterday,
        window: .minutes(60), threshold: Threshold(.below, critical: -70, recovery: -30), trafficGate: 100_000,
        playbooks: ["roll-back-prompt"], groupBy: ["route"]),
      meaning: "The same answers cost more and begin later, since prompts are read anew.",
      steps: [
        "Did the beginning of the prompt change? A cache needs it byte for byte.",
        "Does the traffic pause for longer than the cache lives?",
      ]),
    PackedMonitor(
      MonitorDefinition(
        name: "token-use-jumped", title: "Requests use many more tokens than yesterday", severity: .sev3,
        query: .share(MetricCatalogue.tokens, of: MetricCatalogue.requests), kind: yesterday, window: .minutes(60),
        threshold: Threshold(.above, critical: 120, recovery: 60), trafficGate: 200, playbooks: ["roll-back-prompt"],
        groupBy: ["route"]),
      meaning: "Each request takes more than twice the tokens, and costs accordingly.",
      steps: ["Which token_type grew?", "Compare prompt versions and numbers of documents."]),
    PackedMonitor(
      MonitorDefinition(
        name: "cost-anomalous", title: "Spending is unusual", severity: .sev3, query: .count(MetricCatalogue.cost),
        kind: anomaly(.above, .weekly), window: .minutes(60), threshold: Threshold(.above, critical: 6, recovery: 3),
        trafficGate: 100),
      meaning: "More is spent than at this hour of the week before.",
      steps: ["Split cost by tenant, feature and model.", "More requests, or dearer ones? Cost per answer tells them apart."]),
    PackedMonitor(
      MonitorDefinition(
        name: "traffic-anomalous", title: "Traffic fell unusually", severity: .sev2, query: .count(MetricCatalogue.requests),
        kind: anomaly(.below, .weekly), window: .minutes(30), threshold: Threshold(.above, critical: 4, recovery: 2)),
      meaning: "Fewer requests arrive than at this hour of the week before: a caller is broken.",
      steps: ["Which service or route is missing?", "Was there a release of a caller?"]),
    PackedMonitor(
      MonitorDefinition(
        name: "errors-anomalous", title: "Errors are unusual", severity: .sev3, query: .count(MetricCatalogue.errors),
        kind: anomaly(.above, .daily), window: .minutes(30), threshold: Threshold(.above, critical: 5, recovery: 2),
        groupBy: ["error_class"]),
      meaning: "A class of errors is more frequent than is usual at this hour, even if still below every fixed threshold.",
      steps: ["Split by provider, model and route."]),
    PackedMonitor(
      MonitorDefinition(
        name: "budget-running-out", title: "A budget will not last", severity: .sev4,
        query: .value(.max, MetricCatalogue.budgetUsed), kind: .forecast(.init(horizon: .minutes(360))), window: .minutes(120),
        threshold: Threshold(.above, critical: 1, recovery: 0.95), noData: .ok, groupBy: ["budget"]),
      meaning: "If spending goes on as in the last two hours, this budget is spent within six, and requests are refused then.",
      steps: ["Who spends it? Split cost by tenant and feature.", "Does its period end before? Then nothing has to be done."]),
  ]
}
