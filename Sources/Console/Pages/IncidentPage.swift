// Incident: what happened, why, and what do we do?

import Incidents
import LLMTelemetry
import Monitors
import Remediation

struct IncidentPage {
  let now: Timestamp
  let incident: Incident
  let state: CommandState
  let monitors: [MonitorDefinition]
  let charts: [Chart]
  let exemplars: [LLMSpan]
  let health: CommanderHealth
  let isLive: Bool
  /// `http://127.0.0.1:8090`: copied links are absolute.
  let origin: String
  let forms: Forms

  var remediations: [Remediation] { state.remediations.of(incident: incident.id) }
  var summary: IncidentSummary { IncidentSummary(incident, remediations: remediations, at: now) }

  var page: Page {
    Page(
      title: "\(incident.id) \(incident.title)", section: .incidents, body: body,
      siblings: [("JSON", "\(incident.path).json"), ("Postmortem", "\(incident.path)/postmortem")],
      refreshSeconds: isLive ? 10 : nil, openIncidents: state.incidents.open.count, renderedAt: now, health: health)
  }

  private var body: HTML {
    """
    <p class="crumbs"><a href="/incidents">Incidents</a> / \(incident.id)</p>
    <h1>\(incident.title)</h1>
    <p class="facts">\(incident.severity.badge) \(incident.state.badge) <span>\(facts)</span></p>
    \(summary.paragraph)
    \(actions)
    \(tiles)
    <div class="columns"><div class="stack main">\(figures)\(IncidentEvidence.contrast(incident))\(IncidentEvidence.exemplars(exemplars, now: now))\
    \(IncidentCards.alerts(incident, state: state, monitors: monitors, now: now))\(similar)</div>
    <div class="stack side">\(IncidentCards.cause(incident))\(IncidentCards.remediation(remediations, now: now, forms: forms))\
    \(IncidentCards.followUps(incident, remediations, forms: forms))\
    \(IncidentCards.timeline(incident, now: now, forms: forms))</div></div>
    """
  }

  private var facts: HTML {
    var parts: [HTML] = ["opened \(incident.openedAt.element(at: now))"]
    parts.append("detected \(Words.span(incident.timeToDetect)) after onset")
    if let mitigated = incident.mitigatedAt { parts.append("mitigated \(mitigated.element(at: now))") }
    if let resolved = incident.resolvedAt, let lasted = incident.timeToResolve {
      parts.append("resolved \(resolved.element(at: now))")
      parts.append("lasted \(Words.span(lasted))")
    } else {
      parts.append("goes on for \(Words.span(now - incident.onsetAt))")
    }
    if let acknowledged = incident.timeToAcknowledge { parts.append("acknowledged after \(Words.span(acknowledged))") }
    parts.append("owner \(incident.owner ?? "nobody yet")")
    for (role, person) in incident.roles.sorted(by: { $0.key < $1.key }) where role != IncidentRole.commander.rawValue {
      parts.append("\(role) \(person)")
    }
    if let other = incident.mergedInto { parts.append("merged into <a href=\"/incidents/\(other)\">\(other)</a>") }
    return HTML(raw: parts.map(\.text).joined(separator: " · "))
  }

  // MARK: Actions

  private var actions: HTML {
    let proposed = remediations.last { $0.state == .proposed && $0.plan.mode != .suggest }
    var items: [HTML] = []
    if let proposed {
      items.append(
        forms.button(
          "Approve: \(proposed.plan.sentence)", to: "\(incident.path)/approve", class: "primary",
          fields: [("remediation", proposed.id)]))
    }
    if incident.state == .triggered { items.append(forms.button("Acknowledge", to: "\(incident.path)/acknowledge")) }
    items += byHand
    if incident.isOpen {
      items.append(
        forms.field("Resolve", to: "\(incident.path)/resolve", name: "reason", hint: "What ended it", isRequired: false))
    }
    items.append(
      "<a class=\"button\(incident.isOpen ? "" : " primary")\" href=\"\(incident.path)/postmortem\">Open postmortem</a>")
    items.append(
      """
      <details class="ask"><summary class="button">Copy as Markdown</summary><label>Select all and copy\
      <textarea readonly="readonly" rows="4">\(markdown)</textarea></label></details>
      """)
    if incident.isOpen {
      items.append(
        "<a class=\"button quiet\" href=\"\(incident.path)\(isLive ? "" : "?live=1")\">\(isLive ? "Updating every 10 s · pause" : "Update every 10 s")</a>"
      )
    }
    return "<div class=\"actions\">\(items)</div>"
  }

  /// What is seldom done, behind buttons that ask for what they need.
  private var byHand: [HTML] {
    guard incident.isOpen else {
      return incident.mergedInto == nil
        ? [forms.field("Reopen", to: "\(incident.path)/reopen", name: "reason", hint: "What came back", isRequired: false)] : []
    }
    var items = [
      forms.field("Assign", to: "\(incident.path)/assign", name: "person", hint: "Who owns it", isRequired: true),
      forms.choice(
        "Change severity", to: "\(incident.path)/severity", name: "severity", hint: "SEV-1 is the worst",
        values: Severity.allCases.map(\.rawValue), present: incident.severity.rawValue),
      forms.field(
        "Same as", to: "\(incident.path)/link", name: "other", hint: "An earlier incident, such as INC-1", isRequired: true),
    ]
    if state.incidents.open.count > 1 {
      items.append(
        forms.field(
          "Merge into", to: "\(incident.path)/merge", name: "other", hint: "An open incident, such as INC-1", isRequired: true))
    }
    if incident.alerts.count > 1 {
      items.append(
        forms.field("Split off", to: "\(incident.path)/split", name: "alerts", hint: "The name of a monitor", isRequired: true))
    }
    return items
  }

  /// One line for a chat or a ticket, then the summary.
  var markdown: String {
    "[\(incident.id) \(incident.title)](\(origin)\(incident.path)) · \(incident.severity.rawValue) · \(incident.state.rawValue)\n\n\(summary.text)"
  }

  // MARK: Tiles

  private var tiles: HTML {
    let impact = incident.impact
    let isCounted = incident.impactAt != nil
    let unknown = "not counted yet"
    let share =
      impact.affectedShare.map { "\(Figure.percent($0)) of all \(Figure.count(impact.totalRequests)) since onset" }
      ?? "since onset"
    let means = IncidentTimes(state.incidents.incidents.filter { $0.number < incident.number })
    let mean =
      means.toMitigate.duration.map { "mean of \(means.toMitigate.count) before: \(Words.span($0))" }
      ?? "the first to be measured"
    let all = [
      tile("Requests affected", isCounted ? Figure.count(impact.affectedRequests) : unknown, share),
      tenantTile,
      tile(
        "Failed or ungrounded", isCounted ? Figure.count(impact.errors + impact.ungroundedAnswers) : unknown,
        "\(Words.count(impact.errors, "error")), \(Words.count(impact.ungroundedAnswers, "ungrounded answer"))"),
      costTile,
      tile(
        "Time to mitigate", incident.timeToMitigate.map(Words.span) ?? "not yet", mean),
    ]
    return "<section class=\"tiles\" id=\"impact\" aria-label=\"Impact\">\(all)</section>"
  }

  /// The shortest time of the Cost page that has all of the incident.
  private var costRange: CostRange {
    CostRange.allCases.first { $0.range(at: now).contains(incident.onsetAt) } ?? .month
  }

  private var tenantTile: HTML {
    let names = incident.impact.tenants.prefix(3).enumerated().map { index, name -> HTML in
      "\(index > 0 ? ", " : "")<a href=\"\(CostAddress.path(["tenant": name], range: costRange))\">\(name)</a>"
    }
    let count = incident.impactAt == nil ? "not counted yet" : Figure.count(Int64(incident.impact.tenantCount))
    let list: HTML = names.isEmpty ? "named by the requests" : "\(names)"
    return """
      <div class="card tile"><h2>Tenants</h2><p class="figure">\(count)</p><p class="muted">\(list)</p></div>
      """
  }

  private var costTile: HTML {
    """
    <div class="card tile"><h2><a href="\(CostAddress.path(incident.scope, range: costRange))">Extra cost</a></h2>\
    <p class="figure">\(incident.impact.extraCost.map(Words.dollars) ?? "unknown")</p>\
    <p class="muted">against the baseline’s cost per request</p></div>
    """
  }

  private func tile(_ title: String, _ value: String, _ meaning: String) -> HTML {
    "<div class=\"card tile\"><h2>\(title)</h2><p class=\"figure\">\(value)</p><p class=\"muted\">\(meaning)</p></div>"
  }

  // MARK: Charts

  private var figures: HTML {
    guard let first = charts.map(\.range.lowerBound).min(), let last = charts.map(\.range.upperBound).max() else { return .empty }
    let range = first..<last
    let marks = state.marks.filter { range.contains($0.at) }
    let key: HTML = """
      <div class="key-line"><span class="key shade" aria-hidden="true"></span> incident, onset to mitigation \
      <svg class="swatch" viewBox="0 0 18 8" aria-hidden="true"><path class="threshold" d="M1 4H17"/></svg> threshold</div>
      """
    return """
      <section aria-label="Charts" id="charts"><div class="grid2\(charts.count == 1 ? " single" : "")">\(charts.enumerated().map { $1.figure(id: "chart-\($0)") })</div>
      \(key)\(marks.legend(at: now))</section>
      """
  }

  /// What was like it, and what helped then.
  private var similar: HTML {
    let precedents = state.precedents(of: incident, monitors: monitors)
    guard !precedents.isEmpty else { return .empty }
    let items = precedents.map { precedent -> HTML in
      let attempts = precedent.attempts.map { attempt -> HTML in
        "<li>\(attempt.helped ? "✓ helped" : "✕ did not help"): \(attempt.action) <span class=\"muted\">\(attempt.remediation), \(attempt.reason)</span></li>"
      }
      let tried: HTML =
        attempts.isEmpty ? "<br/><span class=\"muted\">Nothing was tried at the gateway.</span>" : "<ul>\(attempts)</ul>"
      let eased = precedent.secondsToMitigate.map { ", mitigated after \(Words.span(.seconds($0)))" } ?? ""
      return """
        <li><a href="/incidents/\(precedent.incident)">\(precedent.incident)</a> \(precedent.title) \
        <span class="muted">\(precedent.state.rawValue)\(eased); \(Figure.percent(precedent.score)) alike: \(precedent.reasons.joined(separator: "; "))</span>\(tried)</li>
        """
    }
    return
      "<section class=\"card\" aria-labelledby=\"similar\"><h2 id=\"similar\">Same symptom or cause</h2><ul class=\"plain\">\(items)</ul></section>"
  }
}
