// Now: is anything wrong, and what changed?

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation

struct NowPage {
  let now: Timestamp
  let state: CommandState
  let monitors: [MonitorDefinition]
  let charts: NowCharts
  let health: CommanderHealth
  let range: ChartRange
  /// Whether the page loads itself again.
  let isLive: Bool
  let forms: Forms

  /// Data older than this is called stale: five rollups were missed.
  static let staleAfter = Duration.seconds(60)

  var open: [Incident] { state.incidents.open.bySeverity }
  var changes: [ChangeEvent] { state.changes.filter { charts.range.contains($0.at) || $0.at >= charts.range.upperBound } }

  var page: Page {
    Page(
      title: open.isEmpty ? "Now" : "(\(open.count)) Now", section: .now, body: body,
      siblings: [("JSON", "/now.json?range=\(range.rawValue)")], refreshSeconds: isLive ? 10 : nil, openIncidents: open.count,
      renderedAt: now,
      health: health)
  }

  private var body: HTML {
    guard charts.hasTraffic || !state.incidents.incidents.isEmpty else { return teaching }
    return """
      <h1 class="verdict \(open.isEmpty ? "fine" : "wrong")">\(sentence.headline)</h1>
      <p class="lede">\(sentence.rest)</p>
      \(incidents)
      \(trials)
      <h2>The last 5 minutes</h2>
      <section aria-label="The last 5 minutes" class="tiles">\(charts.tiles.map(tile))</section>
      <div class="toolbar"><h2>The last \(range.words)</h2>\(ranges)</div>
      <section aria-label="Charts" class="grid2">\(figures)</section>
      <div class="grid2">\(changeLog)\(overrides)</div>
      """
  }

  // MARK: The first line

  var sentence: (headline: String, rest: String) {
    var rest: [String] = []
    let headline: String
    if let worst = open.first {
      headline =
        open.count == 1
        ? "1 incident is open: \(worst.title)" : "\(open.count) incidents are open; the worst: \(worst.title)"
      rest.append("\(worst.severity.rawValue), open for \(Words.span(worst.age(at: now))), \(worst.state.rawValue).")
      if let cause = worst.cause {
        rest.append("Likely cause: \(cause.title).")
      } else if let why = worst.abstention {
        rest.append("No cause named: \(why).")
      }
    } else if isStale {
      headline = "Nothing is reported wrong, and no data is arriving."
    } else {
      let pending = state.alerts.statuses.count { $1.state == .pending && !shadows.contains($0.monitor) }
      headline = pending == 0 ? "Nothing is wrong." : "Nothing is wrong yet; \(Words.count(pending, "alert")) building up."
    }
    if let newest = charts.newestTraffic, isStale { rest.append("The newest request is \(Words.span(now - newest)) old.") }
    if let change = state.changes.last {
      rest.append("Last change: \(change.sentence), \(Words.span(now - change.at)) ago.")
    } else {
      rest.append("No change was recorded.")
    }
    return (headline, rest.joined(separator: " "))
  }

  private var isStale: Bool { charts.newestTraffic.map { now - $0 > Self.staleAfter } ?? true }

  // MARK: Parts

  private var incidents: HTML {
    let cards = open.map { incident -> HTML in
      let facts = [
        incident.affected.map { "\($0) affected" }, incident.cause.map { "cause: \($0.title)" },
        incident.owner.map { "owner: \($0)" } ?? "nobody has acknowledged it",
      ].compactMap { $0 }.joined(separator: " · ")
      return """
        <a class="card open" href="\(incident.path)"><span class="row">\(incident.severity.badge) \(incident.state.badge) \
        <span class="muted">\(incident.id) · \(Words.span(incident.age(at: now)))</span></span><strong>\(incident.title)</strong>\
        <span class="muted">\(facts)</span></a>
        """
    }
    return cards.isEmpty ? .empty : "<section aria-label=\"Open incidents\" class=\"stack\">\(cards)</section>"
  }

  private var shadows: Set<String> { Set(monitors.filter(\.isShadow).map(\.name)) }

  /// Alerts of monitors on trial: what would have opened an incident.
  private var trials: HTML {
    let firing = state.alerts.statuses.filter { $1.isFiring && shadows.contains($0.monitor) }
      .sorted { ($0.value.since, $0.key.description) < ($1.value.since, $1.key.description) }
    guard !firing.isEmpty else { return .empty }
    let lines = firing.map { key, status -> HTML in
      "<li><strong>\(key.description)</strong> for \(Words.span(now - status.since)) <span class=\"muted\">\(status.reason)</span></li>"
    }
    return """
      <section aria-label="Monitors on trial" class="card"><h2>On trial</h2>\
      <p class="muted">These monitors are in shadow: they alert, open no incident and page nobody.</p><ul>\(lines)</ul></section>
      """
  }

  private func tile(_ tile: NowCharts.Tile) -> HTML {
    "<div class=\"card tile\"><h2>\(tile.path.map { HTML("<a href=\"\($0)\">\(tile.title)</a>") } ?? "\(tile.title)")</h2><p class=\"figure\">\(tile.value)</p><p class=\"muted\">\(tile.comparison)</p></div>"
  }

  private var ranges: HTML {
    let live = isLive ? "&live=1" : ""
    let links = ChartRange.allCases.map { choice -> HTML in
      let current: HTML = choice == range ? " aria-current=\"true\"" : ""
      return "<a href=\"/?range=\(choice.rawValue)\(live)\"\(current)>\(choice.rawValue)</a>"
    }
    let toggle: HTML =
      isLive
      ? "<a href=\"/?range=\(range.rawValue)&amp;live=0\">Updating every 10 s · pause</a>"
      : "<a href=\"/?range=\(range.rawValue)&amp;live=1\">Update every 10 s</a>"
    return "<nav class=\"choices\" aria-label=\"Range\">\(links)</nav><span class=\"live\">\(toggle)</span>"
  }

  private var figures: [HTML] {
    charts.charts(marks: state.marks, shades: state.incidents.incidents.shades(at: now)).enumerated().map {
      $1.figure(id: "chart-\($0)")
    }
  }

  private var changeLog: HTML {
    let marks = state.marks.filter { $0.at >= charts.range.lowerBound }
    let body: HTML =
      marks.isEmpty
      ? "<p class=\"muted\">Nothing was changed in this range.</p>" : marks.legend(at: now)
    return "<section class=\"card\" aria-labelledby=\"changes\"><h2 id=\"changes\">What changed</h2>\(body)</section>"
  }

  private var overrides: HTML {
    let rows = state.overrides.overrides.map { override -> HTML in
      """
      <li><strong>\(override.action.sentence)</strong><span class="muted">\(override.id) serves <a href="/incidents/\(override.incident)">\
      \(override.incident)</a> · since \(override.appliedAt.element(at: now)) · expires \(override.expiresAt.element(at: now)), \
      in \(Words.span(override.expiresAt - now))\(IncidentCards.share(override))</span>\
      \(forms.field("Withdraw", to: "/overrides/\(override.id)/withdraw", name: "reason", hint: "Why", isRequired: false))</li>
      """
    }
    let body: HTML =
      rows.isEmpty
      ? "<p class=\"muted\">None: all traffic goes where the configuration sends it.</p>" : "<ul class=\"overrides\">\(rows)</ul>"
    return "<section class=\"card\" aria-labelledby=\"overrides\"><h2 id=\"overrides\">Overrides in force</h2>\(body)</section>"
  }

  /// Nothing was ever seen: the page teaches the one command that fills it.
  private var teaching: HTML {
    let address = health.gatewayAddress ?? "the gateway's address"
    return """
      <h1 class="verdict">No request has come through yet.</h1>
      <p class="lede">This page will say whether anything is wrong and what changed, as soon as there is something to watch.</p>
      <div class="grid2"><section class="card"><h2>See the whole story in three minutes</h2>
      <p>A simulated provider, real traffic, a flawed prompt version, an incident with its cause, and the rollback that ends it:</p>
      <pre tabindex="0"><code>commander demo</code></pre></section>
      <section class="card"><h2>Watch your own application</h2>
      <p>Point any OpenAI or Gemini client at the gateway; its first request is here within seconds:</p>
      <pre tabindex="0"><code>OPENAI_BASE_URL=\(address)/v1</code></pre></section></div>
      """
  }
}

extension CommandState {
  /// Everything that was changed on purpose, ready for charts: recorded changes and our own remediations, by time.
  var marks: [Chart.Mark] {
    let changes = changes.map { Chart.Mark(at: $0.at, kind: .change, text: $0.sentence) }
    let applied = remediations.remediations.compactMap { remediation in
      remediation.appliedAt.map {
        Chart.Mark(at: $0, kind: .remediation, text: "\(remediation.plan.sentence) (\(remediation.incident))")
      }
    }
    return (changes + applied).sorted { $0.at < $1.at }
  }
}

extension [Incident] {
  func shades(at now: Timestamp) -> [Chart.Shade] {
    map {
      Chart.Shade(
        range: $0.onsetAt..<Swift.max($0.onsetAt, $0.mitigatedAt ?? $0.resolvedAt ?? now), text: "\($0.id): \($0.title)")
    }
  }
}
