// Renders the catalogue as the page people read; `docs/reference/metrics.md` is this text.

import LLMTelemetry

extension MetricCatalogue {
  /// Markdown, ending in a newline.
  package static var referencePage: String {
    var page = """
      # Metrics

      Every metric LLM Incident Commander emits, monitors or charts. This page is generated from the metric catalogue
      (`Sources/LLMMetrics/MetricCatalogue.swift`); `make test` fails when the two differ.

      A count adds up; a distribution answers with percentiles within \(Int(QuantileSketch.accuracy * 100)) %; a gauge
      is a state. A name never changes its type. Money and tokens are counts. In rollups the readings of a gauge are a distribution, so that monitors can
      ask for their largest or their mean.

      "Custom metrics" is what Datadog bills for each combination of tags: 1 for a count or a gauge, 5 for a distribution, 10 for
      one with percentiles. `commander metrics forecast` multiplies; see [cardinality](../cardinality.md).

      | metric | type | unit | own tags | custom metrics | meaning |
      |---|---|---|---|---|---|

      """
    for metric in all {
      let tags = metric.extraTags.isEmpty ? "–" : metric.extraTags.map { "`\($0)`" }.joined(separator: ", ")
      let unit = metric.unit.rawValue + (metric.perUnit.map { " per \($0.rawValue)" } ?? "")
      page +=
        "| `\(metric.name)` | \(metric.type.rawValue) | \(unit) | \(tags) | \(metric.customMetricsPerSeries) | "
        + "\(metric.meaning) |\n"
    }
    page += "\n## Tags of every metric about spans\n\n"
    page += Dimension.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
    page +=
      ".\n\nA tag is present when the span knows its value. These are about states and this product, and carry only their own tags: "
    page += all.filter { !$0.hasDimensions }.map { "`\($0.name)`" }.joined(separator: ", ") + ".\n"
    page += "\n## From which score on an exchange is flagged\n\n| scorer | threshold |\n|---|---|\n"
    page += RiskScorer.allCases.map { "| `\($0.rawValue)` | \(RiskThreshold.of($0)) |\n" }.joined()
    return page
  }
}
