// Short forms that the default pack is written in.

import LLMMetrics

extension MonitorQuery {
  static func count(_ metric: MetricDefinition, _ filter: [String: String] = [:]) -> MonitorQuery {
    MonitorQuery(.value(Term(.sum, metric, filter: filter)))
  }

  static func perMinute(_ metric: MetricDefinition, _ filter: [String: String] = [:]) -> MonitorQuery {
    MonitorQuery(.perMinute(Term(.sum, metric, filter: filter)))
  }

  static func value(_ aggregator: Aggregator, _ metric: MetricDefinition, _ filter: [String: String] = [:]) -> MonitorQuery {
    MonitorQuery(.value(Term(aggregator, metric, filter: filter)))
  }

  /// - Parameter shared: a filter of both sides.
  static func share(
    _ part: MetricDefinition, _ filter: [String: String] = [:], of whole: MetricDefinition, both shared: [String: String] = [:]
  ) -> MonitorQuery {
    MonitorQuery(
      .ratio(Term(.sum, part, filter: filter.merging(shared) { $1 }), Term(.sum, whole, filter: shared)))
  }

  static func errors(_ kind: String) -> MonitorQuery {
    share(MetricCatalogue.errors, ["error_class": kind], of: MetricCatalogue.requests)
  }

  static func flagged(_ scorer: String) -> MonitorQuery {
    share(MetricCatalogue.riskFlagged, of: MetricCatalogue.riskScored, both: ["scorer": scorer])
  }
}

extension Duration {
  static func minutes(_ count: Int64) -> Duration { .seconds(60 * count) }
}
