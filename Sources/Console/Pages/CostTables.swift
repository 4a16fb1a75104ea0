// The tables of the Cost page: one for each attribution, and the budgets.

import Budgets
import LLMMetrics
import LLMTelemetry
import Monitors
import Pricing

enum CostTables {
  /// `tenant acme`, `no tenant`
  static func words(_ dimension: CostDimension, _ value: String) -> String {
    let name = dimension.rawValue.replacing("_", with: " ")
    return value.isEmpty ? "no \(name)" : "\(name) \(value)"
  }

  static func grouping(_ title: String, _ report: CostReport, in figures: CostFigures, limit: Int) -> HTML {
    let id = title.lowercased().replacing(" ", with: "-")
    guard !report.groups.isEmpty else { return .empty }
    let rows = report.groups.prefix(limit).map { group -> HTML in
      let values = zip(report.dimensions, group.values.map { $0 ?? "" })
      let name = group.values.compactMap { $0 }.joined(separator: " ")
      let target = figures.address(filter: figures.filter.merging(values) { $1 })
      let known = report.total.known.count
      let share = group.totals.hasAmount && known > 0 ? Figure.percent(Double(group.totals.known.count) / Double(known)) : "–"
      return """
        <tr><th scope="row"><a href="\(target)">\(name.isEmpty ? "none" : name)</a>\
        <span class="muted below">\(Words.count(group.totals.requests, "request"))</span></th>\
        <td data-label="Cost" class="number">\(group.totals.words)<span class="muted">\(group.totals.exactnessWords)</span></td>\
        <td data-label="Share" class="number">\(share)</td></tr>
        """
    }
    let more = report.groups.count - limit
    let rest: HTML? = more > 0 ? "<p class=\"muted more\">\(Figure.count(Int64(more))) more are in the JSON.</p>" : nil
    return """
      <section class="card flush" aria-labelledby="\(id)"><h2 id="\(id)">\(title)</h2><table class="list"><thead><tr>\
      <th scope="col"><span class="hidden">\(title)</span></th><th scope="col" class="number">Cost</th>\
      <th scope="col" class="number">Share of what is known</th></tr></thead><tbody>\(rows)</tbody></table>\(rest)</section>
      """
  }

  // MARK: Budgets

  static func budgets(_ budgets: [BudgetStatus], at now: Timestamp) -> HTML {
    guard !budgets.isEmpty else {
      return """
        <section class="card" aria-labelledby="budgets"><h2 id="budgets">Budgets</h2><p>None is configured: nothing is refused for its \
        cost. To limit what a tenant may spend, write</p><pre tabindex="0"><code>budgets:
          - {name: acme-daily, scope: {tenant: acme}, limit: {usd: 25}, period: day, cut_streams: true}</code></pre></section>
        """
    }
    let rows = budgets.map { budget($0, at: now) }
    return """
      <section class="card flush" aria-labelledby="budgets"><h2 id="budgets">Budgets</h2><table class="list"><thead><tr>\
      <th scope="col">Budget</th><th scope="col">Now</th><th scope="col">Spent</th><th scope="col">Reserved</th><th scope="col">Left</th>\
      <th scope="col">Resets</th><th scope="col">Worst overshoot</th></tr></thead><tbody>\(rows)</tbody></table></section>
      """
  }

  private static func budget(_ status: BudgetStatus, at now: Timestamp) -> HTML {
    let budget = status.budget
    func amount(_ amount: Int64) -> String {
      budget.unit == .money ? Words.dollars(Nanodollars(amount)) : "\(Figure.count(amount)) \(budget.unit.rawValue)"
    }
    let state: HTML =
      if status.refuses {
        "<span class=\"badge bad\"><span aria-hidden=\"true\">✕</span> Refuses</span>"
      } else {
        "<span class=\"badge good\"><span aria-hidden=\"true\">✓</span> Admits</span>"
      }
    let refusals = "\(Words.count(status.refusals, "refusal")) since the start"
    let resets: HTML =
      status.resetsAt.map { "\($0.element(at: now))<span class=\"muted\">in \(Words.span($0 - now))</span>" }
      ?? "<span class=\"muted\">nothing counts</span>"
    let observed = status.observed.beyondLimit
    return """
      <tr><th scope="row"><strong>\(budget.name)</strong><span class="muted below">\(budget.scope.kind.rawValue) \(status.subject), \
      \(amount(status.limit)) per \(budget.period.description)</span></th>\
      <td data-label="Now">\(state)<span class="muted">\(refusals)</span></td>\
      <td data-label="Spent">\(amount(status.spent))<span class="muted">\(Figure.percent(status.usedShare)) with what is reserved</span></td>\
      <td data-label="Reserved">\(amount(status.reserved))<span class="muted">\(Words.count(status.inFlight, "request")) in flight</span></td>\
      <td data-label="Left">\(amount(status.left))</td><td data-label="Resets">\(resets)</td>\
      <td data-label="Overshoot">\(status.bound.amount.map(amount) ?? "not bounded")\
      <details><summary>\(observed > 0 ? "\(amount(observed)) seen" : "none seen")</summary><p class="muted">\(status.bound.sentence)</p></details></td></tr>
      """
  }
}
