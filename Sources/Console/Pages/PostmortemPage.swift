// Postmortem: what do we learn? What a person published, or else what the incident writes about itself, as a page.

import Incidents
import LLMTelemetry

struct PostmortemPage {
  enum Shown {
    case revision(PostmortemRevision)
    /// The draft that the ledger writes.
    case ledger(String)

    var markdown: String {
      switch self {
      case .revision(let revision): revision.text
      case .ledger(let text): text
      }
    }
  }

  let now: Timestamp
  let incident: Incident
  let shown: Shown
  let revisions: PostmortemRevisions
  let openIncidents: Int
  let health: CommanderHealth

  var page: Page {
    let body: HTML = """
      <p class="crumbs"><a href="/incidents">Incidents</a> / <a href="\(incident.path)">\(incident.id)</a> / Postmortem</p>
      \(heading)<p class="facts">\(standing)</p>
      <div class="actions"><a class="button primary" href="\(path)/edit">Edit</a><a class="button" href="\(path).md\(query)">Export Markdown</a><a class="button" href="\(incident.path)">Open incident</a>\(other)</div>
      <article class="card prose">\(MarkdownText(shown.markdown).html)</article>
      \(PostmortemHistory(now: now, incident: incident, revisions: revisions).html)
      """
    return Page(
      title: "Postmortem of \(incident.id)", section: .incidents, body: body,
      siblings: [("Markdown", "\(path).md"), ("JSON", "\(incident.path).json")],
      openIncidents: openIncidents, renderedAt: now, health: health)
  }

  /// The text's own, or one for a text that has none.
  private var heading: HTML { shown.markdown.hasPrefix("# ") ? .empty : "<h1>Postmortem of \(incident.id)</h1>" }

  private var path: String { "\(incident.path)/postmortem" }

  /// Asks for the same text again.
  private var query: String {
    switch shown {
    case .revision(let revision): "?revision=\(revision.revision)"
    case .ledger: revisions.all.isEmpty ? "" : "?draft=1"
    }
  }

  private var standing: HTML {
    guard case .revision(let revision) = shown else { return "Draft of the ledger, written from what was recorded" }
    let newer: HTML =
      revisions.last.map {
        $0.revision == revision.revision
          ? .empty
          : "; <a href=\"\(path)?revision=\($0.revision)\">\($0.isPublished ? "revision" : "draft") \($0.revision)</a> is newer"
      } ?? .empty
    return
      "\(revision.isPublished ? "Published" : "Draft, saved") \(revision.at.element(at: now)) by \(revision.author), revision \(revision.revision)\(newer)"
  }

  private var other: HTML {
    switch shown {
    case .revision: "<a class=\"button\" href=\"\(path)?draft=1\">Draft of the ledger</a>"
    case .ledger:
      revisions.all.isEmpty
        ? .empty : "<a class=\"button\" href=\"\(path)\">\(revisions.published == nil ? "Saved draft" : "Published text")</a>"
    }
  }
}

/// Who wrote what and when, newest first; nothing where nobody wrote.
struct PostmortemHistory {
  let now: Timestamp
  let incident: Incident
  let revisions: PostmortemRevisions

  var html: HTML {
    guard !revisions.all.isEmpty else { return .empty }
    let rows = revisions.all.reversed().map { revision in
      HTML(
        "<tr><th scope=\"row\"><a href=\"\(incident.path)/postmortem?revision=\(revision.revision)\">Revision \(revision.revision)</a></th><td data-label=\"What\">\(revision.isPublished ? "Published" : "Saved as a draft")</td><td data-label=\"When\">\(revision.at.element(at: now))</td><td data-label=\"Who\">\(revision.author)</td></tr>"
      )
    }
    return """
      <section class="card flush history"><h2>History of edits</h2><table class="list"><thead><tr><th scope="col">Revision</th><th scope="col">What</th><th scope="col">When</th><th scope="col">Who</th></tr></thead><tbody>\(rows)</tbody></table></section>
      """
  }
}
