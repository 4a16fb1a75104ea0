// Which counts count some of what another counts, so that their ratio is a share and cannot exceed 1.

extension MetricCatalogue {
  /// Name of a count to the names of its wholes.
  package static let wholes: [String: Set<String>] = [
    "llm.errors": ["llm.requests"], "llm.requests.cancelled": ["llm.requests"], "llm.requests.blocked": ["llm.requests"],
    "llm.fallbacks": ["llm.requests"], "llm.cost.unknown": ["llm.requests"], "llm.embeddings": ["llm.requests"],
    "llm.answers.truncated": ["llm.requests"], "llm.answers.refused": ["llm.requests"], "llm.answers.scored": ["llm.requests"],
    "llm.answers.ungrounded": ["llm.answers.scored", "llm.requests"],
    "llm.semantic_risk.flagged": ["llm.semantic_risk.scored"], "llm.retrievals.empty": ["llm.retrievals"],
    "llm.commander.spans.dropped": ["llm.commander.spans.received"],
  ]
}
