// Cost: what was spent, by whom and on what, how sure that is, and what may still be spent.

import Budgets
import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Pricing

struct CostPage {
  let figures: CostFigures
  let health: CommanderHealth

  /// Rows of each table; the JSON has all of them.
  static let rowLimit = 10

  private var now: Timestamp { figures.now }
  private var total: CostTotals { figures.total }

  var page: Page {
    Page(
      title: figures.refusing.isEmpty ? "Cost" : "(!) Cost", section: .cost, body: body,
      siblings: [("JSON", figures.address(page: "/api/costs.json")), ("Budgets as JSON", "/api/budgets.json")],
      openIncidents: figures.openIncidents.count, renderedAt: now, health: health)
  }

  private var body: HTML {
    """
    \(headline)
    <p class="lede">\(lede)</p>
    <div class="toolbar">\(ranges)\(filters)</div>
    <section aria-label="Figures" class="tiles">\(tiles)</section>
    \(figures.chart.figure(id: "cost-course"))
    \(CostTables.budgets(figures.budgets, at: now))
    <div class="grid2">\(groupings)\(incidents)</div>
    """
  }

  // MARK: The first lines

  private var headline: HTML {
    if let first = figures.refusing.first {
      let refusing = figures.refusing.count
      let subject = "\(first.budget.name) of \(first.budget.scope.kind.rawValue) \(first.subject)"
      return
        "<h1 class=\"verdict wrong\">\(refusing == 1 ? "1 budget is used up and refuses" : "\(refusing) budgets are used up and refuse"): \(subject).</h1>"
    }
    guard total.requests > 0 else { return "<h1 class=\"verdict\">Nothing was spent \(figures.range.words)\(ofWhat).</h1>" }
    guard total.hasAmount else {
      return "<h1 class=\"verdict\">What was spent \(figures.range.words)\(ofWhat) is unknown.</h1>"
    }
    return "<h1 class=\"verdict\">\(Self.capitalized(total.words)) was spent \(figures.range.words)\(ofWhat).</h1>"
  }

  /// ` by tenant acme`
  private var ofWhat: String {
    let parts = figures.filter.sorted { $0.key.rawValue < $1.key.rawValue }.map { CostTables.words($0.key, $0.value) }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
  }

  private var lede: String {
    guard total.requests > 0 else { return "Every exchange with a model is here within seconds, with its cost." }
    var sentences: [String] = []
    if !figures.refusing.isEmpty {
      sentences.append("\(Self.capitalized(total.words)) was spent \(figures.range.words)\(ofWhat).")
    }
    switch (total.unknownRequests, total.partial.count + total.estimated.count) {
    case (0, 0): sentences.append("All of it is exact.")
    default: sentences.append("Of it: \(total.exactnessWords).")
    }
    if total.partial.count > 0 { sentences.append("Partial is a lower bound.") }
    if total.unknownRequests > 0 {
      sentences.append(
        "Unknown is not zero: \(Words.count(total.unknownRequests, "exchange")) of \(Figure.count(Int64(total.requests))) "
          + "\(total.unknownRequests == 1 ? "is" : "are") in no amount. Add the model to the price file, then run commander cost reprice."
      )
    }
    return sentences.joined(separator: " ")
  }

  private static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

  // MARK: Range and filter

  private var ranges: HTML {
    let links = CostRange.allCases.map { choice -> HTML in
      let current: HTML = choice == figures.range ? " aria-current=\"true\"" : ""
      return "<a href=\"\(figures.address(range: choice))\"\(current)>\(choice.label)</a>"
    }
    return "<nav class=\"choices\" aria-label=\"Range\">\(links)</nav>"
  }

  /// What is chosen; each choice is taken back by its own link.
  private var filters: HTML {
    let links = figures.filter.sorted { $0.key.rawValue < $1.key.rawValue }.map { dimension, value -> HTML in
      var rest = figures.filter
      rest[dimension] = nil
      let words = CostTables.words(dimension, value)
      return
        "<a href=\"\(figures.address(filter: rest))\" aria-label=\"Not only \(words)\">\(words) <span aria-hidden=\"true\">✕</span></a>"
    }
    return links.isEmpty
      ? "<span class=\"muted\">Choose a row below to see it alone.</span>"
      : "<nav class=\"choices\" aria-label=\"Filter\">\(links)</nav>"
  }

  // MARK: Tiles

  private var tiles: [HTML] {
    func tile(_ title: String, _ value: String, _ note: String) -> HTML {
      "<div class=\"card tile\"><h2>\(title)</h2><p class=\"figure\">\(value)</p><p class=\"muted\">\(note)</p></div>"
    }
    let known = total.requests - total.unknownRequests
    let mean = total.hasAmount ? Words.dollars(Nanodollars(total.known.count / Int64(known))) : "unknown"
    let meanBefore = figures.before.requests - figures.before.unknownRequests
    let comparison =
      meanBefore > 0
      ? "\(Words.dollars(Nanodollars(figures.before.known.count / Int64(meanBefore)))) \(figures.range.wordsBefore)"
      : "none \(figures.range.wordsBefore)"
    let incidents = figures.openIncidents
    let fullest = figures.budgets.first.map { "fullest: \($0.budget.name), \(Figure.percent($0.usedShare))" }
    return [
      tile("Spent", total.requests > 0 ? total.words : "nothing", "\(figures.before.words) \(figures.range.wordsBefore)"),
      tile("Per request", total.requests > 0 ? mean : "no request", comparison),
      tile(
        "Cost unknown", total.requests > 0 ? Figure.percent(total.unknownShare) : "no request",
        "\(Figure.count(Int64(total.unknownRequests))) of \(Words.count(total.requests, "request"))"),
      tile(
        "Extra by open incidents", incidents.isEmpty ? "none open" : figures.extraCost.map(Words.dollars) ?? "unknown",
        incidents.isEmpty
          ? "against the baseline’s cost per request"
          : "known for \(incidents.count { $0.impact.extraCost != nil }) of \(Words.count(incidents.count, "incident"))"),
      tile(
        "Budgets refusing", figures.budgets.isEmpty ? "no budget" : "\(figures.refusing.count) of \(figures.budgets.count)",
        fullest ?? "none is configured"),
    ]
  }

  // MARK: Tables

  private var groupings: [HTML] {
    CostFigures.groupings.map {
      CostTables.grouping($0.title, figures.course.report(by: $0.dimensions), in: figures, limit: Self.rowLimit)
    }
  }

  private var incidents: HTML {
    let rows = figures.openIncidents.map { incident -> HTML in
      """
      <tr><th scope="row"><a href="\(incident.path)">\(incident.id)</a><span class="muted below">\(incident.title)</span></th>\
      <td data-label="Extra cost" class="number">\(incident.impact.extraCost.map(Words.dollars) ?? "unknown")</td></tr>
      """
    }
    guard !rows.isEmpty else { return .empty }
    return """
      <section class="card flush" aria-labelledby="cost-incidents"><h2 id="cost-incidents">Extra cost of open incidents</h2>\
      <table class="list"><thead><tr><th scope="col">Incident</th><th scope="col" class="number">Extra cost</th></tr></thead>\
      <tbody>\(rows)</tbody></table></section>
      """
  }
}
