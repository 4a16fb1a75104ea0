// Which cost a stored exchange gets from the present price book, and what that changes in sum.

import LLMTelemetry

package enum Repricing {
  /// The cost `span` should have. A figure is never lost: where the book has none, the stored one stays; and a cost that came
  /// with imported traffic, without a price version of ours, is the importer's statement and stays too.
  package static func cost(of span: LLMSpan, by book: PriceBook) -> Cost {
    if span.cost.priceVersion == importedVersion { return span.cost }
    var span = span
    // Whether tokens were counted by us is not stored; the word of the cost says it.
    if case .estimated = span.cost { span.usage.isEstimated = true }
    let cost = book.cost(of: span)
    return cost == .unknown ? span.cost : cost
  }

  /// What recorded traffic has for a cost without a price version.
  private static let importedVersion = "recorded"
}

/// What repricing did, or would do.
package struct RepricingReport: Hashable, Sendable {
  package struct ModelLine: Hashable, Sendable {
    package var before = CostTotals()
    package var after = CostTotals()
    /// Exchanges whose amount or exactness is another one now.
    package var changed = 0
  }

  /// Exchanges that were looked at.
  package var examined = 0
  /// Those whose amount or exactness changed.
  package var changed = 0
  /// Those whose figure is the same under the present book, which now vouches for it.
  package var confirmed = 0
  /// Changed exchanges without a stored chart point to correct: older than what is kept.
  package var withoutPoint = 0
  package var models: [String: ModelLine] = [:]

  package init() {}

  package mutating func add(_ span: LLMSpan, after: Cost) {
    examined += 1
    let isChanged = span.cost.amount != after.amount || span.cost.exactness != after.exactness
    if isChanged { changed += 1 } else if span.cost != after { confirmed += 1 }
    // A part of a trace that another span accounts for is repriced, but its money is counted there.
    guard span.accountsForExchange else { return }
    var line = models[span.dimensions.model ?? "-"] ?? ModelLine()
    line.before.add(span.cost, usage: span.usage)
    line.after.add(after, usage: span.usage)
    if isChanged { line.changed += 1 }
    models[span.dimensions.model ?? "-"] = line
  }

  package var before: CostTotals { models.values.reduce(CostTotals()) { $0 + $1.before } }
  package var after: CostTotals { models.values.reduce(CostTotals()) { $0 + $1.after } }

  package var table: (header: [String], rows: [[String]]) {
    func row(_ name: String, _ changed: Int, _ before: CostTotals, _ after: CostTotals) -> [String] {
      [
        name, String(before.requests), String(changed), MoneyText.dollars(before.known), MoneyText.dollars(after.known),
        MoneyText.dollars(Nanodollars(after.known.count - before.known.count)),
        "\(before.unknownRequests) > \(after.unknownRequests)",
      ]
    }
    let rows = models.sorted { $0.key < $1.key }.map { row($0.key, $0.value.changed, $0.value.before, $0.value.after) }
    return (
      ["MODEL", "REQUESTS", "CHANGED", "OLD COST", "NEW COST", "DIFFERENCE", "UNKNOWN"],
      rows + [row("total", models.values.reduce(0) { $0 + $1.changed }, before, after)]
    )
  }
}
