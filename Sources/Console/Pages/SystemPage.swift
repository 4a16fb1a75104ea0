// System: is the commander itself well, and does what it sends arrive?

import LLMMetrics
import LLMTelemetry
import Monitors

struct SystemPage {
  let now: Timestamp
  let health: CommanderHealth
  let openIncidents: Int

  var page: Page {
    Page(
      title: problems.isEmpty ? "System" : "(!) System", section: .system, body: body,
      siblings: [("SLOs", "/slos"), ("JSON", "/api/status.json")], openIncidents: openIncidents, renderedAt: now, health: health)
  }

  /// What a person should look at first, worst first; empty when all is well.
  var problems: [String] {
    var problems: [String] = []
    let lost = health.dropped.values.reduce(0, +)
    if lost > 0 { problems.append("\(Words.count(lost, "span")) did not reach everybody they were for") }
    for road in health.roads where road.problem != nil { problems.append("\(road.name): not arriving") }
    for circuit in health.openCircuits { problems.append("the circuit of \(circuit) is open") }
    if let configuration = health.configuration, configuration.refusedAt != nil {
      problems.append("the configuration file has \(Words.count(configuration.problems.count, "problem")) and is not in force")
    }
    return problems
  }

  private var body: HTML {
    let headline: HTML =
      problems.isEmpty
      ? "<h1 class=\"verdict fine\">The commander is well.</h1>"
      : "<h1 class=\"verdict wrong\">\(problems.count == 1 ? "1 thing needs a look" : "\(problems.count) things need a look"): \(problems[0]).</h1>"
    let rest =
      problems.count > 1 ? "Also: \(problems.dropFirst().joined(separator: "; "))." : "Counts are since this process started."
    return """
      \(headline)
      <p class="lede">\(rest)</p>
      <section aria-label="Ingest" class="tiles">\(tiles)</section>
      \(roads)
      <div class="grid2">\(drops)\(circuits)\(configuration)</div>
      """
  }

  private var tiles: [HTML] {
    func tile(_ title: String, _ value: String, _ note: String) -> HTML {
      "<div class=\"card tile\"><h2>\(title)</h2><p class=\"figure\">\(value)</p><p class=\"muted\">\(note)</p></div>"
    }
    return [
      tile(
        "Newest span", health.newestSpan.map { "\(Words.span(now - $0)) old" } ?? "none yet",
        health.newestSpan.map { "ended \($0.hourMinute)" } ?? "send a request through the gateway"),
      tile("Waiting", Figure.count(Int64(health.queueDepth)), "spans before ingest; 20,000 fit"),
      tile("Dropped", Figure.count(Int64(health.dropped.values.reduce(0, +))), "spans, for all reasons"),
      tile(
        "Store", health.storeBytes.map { "\(Figure.number(Double($0) / 1e6, decimals: 1)) MB" } ?? "unknown", "both databases"),
      tile("Version", health.version, health.gatewayAddress.map { "gateway at \($0)" } ?? "gateway not started"),
    ]
  }

  private var roads: HTML {
    guard !health.roads.isEmpty else {
      return """
        <section class="card" aria-labelledby="roads"><h2 id="roads">Where telemetry goes</h2><p>Only into this commander's own store.\
         To send it to a Datadog Agent too, write</p><pre tabindex="0"><code>datadog:
          dogstatsd: 127.0.0.1:8125
          agent: http://127.0.0.1:8126</code></pre></section>
        """
    }
    let rows = health.roads.map { road -> HTML in
      let state: HTML =
        if road.problem != nil {
          "<span class=\"badge bad\"><span aria-hidden=\"true\">✕</span> Does not arrive</span>"
        } else if road.delivered == 0 {
          "<span class=\"badge\"><span aria-hidden=\"true\">–</span> Nothing sent yet</span>"
        } else {
          "<span class=\"badge good\"><span aria-hidden=\"true\">✓</span> Arrives</span>"
        }
      let lost = road.dropped.filter { $0.value > 0 }.sorted { $0.key < $1.key }
      let losses =
        lost.isEmpty
        ? "nothing"
        : lost.map { "\(Figure.count(Int64($0.value))) \($0.key.replacing("_", with: " "))" }
          .joined(separator: ", ")
      let problem = road.problem.map { HTML("<br/><span class=\"muted\">\($0)</span>") }
      return """
        <tr><th scope="row">\(road.name)</th><td data-label="State">\(state)\(problem)</td>\
        <td data-label="Delivered">\(Figure.count(Int64(road.delivered))) \(road.unit)</td>\
        <td data-label="Waiting">\(Figure.count(Int64(road.waiting)))</td><td data-label="Dropped">\(losses)</td></tr>
        """
    }
    return """
      <h2>Where telemetry goes</h2><div class="card flush"><table class="list"><thead><tr><th scope="col">Road</th><th scope="col">State</th>\
      <th scope="col">Delivered</th><th scope="col">Waiting</th><th scope="col">Dropped</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  private var drops: HTML {
    let rows = health.dropped.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      HTML(
        "<li><strong>\(Figure.count(Int64($0.value)))</strong> <span class=\"muted\">\($0.key.replacing("_", with: " "))</span></li>"
      )
    }
    let list: HTML = rows.isEmpty ? "<p class=\"muted\">None.</p>" : "<ul class=\"overrides\">\(rows)</ul>"
    return "<section class=\"card\" aria-labelledby=\"drops\"><h2 id=\"drops\">Spans dropped, by reason</h2>\(list)</section>"
  }

  private var configuration: HTML {
    guard let configuration = health.configuration else { return .empty }
    let refused = configuration.refusedAt.map { refusedAt -> HTML in
      """
      <p><span class="badge bad"><span aria-hidden="true">✕</span> Refused</span> What was read at \(refusedAt.element(at: now)) is \
      not in force:</p><ul>\(configuration.problems.prefix(20).map { HTML("<li><code>\($0)</code></li>") })</ul>
      """
    }
    let waiting: HTML? =
      configuration.needsRestart.isEmpty
      ? nil : "<p>Changed in the file, and waiting for a restart: \(configuration.needsRestart.joined(separator: ", ")).</p>"
    return """
      <section class="card" aria-labelledby="configuration"><h2 id="configuration">Configuration</h2>\
      <p>In force: the one read at \(configuration.readAt.element(at: now)). SIGHUP reads keys, routes, budgets and prices again.</p>\
      \(refused)\(waiting)</section>
      """
  }

  private var circuits: HTML {
    let rows = health.openCircuits.map {
      HTML("<li><strong>\($0)</strong> <span class=\"muted\">open: asked only when nothing else is left</span></li>")
    }
    let list: HTML = rows.isEmpty ? "<p class=\"muted\">All closed.</p>" : "<ul class=\"overrides\">\(rows)</ul>"
    return "<section class=\"card\" aria-labelledby=\"circuits\"><h2 id=\"circuits\">Circuits of providers</h2>\(list)</section>"
  }
}
