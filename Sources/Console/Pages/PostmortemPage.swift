// Postmortem: what do we learn? What a person published, or else what the incident writes about itself, as a page.

import Incidents
import LLMTelemetry

struct PostmortemPage {
  let now: Timestamp
  let incident: Incident
  let markdown: String
  /// `nil` when this is the draft.
  var published: PublishedPostmortem?
  let openIncidents: Int
  let health: CommanderHealth

  var page: Page {
    let path = "\(incident.path)/postmortem"
    let body: HTML = """
      <p class="crumbs"><a href="/incidents">Incidents</a> / <a href="\(incident.path)">\(incident.id)</a> / Postmortem</p>
      <p class="facts">\(standing)</p>
      <div class="actions"><a class="button primary" href="\(path).md\(isOldDraft ? "?draft=1" : "")">Export Markdown</a><a class="button" href="\(incident.path)">Open incident</a>\(other)</div>
      <article class="card prose">\(MarkdownText(markdown).html)</article>
      """
    return Page(
      title: "Postmortem of \(incident.id)", section: .incidents, body: body,
      siblings: [("Markdown", "\(path).md"), ("JSON", "\(incident.path).json")],
      openIncidents: openIncidents, renderedAt: now, health: health)
  }

  /// A draft beside which there is a published text.
  private var isOldDraft: Bool { published == nil && incident.postmortem != nil }

  private var standing: HTML {
    guard let published else {
      return
        "Draft of the ledger. To publish an edited one: <code>commander incident postmortem \(incident.id) --publish FILE</code>"
    }
    return "Published \(published.at.element(at: now)) by \(published.author), revision \(published.revision)"
  }

  private var other: HTML {
    if published != nil { return "<a class=\"button\" href=\"\(incident.path)/postmortem?draft=1\">Draft of the ledger</a>" }
    return isOldDraft ? "<a class=\"button\" href=\"\(incident.path)/postmortem\">Published text</a>" : .empty
  }
}
