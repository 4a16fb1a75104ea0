// The default pack's monitors on failures and providers.

import LLMMetrics

extension MonitorPack {
  static let requestMonitors: [PackedMonitor] = [
    PackedMonitor(
      MonitorDefinition(
        name: "requests-failing", title: "Requests fail", severity: .sev1,
        query: .share(MetricCatalogue.errors, of: MetricCatalogue.requests), window: .minutes(5), holdFor: .minutes(2),
        threshold: Threshold(.above, critical: 0.1, recovery: 0.03), trafficGate: 100,
        playbooks: ["fall-back-model", "roll-back-prompt"], groupBy: ["route"]),
      meaning: "More than one request in ten of a route ends in an error.",
      steps: [
        "Split the errors by error_class: each class has its own remedy.",
        "Split by provider and model: one that stands out is a provider's failure, none is ours.",
        "Look for a change just before: a prompt version, a route, a key.",
      ]),
    PackedMonitor(
      MonitorDefinition(
        name: "provider-errors", title: "A provider answers with errors", severity: .sev2, query: .errors("provider_error"),
        window: .minutes(5), holdFor: .minutes(1), threshold: Threshold(.above, critical: 0.08, recovery: 0.03), trafficGate: 100,
        playbooks: ["fall-back-model", "cache-answers"], groupBy: ["provider"]),
      meaning: "The provider fails on its own account; its other customers see it too.",
      steps: ["Read the provider's status page.", "See whether fallbacks carry the traffic; if not, add one to the route."]),
    PackedMonitor(
      MonitorDefinition(
        name: "provider-overloaded", title: "A provider is overloaded", severity: .sev3, query: .errors("overloaded"),
        window: .minutes(10), holdFor: .minutes(2), threshold: Threshold(.above, critical: 0.05, recovery: 0.02),
        trafficGate: 50, playbooks: ["fall-back-model", "cache-answers"], groupBy: ["provider"]),
      meaning: "The provider turns requests away because it has too many.",
      steps: ["Shift traffic to another region or model.", "Check that retries wait as long as the provider asks."]),
    PackedMonitor(
      MonitorDefinition(
        name: "provider-timeouts", title: "Requests time out", severity: .sev2, query: .errors("timeout"), window: .minutes(5),
        holdFor: .minutes(1), threshold: Threshold(.above, critical: 0.08, recovery: 0.03), trafficGate: 100,
        playbooks: ["fall-back-model", "cache-answers"], groupBy: ["provider"]),
      meaning: "Requests get no answer in time; users waited for nothing.",
      steps: [
        "Compare the time to first token with that of yesterday.", "See whether prompts grew: long prompts time out first.",
      ]),
    PackedMonitor(
      MonitorDefinition(
        name: "provider-unreachable", title: "A provider cannot be reached", severity: .sev2, query: .errors("network"),
        window: .minutes(5), holdFor: .minutes(1), threshold: Threshold(.above, critical: 0.08, recovery: 0.03),
        trafficGate: 100, playbooks: ["fall-back-model", "cache-answers"], groupBy: ["provider"]),
      meaning: "Connections to the provider fail before a request is answered.",
      steps: ["Check names, certificates and egress rules of this network.", "Try the provider from elsewhere."]),
    PackedMonitor(
      MonitorDefinition(
        name: "rate-limit-storm", title: "Requests are rate limited", severity: .sev2, query: .errors("rate_limited"),
        window: .minutes(5), holdFor: .minutes(1), threshold: Threshold(.above, critical: 0.1, recovery: 0.03),
        trafficGate: 100, playbooks: ["fall-back-model", "cache-answers"], groupBy: ["provider"]),
      meaning: "The provider's limit is reached, and retries make it worse.",
      steps: [
        "Split requests and tokens by tenant and feature: one of them usually grew.",
        "Compare llm.attempts with llm.requests: much more attempts are a storm of retries.",
      ]),
    PackedMonitor(
      MonitorDefinition(
        name: "quota-exhausted", title: "A provider's quota is used up", severity: .sev1,
        query: .count(MetricCatalogue.errors, ["error_class": "quota_exhausted"]), window: .minutes(5),
        threshold: Threshold(.above, critical: 3, recovery: 0), noData: .ok, playbooks: ["fall-back-model", "cache-answers"],
        groupBy: ["provider"]
      ),
      meaning: "The account has no credit or quota left; nothing works there until somebody pays or raises it.",
      steps: ["Raise the quota or pay.", "Send the traffic to another provider until then."]),
    PackedMonitor(
      MonitorDefinition(
        name: "provider-refuses-key", title: "A provider refuses our key", severity: .sev1,
        query: .count(MetricCatalogue.errors, ["error_class": "auth"]), window: .minutes(5),
        threshold: Threshold(.above, critical: 5, recovery: 0), noData: .ok, groupBy: ["provider"]),
      meaning: "Requests fail because the provider does not accept the credential.",
      steps: ["Was a key rotated or revoked?", "Does the clock of the token's issuer run right?"]),
    PackedMonitor(
      MonitorDefinition(
        name: "prompts-too-long", title: "Prompts exceed the context", severity: .sev3, query: .errors("context_overflow"),
        window: .minutes(15), holdFor: .minutes(2), threshold: Threshold(.above, critical: 0.02, recovery: 0.005),
        trafficGate: 50, playbooks: ["roll-back-prompt"], groupBy: ["route"]),
      meaning: "Prompts are longer than the model takes, so these users get nothing.",
      steps: ["Look for a prompt version or a number of documents that changed.", "Cut the conversation's history earlier."]),
    PackedMonitor(
      MonitorDefinition(
        name: "requests-invalid", title: "Requests are refused as invalid", severity: .sev3, query: .errors("invalid_request"),
        window: .minutes(15), holdFor: .minutes(2), threshold: Threshold(.above, critical: 0.05, recovery: 0.02),
        trafficGate: 50, groupBy: ["service"]),
      meaning: "A client sends what the provider does not take, usually after a release.",
      steps: ["Find the version of the service that began it.", "Read one such request's error in its trace."]),
    PackedMonitor(
      MonitorDefinition(
        name: "answers-blocked", title: "Safety filters block answers", severity: .sev3,
        query: .share(MetricCatalogue.requestsBlocked, of: MetricCatalogue.requests), window: .minutes(15),
        holdFor: .minutes(2), threshold: Threshold(.above, critical: 0.1, recovery: 0.04), trafficGate: 100,
        playbooks: ["roll-back-prompt"], groupBy: ["route"]),
      meaning: "A provider's safety filter refuses or cuts answers of ordinary users.",
      steps: ["Look at the prompt version and the model's version.", "Look for one tenant that sends what filters refuse."]),
    PackedMonitor(
      MonitorDefinition(
        name: "circuit-open", title: "A target's circuit is open", severity: .sev3,
        query: .value(.max, MetricCatalogue.circuitOpen), window: .minutes(10), threshold: Threshold(.above, critical: 0.5),
        groupBy: ["provider", "model"]),
      meaning: "The gateway has stopped sending requests to a target that failed too often.",
      steps: ["Read why: the errors of that provider and model.", "Check that the fallback can carry the load and its cost."]),
    PackedMonitor(
      MonitorDefinition(
        name: "fallbacks-many", title: "Other models answer", severity: .sev3,
        query: .share(MetricCatalogue.fallbacks, of: MetricCatalogue.requests), window: .minutes(15), holdFor: .minutes(2),
        threshold: Threshold(.above, critical: 0.2, recovery: 0.05), trafficGate: 50, groupBy: ["route"]),
      meaning: "Users are answered by another model than the one that was chosen: quality and cost differ.",
      steps: ["See which target was skipped, and why.", "Compare cost per answer and semantic risk of both models."]),
    PackedMonitor(
      MonitorDefinition(
        name: "traffic-lost", title: "No requests arrive", severity: .sev2, query: .perMinute(MetricCatalogue.requests),
        window: .minutes(15), threshold: Threshold(.below, critical: 0.2, recovery: 1), noData: .alert),
      meaning: "Nothing asks the models any more: callers are down, or their telemetry is.",
      steps: ["Is llm.commander.heartbeat there? If not, this product is down.", "Are the calling services up?"]),
  ]
}
