// Says a query in the words people use: "error rate of route chat" instead of the expression that computes it.

import LLMMetrics

extension MonitorQuery {
  /// Words for sentences, the filter included; the canonical text for a query without common words.
  package var words: String {
    guard let name = commonName else { return description }
    let scope = subject.filter.sorted { $0.key < $1.key }.map { "\($0.key.replacing("_", with: " ")) \($0.value)" }
    return scope.isEmpty ? name : "\(name) of \(scope.joined(separator: ", "))"
  }

  private var commonName: String? {
    switch form {
    case .ratio(let numerator, let denominator):
      guard numerator.filter == denominator.filter else { return nil }
      return switch (numerator.metric, denominator.metric) {
      case (MetricCatalogue.errors, MetricCatalogue.requests): "error rate"
      case (MetricCatalogue.answersUngrounded, MetricCatalogue.answersScored): "share of ungrounded answers"
      case (MetricCatalogue.retrievalsEmpty, MetricCatalogue.retrievals): "share of empty retrievals"
      case (MetricCatalogue.fallbacks, MetricCatalogue.requests): "share of fallbacks"
      default: nil
      }
    case .perMinute(let term):
      return switch term.metric {
      case MetricCatalogue.cost: "spending per minute"
      case MetricCatalogue.requests: "requests per minute"
      case MetricCatalogue.errors: "errors per minute"
      case MetricCatalogue.tokens: "tokens per minute"
      default: nil
      }
    case .value(let term):
      switch term.metric {
      case MetricCatalogue.duration: return "\(term.aggregator.rawValue) latency"
      case MetricCatalogue.timeToFirstToken: return "\(term.aggregator.rawValue) time to first token"
      case MetricCatalogue.retrievalDuration: return "\(term.aggregator.rawValue) retrieval time"
      default: return nil
      }
    }
  }
}
