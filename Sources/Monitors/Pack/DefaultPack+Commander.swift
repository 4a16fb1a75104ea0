// The default pack's monitors on this product itself: that it lives, keeps up and loses nothing.

import LLMMetrics

extension MonitorPack {
  static let commanderMonitors: [PackedMonitor] = [
    PackedMonitor(
      MonitorDefinition(
        name: "commander-heartbeat", title: "The commander is silent", severity: .sev2,
        query: .count(MetricCatalogue.heartbeat), kind: .absence, window: .minutes(15),
        threshold: Threshold(.above, critical: 5, recovery: 1), noData: .alert),
      meaning: "No heartbeat arrives: every other monitor of this product is blind.",
      steps: ["Is the process up, and its host?", "Does the path to Datadog work: the Agent, the key, the network?"]),
    PackedMonitor(
      MonitorDefinition(
        name: "commander-dropping-spans", title: "The commander drops spans", severity: .sev3,
        query: .share(MetricCatalogue.spansDropped, of: MetricCatalogue.spansReceived), window: .minutes(10),
        threshold: Threshold(.above, critical: 0.01, recovery: 0.001), trafficGate: 100),
      meaning: "Part of the telemetry is lost, so every figure is too low.",
      steps: ["Which reason stands out?", "Give the process more processor, or spread the load."]),
    PackedMonitor(
      MonitorDefinition(
        name: "commander-delivery-dropping", title: "Deliveries are dropped", severity: .sev3,
        query: .count(MetricCatalogue.deliveryDropped), window: .minutes(10),
        threshold: Threshold(.above, critical: 100, recovery: 0),
        noData: .ok, groupBy: ["lane"]),
      meaning: "A destination does not take what it is sent, and the queue for it is full.",
      steps: ["Which reason? Refused means a key or a limit, expired means an outage.", "Does the destination answer?"]),
    PackedMonitor(
      MonitorDefinition(
        name: "commander-lagging", title: "The commander lags", severity: .sev4,
        query: .value(.p95, MetricCatalogue.ingestLag), window: .minutes(10),
        threshold: Threshold(.above, critical: 30, recovery: 15)),
      meaning: "Spans wait for half a minute, so every alert is that much later.",
      steps: ["Look at the queue's depth and the processor.", "Are scores shed? Then scoring is the bottleneck."]),
    PackedMonitor(
      MonitorDefinition(
        name: "commander-scores-shed", title: "Answers are not scored", severity: .sev4,
        query: .share(MetricCatalogue.scoresShed, of: MetricCatalogue.spansReceived), window: .minutes(10),
        threshold: Threshold(.above, critical: 0.2, recovery: 0.05), trafficGate: 100),
      meaning: "Under load answers go unscored, and semantic monitors see only part of them.",
      steps: ["Give the process more processor.", "Sample what is scored on the busiest route."]),
  ]
}
