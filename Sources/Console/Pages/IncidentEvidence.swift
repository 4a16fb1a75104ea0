// What tells affected requests from the others: the contrast table, and exemplar traces one can look at.

import Incidents
import LLMTelemetry
import Monitors

enum IncidentEvidence {
  static func contrast(_ incident: Incident) -> HTML {
    guard !incident.contrast.isEmpty else { return .empty }
    let rows = incident.contrast.map { row -> HTML in
      let points = (row.affectedShare - row.baselineShare) * 100
      let difference = "\(points < 0 ? "−" : "+")\(Figure.number(points.magnitude, decimals: 0)) pp"
      let verdict: HTML? = row.verdict == .none ? nil : "<span class=\"badge\">\(row.verdict.rawValue)</span>"
      return """
        <tr><th scope="row"><code>\(row.dimension)</code> <code>\(row.value)</code></th>\
        <td class="bars"><svg aria-hidden="true"><rect class="affected" width="\(percent(row.affectedShare))%" y="1" height="8" rx="1.5"/>\
        <rect class="baseline" width="\(percent(row.baselineShare))%" y="11" height="6" rx="1.5"/></svg></td>\
        <td class="number">\(Figure.percent(row.affectedShare))</td><td class="number muted">\(Figure.percent(row.baselineShare))</td>\
        <td class="number"><b>\(difference)</b></td><td class="verdict">\(verdict)</td></tr>
        """
    }
    return """
      <section class="card" id="contrast" aria-labelledby="contrast-title"><h2 id="contrast-title">What is different about the affected requests</h2>
      <table class="contrast"><thead><tr><th scope="col">Dimension and value</th><th scope="col"><span class="hidden">Bars</span></th>\
      <th scope="col" class="number"><span class="key affected" aria-hidden="true">■</span> affected</th>\
      <th scope="col" class="number"><span class="key baseline" aria-hidden="true">■</span> baseline</th>\
      <th scope="col" class="number">difference</th><th scope="col"><span class="hidden">Verdict</span></th></tr></thead><tbody>\(rows)</tbody></table></section>
      """
  }

  static func exemplars(_ spans: [LLMSpan], now: Timestamp) -> HTML {
    guard !spans.isEmpty else { return .empty }
    let rows = spans.map { span -> HTML in
      let trace = span.traceID.description
      let prompt = [span.dimensions.prompt, span.dimensions.promptVersion].compactMap { $0 }.joined(separator: " ")
      let cost: HTML =
        span.cost.amount.map { "\(Words.dollars($0))<span class=\"muted\">\(span.cost.exactness)</span>" } ?? "unknown"
      let ungrounded = span.risk.ungrounded.map { Figure.percent($0) } ?? "not scored"
      return """
        <tr><th scope="row"><a href="/api/spans.json?trace=\(trace)"><code>…\(trace.suffix(8))</code></a>\
        <span class="muted below"><time datetime="\(span.start.rfc3339)">\(span.start.timeOfDay)</time></span></th><td data-label="Tenant">\(span.dimensions.tenant ?? "unknown")</td>\
        <td data-label="Prompt">\(prompt.isEmpty ? "unknown" : prompt)</td><td data-label="Model">\(span.dimensions.model ?? "unknown")</td>\
        <td data-label="Latency" class="number">\(Words.plain(span.duration.inSeconds)) s</td><td data-label="Cost" class="number">\(cost)</td>\
        <td data-label="Ungrounded" class="number">\(ungrounded)</td><td data-label="Outcome">\(span.outcome.errorClass?.rawValue ?? "ok")</td></tr>
        """
    }
    return """
      <section class="card flush" id="exemplars" aria-labelledby="exemplars-title"><h2 id="exemplars-title">Exemplar traces</h2>
      <table class="list"><thead><tr><th scope="col">Trace</th><th scope="col">Tenant</th><th scope="col">Prompt</th>\
      <th scope="col">Model</th><th scope="col" class="number">Latency</th><th scope="col" class="number">Cost</th>\
      <th scope="col" class="number">Ungrounded</th><th scope="col">Outcome</th></tr></thead><tbody>\(rows)</tbody></table></section>
      """
  }

  private static func percent(_ share: Double) -> String { Figure.number(max(0, min(1, share)) * 100, decimals: 1) }
}
