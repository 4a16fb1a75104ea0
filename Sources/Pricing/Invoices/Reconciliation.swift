// An invoice against the record: what was billed, what we knew, and the difference nobody has explained.

import LLMTelemetry

/// Billed and recorded for one model on one day, or in sum.
package struct ReconciledLine: Hashable, Sendable {
  /// `nil` when the invoice has no such line.
  package var invoiced: Nanodollars?
  /// `nil` when no exchange is recorded.
  package var recorded: CostTotals?
  package var invoicedTokens: Int?

  package init(invoiced: Nanodollars? = nil, recorded: CostTotals? = nil, invoicedTokens: Int? = nil) {
    self.invoiced = invoiced
    self.recorded = recorded
    self.invoicedTokens = invoicedTokens
  }

  /// Invoiced less recorded: positive when the vendor billed more.
  package var difference: Nanodollars {
    Nanodollars((invoiced?.count ?? 0) - (recorded?.known.count ?? 0))
  }

  /// The difference as a share of what was invoiced; `nil` when nothing was.
  package var share: Double? {
    guard let invoiced, invoiced.count != 0 else { return nil }
    return Double(difference.count) / Double(invoiced.count.magnitude)
  }

  static func + (left: ReconciledLine, right: ReconciledLine) -> ReconciledLine {
    func add<Value>(_ left: Value?, _ right: Value?, _ sum: (Value, Value) -> Value) -> Value? {
      guard let left, let right else { return left ?? right }
      return sum(left, right)
    }
    return ReconciledLine(
      invoiced: add(left.invoiced, right.invoiced, +), recorded: add(left.recorded, right.recorded, +),
      invoicedTokens: add(left.invoicedTokens, right.invoicedTokens, +))
  }
}

package struct Reconciliation: Hashable, Sendable {
  package struct DayLine: Hashable, Sendable {
    package let day: String
    package let model: String
    package let line: ReconciledLine
  }

  /// By day, then model.
  package let days: [DayLine]
  /// By model over all days: days cancel, since vendors cut them at other hours; models never do.
  package let models: [(model: String, line: ReconciledLine)]
  package let total: ReconciledLine

  /// - Parameter recorded: groups of day and billed model, in this order.
  package init(invoice: Invoice, recorded: CostReport, book: PriceBook) {
    struct Key: Hashable {
      let day: String
      let model: String
    }
    var lines: [Key: ReconciledLine] = [:]
    func add(_ key: Key, _ line: ReconciledLine) { lines[key] = (lines[key] ?? ReconciledLine()) + line }
    for line in invoice.lines {
      add(Key(day: line.day, model: line.model), ReconciledLine(invoiced: line.amount, invoicedTokens: line.tokens))
    }
    for group in recorded.groups where group.values.count == 2 {
      let model = group.values[1].map(book.canonicalName) ?? "-"
      add(Key(day: group.values[0] ?? "-", model: model), ReconciledLine(recorded: group.totals))
    }
    days = lines.map { DayLine(day: $0.key.day, model: $0.key.model, line: $0.value) }
      .sorted { ($0.day, $0.model) < ($1.day, $1.model) }
    var byModel: [String: ReconciledLine] = [:]
    for day in days { byModel[day.model] = (byModel[day.model] ?? ReconciledLine()) + day.line }
    models = byModel.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    total = models.reduce(ReconciledLine()) { $0 + $1.line }
  }

  /// Absolute differences of all models in sum: what one model is billed too much never pays for what another lacks.
  package var unexplained: Nanodollars {
    Nanodollars(models.reduce(Int64(0)) { $0 + Int64($1.line.difference.count.magnitude) })
  }

  package var onlyInvoiced: [String] { models.filter { $0.line.recorded == nil }.map(\.model) }
  package var onlyRecorded: [String] { models.filter { $0.line.invoiced == nil }.map(\.model) }

  /// Whether the unexplained sum is more than `tolerance` of what was invoiced, in integers.
  package func exceeds(_ tolerance: Tolerance) -> Bool {
    let invoiced = Int128((total.invoiced?.count ?? 0).magnitude)
    return Int128(unexplained.count) * 100_000_000 > invoiced * Int128(tolerance.millionthsOfPercent)
  }

  package static func == (left: Reconciliation, right: Reconciliation) -> Bool { left.days == right.days }
  package func hash(into hasher: inout Hasher) { hasher.combine(days) }

  /// Header and rows for people: each day and model, each model, the total.
  package var table: (header: [String], rows: [[String]]) {
    func row(_ day: String, _ model: String, _ line: ReconciledLine) -> [String] {
      [
        day, model, line.invoiced.map(MoneyText.dollars) ?? "-", line.recorded.map { MoneyText.dollars($0.exact) } ?? "-",
        line.recorded.map { MoneyText.dollars($0.partial) } ?? "-", line.recorded.map { MoneyText.dollars($0.estimated) } ?? "-",
        line.recorded.map { String($0.unknownRequests) } ?? "-", MoneyText.dollars(line.difference),
        line.share.map(MoneyText.percent) ?? "-",
      ]
    }
    return (
      ["DAY", "MODEL", "INVOICED", "EXACT", "PARTIAL", "ESTIMATED", "UNKNOWN", "DIFFERENCE", "SHARE"],
      days.map { row($0.day, $0.model, $0.line) } + models.map { row("all", $0.model, $0.line) } + [row("all", "total", total)]
    )
  }
}

/// A percentage with up to six decimals.
package struct Tolerance: Hashable, Sendable, CustomStringConvertible {
  package static let onePercent = Tolerance(millionthsOfPercent: 1_000_000)

  package let millionthsOfPercent: Int64

  /// `1`, `0.5`, `2.5%`, from 0 to 100.
  package init?(_ text: String) {
    let number = text.hasSuffix("%") ? String(text.dropLast()) : text
    guard !number.hasPrefix("-"), let value = Nanodollars(decimalDollars: number), value.count <= 100_000_000_000 else {
      return nil
    }
    millionthsOfPercent = value.count / 1000
  }

  private init(millionthsOfPercent: Int64) { self.millionthsOfPercent = millionthsOfPercent }

  package var description: String { Nanodollars(millionthsOfPercent * 1000).decimalDollars }
}
