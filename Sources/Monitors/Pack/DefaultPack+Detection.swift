// The default pack's monitors on what detection finds in the spans: no thresholds to choose, one alert for each failure and slice.

import LLMMetrics

extension MonitorPack {
  /// Each listens to signals of one kind; its query is what is charted. Severity is the least: a finding raises it by its impact.
  static let detectionMonitors: [PackedMonitor] = [
    found(
      "detected-failures", "Requests fail unusually often",
      ["rate_limit", "provider_error", "timeout", "request_error", "cancelled"],
      .share(MetricCatalogue.errors, of: MetricCatalogue.requests),
      playbooks: ["fall-back-model", "roll-back-prompt", "cache-answers"],
      meaning: "Requests of one slice of the traffic fail more often than this slice usually does.",
      steps: ["Read the cause: is it a provider, a model, a prompt version or a tenant?", "Was something changed just before?"]),
    found(
      "detected-retries", "Requests need many attempts", ["retries"],
      .share(MetricCatalogue.attempts, of: MetricCatalogue.requests), playbooks: ["fall-back-model", "cache-answers"],
      meaning: "The gateway tries more often than usual, which costs time and makes an overload worse.",
      steps: ["Which provider and region?", "Lower the retry budget of the route until it is well."]),
    found(
      "detected-slowness", "Answers became slow", ["latency", "time_to_first_token", "stream_stall"],
      .value(.p95, MetricCatalogue.duration), playbooks: ["fall-back-model", "cache-answers"],
      meaning: "Answers of one slice take longer than answers of their length usually do there.",
      steps: ["Compare with other regions and models.", "Did prompts or retrieved documents grow?"]),
    found(
      "detected-cost", "Answers became dear",
      ["cost_per_request", "cost_per_token", "input_tokens", "output_tokens", "cache_loss"],
      .share(MetricCatalogue.cost, of: MetricCatalogue.requests), playbooks: ["roll-back-prompt"],
      meaning: "The same answers cost more: more tokens, a dearer model, or a cache that no longer hits.",
      steps: ["Which kind of token grew?", "Did the prompt's beginning change? A cache needs it byte for byte."]),
    found(
      "detected-quality", "Answers became worse", ["ungrounded", "refusal", "malformed", "repetition", "truncation", "blocked"],
      .share(MetricCatalogue.answersUngrounded, of: MetricCatalogue.answersScored), playbooks: ["roll-back-prompt"],
      meaning: "More answers than usual are invented, refused, broken, cut or blocked in one slice.",
      steps: ["Read some of the answers of that slice.", "Compare with the prompt version before."]),
    found(
      "detected-retrieval", "Retrieval became worse", ["empty_retrieval", "retrieval_distance"],
      .share(MetricCatalogue.retrievalsEmpty, of: MetricCatalogue.retrievals),
      meaning: "Documents are missing or fit worse than usual, so answers have nothing to stand on.",
      steps: ["Was the index rebuilt, or the embedding model changed?", "Does the index hold the documents at all?"]),
    found(
      "detected-attack", "Requests look like an attack", ["injection"], .flagged("injection"), severity: .sev2,
      meaning: "Many more requests than usual try to make the model disobey.",
      steps: ["Which tenant sends them?", "Throttle or block it; read what the answers gave away."]),
    found(
      "detected-leak", "Answers contain sensitive data", ["sensitive_data"], .flagged("sensitive_data"), severity: .sev2,
      playbooks: ["roll-back-prompt"], meaning: "Answers hold card numbers, addresses or keys more often than usual.",
      steps: ["Stop the slice first.", "Find the document or prompt that the data comes from."]),
    found(
      "detected-loops", "Requests come in loops", ["loop"], .perMinute(MetricCatalogue.requests),
      meaning: "A tenant's requests come in bursts as an agent's that calls itself.",
      steps: ["Which tenant and feature?", "Limit its steps, or throttle it."]),
    found(
      "detected-silence", "Requests are missing", ["traffic_loss"], .perMinute(MetricCatalogue.requests),
      meaning: "Far fewer requests arrive than at this time usually: a caller is broken.",
      steps: ["Which route or tenant is missing?", "Was there a release of a caller?"]),
    found(
      "answers-shifted", "Scores of answers moved",
      [
        "ungrounded_shift", "refusal_shift", "prompt_leak_shift", "sensitive_data_shift", "repetition_shift", "malformed_shift",
        "language_mismatch_shift", "toxicity_shift",
      ],
      .share(MetricCatalogue.riskFlagged, of: MetricCatalogue.riskScored), playbooks: ["roll-back-prompt"],
      meaning: "The raw scores of one stream's answers lie higher than its baseline, too many in a row for chance.",
      steps: ["See its baseline and its present value on the page Quality.", "Compare with the prompt version before."]),
    found(
      "inputs-shifted", "Scores of inputs moved", ["injection_shift", "indirect_injection_shift"], .flagged("injection"),
      meaning: "Questions or documents of one stream look more like attacks than its baseline does.",
      steps: ["Which tenant sends them?", "Which documents carry orders? Read flagged traces."]),
  ]

  private static func found(
    _ name: String, _ title: String, _ signals: [String], _ query: MonitorQuery, severity: Severity = .sev3,
    playbooks: [String] = [], meaning: String, steps: [String]
  ) -> PackedMonitor {
    PackedMonitor(
      MonitorDefinition(
        name: name, title: title, severity: severity, query: query, kind: .detection(DetectionFilter(signals: signals)),
        window: .minutes(5), threshold: Threshold(.above, critical: 0.5), noData: .ok, playbooks: playbooks),
      meaning: meaning, steps: steps)
  }
}
