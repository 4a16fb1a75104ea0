// Renders the catalogue as the page people read; `docs/reference/metrics.md` is this text.

import LLMTelemetry

extension MetricCatalogue {
  /// Markdown, ending in a newline.
  package static var referencePage: String {
    var page = """
      # Metrics

      Every metric LLM Incident Commander emits, monitors or charts. This page is generated from the metric catalogue
      (`Sources/LLMMetrics/MetricCatalogue.swift`); `make test` fails when the two differ.

      A count adds up; a distribution answers with percentiles within \(Int(QuantileSketch.accuracy * 100)) %. A name never changes its type.

      | metric | type | unit | own tags | meaning |
      |---|---|---|---|---|

      """
    for metric in all {
      let tags = metric.extraTags.isEmpty ? "–" : metric.extraTags.map { "`\($0)`" }.joined(separator: ", ")
      page += "| `\(metric.name)` | \(metric.type.rawValue) | \(metric.unit.rawValue) | \(tags) | \(metric.meaning) |\n"
    }
    page += "\n## Tags of every metric family\n\n"
    page += Dimension.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
    page +=
      ".\n\nA tag is present when the span knows its value. `llm.commander.*` metrics describe this product itself and carry only their own tags.\n"
    return page
  }
}
