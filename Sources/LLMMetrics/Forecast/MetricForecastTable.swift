// A forecast as rows for people: one table of metrics, one of tags, and the sentences above them.

extension MetricForecast {
  package static let metricHeader = [
    "METRIC", "TYPE", "SERIES", "WITHOUT GOVERNOR", "EACH", "CUSTOM METRICS", "WITHOUT GOVERNOR",
  ]
  package static let tagHeader = ["TAG", "VALUES", "FOLDED", "CUSTOM METRICS WITHOUT IT", "FACTOR"]

  package var metricRows: [[String]] {
    metrics.map { metric in
      Self.row(metric.name, metric.type, "\(metric.customMetricsPerSeries)", metric.size)
    } + [Self.row("total", "", "", total)]
  }

  package var tagRows: [[String]] {
    tags.map { tag in
      ["\(tag.tag)", "\(tag.values)", "\(tag.folded)", "\(tag.customMetricsWithout)", Self.tenths(tag.factor)]
    }
  }

  /// What was looked at, so that nobody takes ten minutes for a month.
  package var window: String {
    guard let from, let until else { return "No span was read." }
    return """
      \(spans) spans from \(from.rfc3339) to \(until.rfc3339). A longer window can only have more series: values that have not come yet are in no \
      number here. llm.commander.* and the states of budgets and circuits are not in it.
      """
  }

  private static func row(_ name: String, _ type: String, _ each: String, _ size: Size) -> [String] {
    [
      name, type, "\(size.series)", "\(size.ungovernedSeries)", each, "\(size.customMetrics)", "\(size.ungovernedCustomMetrics)",
    ]
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
