// A postmortem being written: the text, how it will look, and what stands in its way.

import Incidents
import LLMTelemetry
import Monitors
import Remediation

struct PostmortemEditor {
  let now: Timestamp
  let incident: Incident
  let revisions: PostmortemRevisions
  let text: String
  /// The revision the text began with, 0 for the draft of the ledger.
  let base: Int
  /// Who acts where no name is given.
  let actor: String
  let openIncidents: Int
  let health: CommanderHealth
  let forms: Forms
  var author = ""
  var isPreviewed = false
  /// Why the text was not taken.
  var refusal: String?

  var page: Page {
    let body: HTML = """
      <p class="crumbs"><a href="/incidents">Incidents</a> / <a href="\(incident.path)">\(incident.id)</a> / <a href="\(path)">Postmortem</a> / Edit</p>
      <h1>Postmortem of \(incident.id): \(incident.title)</h1>
      <p class="facts">\(standing)</p>
      \(obstacle)\(preview)\(form)
      \(PostmortemHistory(now: now, incident: incident, revisions: revisions).html)
      """
    return Page(
      title: "Edit the postmortem of \(incident.id)", section: .incidents, body: body, openIncidents: openIncidents,
      renderedAt: now, health: health)
  }

  private var path: String { "\(incident.path)/postmortem" }

  private var standing: HTML {
    base == 0 ? "Begun with the draft of the ledger" : "Begun with <a href=\"\(path)?revision=\(base)\">revision \(base)</a>"
  }

  private var obstacle: HTML {
    refusal.map { "<section class=\"card notice\" role=\"alert\"><h2>Not saved</h2><p>\($0).</p>\(newest)</section>" } ?? .empty
  }

  /// What someone else wrote meanwhile, to take over by hand.
  private var newest: HTML {
    guard let last = revisions.last, last.revision > base else { return .empty }
    return """
      <p>Your text is below, as you sent it. <a href="\(path)?revision=\(last.revision)">Revision \(last.revision)</a> by \(last.author):</p>
      <pre tabindex="0"><code>\(last.text)</code></pre>
      """
  }

  private var preview: HTML {
    isPreviewed
      ? "<section class=\"card prose\" id=\"preview\" aria-label=\"Preview\"><p class=\"muted\">Preview, not saved</p>\(MarkdownText(text).html)</section>"
      : .empty
  }

  /// Where someone was faster: going on from their revision is a choice of its own, with its own words.
  private var bases: HTML {
    guard let last = revisions.last, last.revision > base else {
      return "<input type=\"hidden\" name=\"base\" value=\"\(base)\"/>"
    }
    return """
      <fieldset><legend>Your text</legend>\
      <label class="choice"><input type="radio" name="base" value="\(base)" checked="checked"/> is still \(base == 0 ? "of the ledger's draft" : "of revision \(base)"): do not save it yet</label>\
      <label class="choice"><input type="radio" name="base" value="\(last.revision)"/> has what is new in revision \(last.revision), and may take its place</label></fieldset>
      """
  }

  private var form: HTML {
    let publish: HTML =
      incident.isOpen
      ? "<span class=\"muted\">Published once the incident is resolved.</span>"
      : "<button name=\"do\" value=\"publish\" class=\"primary\">Publish</button>"
    // The line after the tag is the parser's, not the text's.
    return forms.form(
      to: path,
      """
      <label for="text">Markdown, at most \(Figure.count(Int64(Postmortem.byteLimit))) bytes. A link such as <code>[1,214](\(incident.path)#impact)</code> shows what a number was counted from.</label>
      <textarea id="text" name="text" rows="28" required="required" spellcheck="true">
      \(text)</textarea>
      \(bases)<label class="author">Your name<input name="author" maxlength="100" autocomplete="name" value="\(author)" placeholder="\(actor)"/></label>
      <div class="actions"><button name="do" value="preview">Preview</button><button name="do" value="save">Save draft</button>\(publish)<a class="button quiet" href="\(path)">Cancel</a></div>
      """, class: "card editor")
  }
}
