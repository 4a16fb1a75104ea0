// The default pack's monitors on what answers say.

import LLMMetrics

extension MonitorPack {
  private static func risk(
    _ scorer: String, name: String, title: String, severity: Severity, above critical: Double, recovery: Double,
    playbooks: [String] = [], groupBy: [String] = ["route"], meaning: String, steps: [String]
  ) -> PackedMonitor {
    PackedMonitor(
      MonitorDefinition(
        name: name, title: title, severity: severity, query: .flagged(scorer), window: .minutes(15), holdFor: .minutes(2),
        threshold: Threshold(.above, critical: critical, recovery: recovery), trafficGate: 100, playbooks: playbooks,
        groupBy: groupBy),
      meaning: meaning, steps: steps)
  }

  static let answerMonitors: [PackedMonitor] = [
    PackedMonitor(
      MonitorDefinition(
        name: "answers-ungrounded", title: "Answers are poorly grounded", severity: .sev2,
        query: .share(MetricCatalogue.answersUngrounded, of: MetricCatalogue.answersScored), window: .minutes(15),
        holdFor: .minutes(2), threshold: Threshold(.above, critical: 0.3, recovery: 0.15), trafficGate: 100,
        playbooks: ["roll-back-prompt"], groupBy: ["route"]),
      meaning: "Answers say what their documents do not: users are told what is not so.",
      steps: ["Compare prompt versions and models.", "Does retrieval find the right documents? Look at its top score."]),
    PackedMonitor(
      MonitorDefinition(
        name: "answers-refused", title: "The model refuses", severity: .sev3,
        query: .share(MetricCatalogue.answersRefused, of: MetricCatalogue.requests), window: .minutes(15), holdFor: .minutes(2),
        threshold: Threshold(.above, critical: 0.15, recovery: 0.08), trafficGate: 50, playbooks: ["roll-back-prompt"],
        groupBy: ["route"]),
      meaning: "The model says that it cannot or will not answer.",
      steps: [
        "Compare prompt versions: a new rule may forbid too much.", "Empty retrievals make a model say that it does not know.",
      ]
    ),
    PackedMonitor(
      MonitorDefinition(
        name: "answers-truncated", title: "Answers are cut off", severity: .sev3,
        query: .share(MetricCatalogue.answersTruncated, of: MetricCatalogue.requests), window: .minutes(15),
        holdFor: .minutes(2), threshold: Threshold(.above, critical: 0.1, recovery: 0.05), trafficGate: 50,
        playbooks: ["roll-back-prompt"], groupBy: ["route"]),
      meaning: "Answers end at the limit of tokens, in the middle of a sentence or of a JSON document.",
      steps: ["Raise the limit, or ask for shorter answers.", "Reasoning tokens count against the limit too."]),
    PackedMonitor(
      MonitorDefinition(
        name: "retrievals-empty", title: "Retrieval finds nothing", severity: .sev2,
        query: .share(MetricCatalogue.retrievalsEmpty, of: MetricCatalogue.retrievals), window: .minutes(15),
        holdFor: .minutes(2), threshold: Threshold(.above, critical: 0.2, recovery: 0.1), trafficGate: 50,
        groupBy: ["service"]),
      meaning: "The model answers without documents, so it guesses or refuses.",
      steps: ["Is the index there, and was it filled?", "Did the embedding model change without a new index?"]),
    risk(
      "injection", name: "injections-many", title: "Users try to redirect the model", severity: .sev3, above: 0.1,
      recovery: 0.04, groupBy: ["tenant"], meaning: "Many questions try to make the model disobey its instructions.",
      steps: ["Is it one tenant or user? Limit it.", "Do the answers obey? Look at prompt leaks and refusals."]),
    risk(
      "indirect_injection", name: "documents-inject", title: "Documents try to redirect the model", severity: .sev2,
      above: 0.02, recovery: 0.005, groupBy: ["service"],
      meaning: "Retrieved documents or results of tools carry instructions for the model.",
      steps: ["Find the document in a flagged trace and take it out of the index.", "Which source did it come from?"]),
    risk(
      "prompt_leak", name: "prompts-leaking", title: "Answers repeat the system instruction", severity: .sev3, above: 0.02,
      recovery: 0.005, playbooks: ["roll-back-prompt"], meaning: "Answers give away the system instruction.",
      steps: ["Compare prompt versions.", "Are there injections at the same time?"]),
    risk(
      "sensitive_data", name: "sensitive-data", title: "Answers hold sensitive data", severity: .sev2, above: 0.1,
      recovery: 0.03, meaning: "Answers hold personal data or credentials.",
      steps: ["Which documents do they come from?", "Tell whoever answers for privacy."]),
    risk(
      "malformed", name: "output-malformed", title: "Output is malformed", severity: .sev2, above: 0.1, recovery: 0.04,
      playbooks: ["roll-back-prompt"],
      meaning: "Answers are not the JSON, schema or tool call that was asked for, so programs fail.",
      steps: ["Did the model's version or the schema change?", "Are answers cut off? Truncated JSON is malformed."]),
    risk(
      "repetition", name: "answers-looping", title: "Answers run in loops", severity: .sev3, above: 0.05, recovery: 0.02,
      meaning: "Answers repeat themselves, which costs tokens and says nothing.",
      steps: ["Look at temperature and penalties.", "Did the model change?"]),
    risk(
      "language_mismatch", name: "language-wrong", title: "Answers are in the wrong language", severity: .sev3, above: 0.05,
      recovery: 0.02, playbooks: ["roll-back-prompt"], meaning: "Users are answered in another language than they asked in.",
      steps: ["Compare prompt versions.", "Are the documents in another language than the question?"]),
  ]
}
