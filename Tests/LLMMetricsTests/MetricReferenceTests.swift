// The page people read about metrics is the catalogue's own text.

import Foundation
import LLMMetrics
import Testing

@Suite struct MetricReferenceTests {
  @Test func pageInTheRepositoryIsTheCataloguesText() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/reference/metrics.md")
      .standardized
    if ProcessInfo.processInfo.environment["UPDATE_REFERENCE_PAGES"] == "1" {
      try Data(MetricCatalogue.referencePage.utf8).write(to: page)
    }
    let text = (try? String(contentsOf: page, encoding: .utf8)) ?? ""
    #expect(
      text == MetricCatalogue.referencePage,
      "docs/reference/metrics.md is stale: run `UPDATE_REFERENCE_PAGES=1 swift test --filter MetricReferenceTests`")
  }
}
