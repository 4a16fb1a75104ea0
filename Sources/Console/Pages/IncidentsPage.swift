// Incidents: what is open, what repeats, and how fast are we?

import Incidents
import LLMTelemetry
import Monitors
import Remediation

/// Which incidents the page lists; the raw value is in its address.
enum IncidentFilter: String, CaseIterable {
  case all, open, resolved

  func keeps(_ incident: Incident) -> Bool {
    switch self {
    case .all: true
    case .open: incident.isOpen
    case .resolved: !incident.isOpen
    }
  }
}

struct IncidentsPage {
  /// The most that one page lists; older ones are in the JSON and the ledger.
  static let limit = 200

  let now: Timestamp
  let state: CommandState
  let filter: IncidentFilter
  let health: CommanderHealth
  let forms: Forms

  private var all: [Incident] { state.incidents.incidents }
  /// Newest first.
  var listed: [Incident] { all.filter(filter.keeps).reversed() }

  var page: Page {
    Page(
      title: "Incidents", section: .incidents, body: body, siblings: [("JSON", "/incidents.json?state=\(filter.rawValue)")],
      openIncidents: state.incidents.open.count, renderedAt: now, health: health)
  }

  private var body: HTML {
    let open = state.incidents.open.count
    let headline: HTML =
      all.isEmpty ? "No incident yet" : open == 0 ? "No incident is open" : "\(Words.count(open, "incident")) open"
    return """
      <h1>\(headline)</h1>
      <p class="lede">\(all.isEmpty ? "An incident opens when a monitor fires." : repeats)</p>
      <div class="actions">\(forms.field("Declare an incident", to: "/incidents", name: "title", hint: "What users suffer (SEV-3 until you say otherwise)", isRequired: true, fields: [(name: "severity", value: "SEV-3")]))</div>
      \(all.isEmpty ? .empty : times)
      <div class="toolbar"><h2 class="hidden">List</h2><nav class="choices" aria-label="State">\(facets)</nav></div>
      \(table)
      """
  }

  private var facets: [HTML] {
    IncidentFilter.allCases.map { choice in
      let current: HTML = choice == filter ? " aria-current=\"true\"" : ""
      return
        "<a href=\"/incidents?state=\(choice.rawValue)\"\(current)>\(choice.rawValue) <span class=\"muted\">\(all.count { choice.keeps($0) })</span></a>"
    }
  }

  private var repeats: String {
    let again = all.filter { $0.sameAs != nil }
    guard let last = again.last, let first = last.sameAs else {
      return "\(Words.count(all.count, "incident")) in all; none repeats an earlier one."
    }
    return
      "\(Words.count(all.count, "incident")) in all; \(again.count) repeated an earlier one, most recently \(last.id) as \(first) before."
  }

  private var times: HTML {
    let means = IncidentTimes(all)
    func tile(_ title: String, _ meaning: String, _ mean: IncidentTimes.Mean) -> HTML {
      let value = mean.duration.map(Words.span) ?? "no data"
      return
        "<div class=\"card tile\"><h2>\(title)</h2><p class=\"figure\">\(value)</p><p class=\"muted\">\(meaning), mean of \(Words.count(mean.count, "incident"))</p></div>"
    }
    return """
      <section aria-label="How fast" class="tiles">\(tile("Time to detect", "onset to opening", means.toDetect))\
      \(tile("Time to acknowledge", "opening to acknowledgement", means.toAcknowledge))\
      \(tile("Time to mitigate", "onset to mitigation", means.toMitigate))\
      \(tile("Time to resolve", "onset to resolution", means.toResolve))</section>
      """
  }

  private var table: HTML {
    guard !listed.isEmpty else {
      return all.isEmpty
        ? "<section class=\"card\"><p>To see one from its first alert to its postmortem, run</p><pre tabindex=\"0\"><code>commander demo</code></pre></section>"
        : "<p class=\"card\">No incident is \(filter.rawValue). <a href=\"/incidents\">Show all</a></p>"
    }
    let rows = listed.prefix(Self.limit).map(row)
    let more: HTML? =
      listed.count > Self.limit
      ? "<p class=\"muted\">The \(Self.limit) newest of \(listed.count); <a href=\"/incidents.json\">all as JSON</a>.</p>" : nil
    return """
      <div class="card flush"><table class="list"><thead><tr><th scope="col">Incident</th><th scope="col">State</th><th scope="col">Opened</th>\
      <th scope="col">Affected</th><th scope="col">Cause</th><th scope="col">Owner</th></tr></thead><tbody>\(rows)</tbody></table></div>\(more)
      """
  }

  private func row(_ incident: Incident) -> HTML {
    let again = incident.sameAs.map { HTML("<span class=\"muted\"> repeats <a href=\"/incidents/\($0)\">\($0)</a></span>") }
    return """
      <tr><th scope="row">\(incident.severity.badge) <span class="muted">\(incident.id)</span>\(again)<br/><a href="\(incident.path)">\(incident.title)</a></th>\
      <td data-label="State">\(incident.state.badge)</td>\
      <td data-label="Opened">\(incident.openedAt.element(at: now))<span class="muted">\(incident.isOpen ? "open for" : "lasted") \(Words.span(incident.timeToResolve ?? now - incident.onsetAt))</span></td>\
      <td data-label="Affected">\(incident.affected ?? "not counted yet")</td>\
      <td data-label="Cause">\(incident.cause?.title ?? "none named")</td>\
      <td data-label="Owner">\(incident.owner ?? "nobody")</td></tr>
      """
  }
}

/// Mean times over incidents that got that far.
struct IncidentTimes {
  struct Mean {
    var duration: Duration?
    var count: Int

    init(_ durations: [Duration]) {
      count = durations.count
      duration = durations.isEmpty ? nil : durations.reduce(.zero, +) / durations.count
    }
  }

  let toDetect, toAcknowledge, toMitigate, toResolve: Mean

  init(_ incidents: [Incident]) {
    toDetect = Mean(incidents.map(\.timeToDetect))
    toAcknowledge = Mean(incidents.compactMap(\.timeToAcknowledge))
    toMitigate = Mean(incidents.compactMap(\.timeToMitigate))
    toResolve = Mean(incidents.compactMap(\.timeToResolve))
  }
}
