// The default pack's monitors on money and tokens.

import LLMMetrics

extension MonitorPack {
  static let costMonitors: [PackedMonitor] = [
    PackedMonitor(
      MonitorDefinition(
        name: "spend-per-minute", title: "Spending is high", severity: .sev2, query: .perMinute(MetricCatalogue.cost),
        window: .minutes(10), holdFor: .minutes(5), threshold: Threshold(.above, critical: 5, recovery: 4), trafficGate: 50,
        playbooks: ["roll-back-prompt", "cache-answers"]),
      meaning: "More than 5 dollars a minute are spent, 7,200 a day.",
      steps: ["Split cost by tenant, feature and model.", "More requests, or dearer ones? Cost per answer tells them apart."]),
    PackedMonitor(
      MonitorDefinition(
        name: "cost-per-answer", title: "Answers became dear", severity: .sev3,
        query: .share(MetricCatalogue.cost, of: MetricCatalogue.requests), window: .minutes(15), holdFor: .minutes(5),
        threshold: Threshold(.above, critical: 0.1, recovery: 0.08), trafficGate: 50, playbooks: ["roll-back-prompt"],
        groupBy: ["route"]),
      meaning: "An answer of this route costs more than ten cents on average.",
      steps: ["Compare tokens per request and the model with yesterday's.", "Did the cached share of the prompts fall?"]),
    PackedMonitor(
      MonitorDefinition(
        name: "cost-unknown", title: "Costs are not known", severity: .sev4,
        query: .share(MetricCatalogue.costUnknown, of: MetricCatalogue.requests), window: .minutes(60),
        threshold: Threshold(.above, critical: 0.05, recovery: 0.01), trafficGate: 50, groupBy: ["model"]),
      meaning: "Spending is higher than it seems: these answers have no price or no usage.",
      steps: ["Add the model to the price overrides.", "Does the client ask for usage in streams?"]),
    PackedMonitor(
      MonitorDefinition(
        name: "token-explosion", title: "Requests use very many tokens", severity: .sev3,
        query: .share(MetricCatalogue.tokens, of: MetricCatalogue.requests), window: .minutes(15), holdFor: .minutes(2),
        threshold: Threshold(.above, critical: 30_000, recovery: 20_000), trafficGate: 20, playbooks: ["roll-back-prompt"],
        groupBy: ["route"]),
      meaning: "A request of this route takes more than 30,000 tokens on average, as loops of agents and endless histories do.",
      steps: ["Which token_type grew: input, output or reasoning?", "Look at one of the longest traces."]),
    PackedMonitor(
      MonitorDefinition(
        name: "budget-burning", title: "A budget is nearly spent", severity: .sev3,
        query: .value(.max, MetricCatalogue.budgetUsed), window: .minutes(5),
        threshold: Threshold(.above, critical: 0.9, recovery: 0.85), groupBy: ["budget"]),
      meaning: "Nine tenths of a budget are spent or reserved; at the end of it requests are refused.",
      steps: ["Who spent it? Split cost by tenant and feature.", "Raise the budget, or slow down who spends it."]),
    PackedMonitor(
      MonitorDefinition(
        name: "budget-refusing", title: "A budget refuses requests", severity: .sev2,
        query: .count(MetricCatalogue.budgetRefusals), window: .minutes(5),
        threshold: Threshold(.above, critical: 0.5), noData: .ok, groupBy: ["budget"]),
      meaning: "Requests are refused because a budget has no room.",
      steps: ["Is it meant? Then tell its users.", "Raise the budget until its period ends."]),
  ]
}
