// Which figure shows what detection found: one of its monitors speaks for several signals, and each signal has a figure of its own.

import LLMMetrics
import Monitors

extension MonitorDefinition {
  /// The same monitor with the figure in which `signal` shows, for titles, charts, plans and verification. Itself where it is no
  /// monitor of detection, or no other figure shows the signal better.
  package func showing(_ signal: String?) -> MonitorDefinition {
    guard case .detection = kind, let query = signal.flatMap(MonitorQuery.init(showing:)) else { return self }
    var definition = self
    definition.query = query
    return definition
  }

  /// The signal by which a finding shows best, of those this monitor speaks for.
  package func signal(of finding: DetectionFinding?) -> String? {
    guard case .detection(let filter) = kind else { return nil }
    return finding?.signals.first { filter.signals.isEmpty || filter.signals.contains($0) }
  }
}

extension MonitorQuery {
  /// `nil` for a signal whose monitor's own figure is the one: failures, retries, retrieval, volume.
  fileprivate init?(showing signal: String) {
    func share(_ part: MetricDefinition, of whole: MetricDefinition) -> MonitorQuery {
      MonitorQuery(.ratio(Term(.sum, part), Term(.sum, whole)))
    }
    func flagged() -> MonitorQuery {
      MonitorQuery(
        .ratio(
          Term(.sum, MetricCatalogue.riskFlagged, filter: ["scorer": signal]),
          Term(.sum, MetricCatalogue.riskScored, filter: ["scorer": signal])))
    }
    func tokens(_ type: String) -> MonitorQuery {
      MonitorQuery(
        .ratio(Term(.sum, MetricCatalogue.tokens, filter: ["token_type": type]), Term(.sum, MetricCatalogue.requests)))
    }
    /// Some of the answers are enough to show in it, and one alone is not.
    func slowest(_ metric: MetricDefinition) -> MonitorQuery { MonitorQuery(.value(Term(.p90, metric))) }
    switch signal {
    case "cancelled": self = share(MetricCatalogue.requestsCancelled, of: MetricCatalogue.requests)
    case "blocked": self = share(MetricCatalogue.requestsBlocked, of: MetricCatalogue.requests)
    case "truncation": self = share(MetricCatalogue.answersTruncated, of: MetricCatalogue.requests)
    case "ungrounded": self = share(MetricCatalogue.answersUngrounded, of: MetricCatalogue.answersScored)
    case "refusal", "injection", "sensitive_data", "malformed", "repetition": self = flagged()
    case "latency": self = slowest(MetricCatalogue.duration)
    case "time_to_first_token": self = slowest(MetricCatalogue.timeToFirstToken)
    case "stream_stall": self = slowest(MetricCatalogue.longestGap)
    case "cost_per_request": self = share(MetricCatalogue.cost, of: MetricCatalogue.requests)
    case "cost_per_token": self = share(MetricCatalogue.cost, of: MetricCatalogue.tokens)
    // What a cache does not hold is counted as input.
    case "input_tokens", "cache_loss": self = tokens("input")
    case "output_tokens": self = tokens("output")
    default: return nil
    }
  }
}
