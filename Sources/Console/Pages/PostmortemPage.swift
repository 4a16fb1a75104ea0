// Postmortem: what do we learn? The Markdown the incident writes about itself, as a page.

import Incidents
import LLMTelemetry

struct PostmortemPage {
  let now: Timestamp
  let incident: Incident
  let markdown: String
  let openIncidents: Int
  let health: CommanderHealth

  var page: Page {
    let path = "\(incident.path)/postmortem"
    let body: HTML = """
      <p class="crumbs"><a href="/incidents">Incidents</a> / <a href="\(incident.path)">\(incident.id)</a> / Postmortem</p>
      <div class="actions"><a class="button primary" href="\(path).md">Export Markdown</a><a class="button" href="\(incident.path)">Open incident</a></div>
      <article class="card prose">\(MarkdownText(markdown).html)</article>
      """
    return Page(
      title: "Postmortem of \(incident.id)", section: .incidents, body: body,
      siblings: [("Markdown", "\(path).md"), ("JSON", "\(incident.path).json")],
      openIncidents: openIncidents, renderedAt: now, health: health)
  }
}
