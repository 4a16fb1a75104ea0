// Objectives: is what was promised kept, and how much may still go wrong?

import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation

struct ObjectivesPage {
  let now: Timestamp
  let standings: [ObjectiveStanding]
  let health: CommanderHealth
  let openIncidents: Int

  var page: Page {
    Page(
      title: "Objectives", section: .system, body: body, siblings: [("JSON", "/api/slos.json")], openIncidents: openIncidents,
      renderedAt: now, health: health)
  }

  private var body: HTML {
    guard !standings.isEmpty else {
      return """
        <h1>No objective is configured.</h1>
        <p class="lede">Add one under <code>slos</code>, or take those of <code>packs: [default]</code>.</p>
        """
    }
    let spent = standings.filter(\.isSpent).map(\.definition.name)
    let hasData = standings.contains { $0.status.valid > 0 }
    let headline: HTML =
      !hasData
      ? "<h1 class=\"verdict\">There is no data yet.</h1>"
      : spent.isEmpty
        ? "<h1 class=\"verdict fine\">No error budget is spent.</h1>"
        : "<h1 class=\"verdict wrong\">Spent: \(spent.joined(separator: ", ")).</h1>"
    let frozen = standings.filter(\.freezesPromotions)
    let policy: HTML =
      frozen.isEmpty
      ? "<p class=\"lede\">Promotions are open.</p>"
      : "<p class=\"lede\">Promotions are frozen: \(frozen.map(\.overspending).joined(separator: "; ")). Rolling back is not.</p>"
    return """
      \(headline)
      \(policy)
      <div class="card flush"><table class="list"><thead><tr><th scope="col">Objective</th><th scope="col">State</th>\
      <th scope="col">Good</th><th scope="col">Error budget left</th><th scope="col">Burning</th></tr></thead><tbody>\(standings.map(row))</tbody></table></div>
      """
  }

  private func row(_ standing: ObjectiveStanding) -> HTML {
    let (definition, status) = (standing.definition, standing.status)
    let state: HTML =
      switch status.state {
      case .met: "<span class=\"badge good\"><span aria-hidden=\"true\">✓</span> Met</span>"
      case .missed: "<span class=\"badge bad\"><span aria-hidden=\"true\">✕</span> Missed</span>"
      case .noData: "<span class=\"badge\"><span aria-hidden=\"true\">–</span> No data</span>"
      }
    let good = status.indicator.map {
      "\(Figure.number($0, decimals: 3)) % of \(Words.plain(status.valid)) \(definition.indicator.unit)"
    }
    let left = status.budgetShareLeft.map {
      "\(Figure.percent($0)), \(Words.plain(status.budgetLeft)) \(definition.indicator.unit)"
    }
    let burns = status.burns.map { burn -> HTML in
      let rate = burn.long.map { "\(Figure.number($0, decimals: 1)) times" } ?? "no data"
      let mark: HTML = burn.isBurning ? " <strong>burning</strong>" : .empty
      return
        "<li>\(rate) over \(Figure.duration(burn.rate.longWindow)) <span class=\"muted\">alerts above \(Figure.number(burn.rate.factor, decimals: 1))</span>\(mark)</li>"
    }
    return """
      <tr><th scope="row">\(definition.title)<span class="muted below">\(definition.name), \(Figure.number(definition.target, decimals: 4)) % over \(definition.timeframe.rawValue)</span></th>\
      <td data-label="State">\(state)</td><td data-label="Good">\(good ?? "no data")</td><td data-label="Error budget">\(left ?? "no data")</td>\
      <td data-label="Burning"><ul class="plain">\(burns)</ul></td></tr>
      """
  }
}
