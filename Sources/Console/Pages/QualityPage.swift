// Quality: did the scores of a stream move, how soon would a shift be noticed there, and does a judge agree with the scores?

import LLMMetrics
import LLMTelemetry
import Monitors

struct QualityPage {
  let now: Timestamp
  let report: ShiftReport?
  /// `nil` without a judge.
  var judge: JudgeReport?
  let health: CommanderHealth
  let openIncidents: Int

  /// Rows of the table; the JSON has all of them.
  static let rowLimit = 200

  var page: Page {
    Page(
      title: shifted.isEmpty ? "Quality" : "(!) Quality", section: .quality,
      body: body + (judge.map { JudgeSection(report: $0, now: now).html } ?? .empty),
      siblings: [("JSON", "/api/shifts.json")] + (judge == nil ? [] : [("Judge as JSON", "/api/judge.json")]),
      openIncidents: openIncidents, renderedAt: now, health: health)
  }

  private var streams: [ShiftReport.Stream] { report?.streams ?? [] }
  private var shifted: [ShiftReport.Stream] { streams.filter { $0.state == .shifted } }

  private var body: HTML {
    guard let report else {
      return """
        <h1>No monitor listens to population shifts.</h1>
        <p class="lede">Take the default pack, or add one on some of their signals:</p><pre tabindex="0"><code>packs: [default]</code></pre>
        """
    }
    guard !streams.isEmpty else {
      return """
        <h1 class="verdict">No answer has been scored yet.</h1>
        <p class="lede">Each model, prompt version, tenant and route becomes a stream with its first scored answer. Send a request through \
        the gateway\(health.gatewayAddress.map { " at \($0)" } ?? "").</p>\(unwatched)
        """
    }
    let learning = streams.count { $0.state == .learning }
    let headline: HTML =
      if let first = shifted.first {
        "<h1 class=\"verdict wrong\">\(shifted.count == 1 ? "1 stream has" : "\(shifted.count) streams have") shifted: \(words(first.scorer)) of \(name(first)).</h1>"
      } else if learning == streams.count {
        "<h1 class=\"verdict\">Baselines are being learned.</h1>"
      } else {
        "<h1 class=\"verdict fine\">No stream has shifted.</h1>"
      }
    let rate = "\(Figure.amount(report.falseAlarmsPerWeek)) false alarm\(report.falseAlarmsPerWeek == 1 ? "" : "s")"
    return """
      \(headline)
      <p class="lede">\(Words.count(streams.count - learning, "stream")) watched, \(learning) learning. Thresholds allow \(rate) in a healthy \
      week, over all of them. One answer that scores high says little: a stream whose answers score higher than its baseline says much.</p>
      <div class="card flush"><table class="list"><thead><tr><th scope="col">Stream</th><th scope="col">State</th>\
      <th scope="col">Baseline</th><th scope="col">Present</th><th scope="col">Sum of threshold</th><th scope="col">A shift is found in</th>\
      </tr></thead><tbody>\(streams.prefix(Self.rowLimit).map(row))</tbody></table></div>
      \(rest)\(unwatched)
      """
  }

  private var rest: HTML? {
    streams.count > Self.rowLimit
      ? "<p class=\"muted\">\(Words.count(streams.count - Self.rowLimit, "stream")) more are in the JSON.</p>" : nil
  }

  private var unwatched: HTML? {
    guard let report, report.unwatchedScores > 0 else { return nil }
    return """
      <section class="card" aria-labelledby="unwatched"><h2 id="unwatched">Not watched</h2><p>\(Words.count(report.unwatchedScores, "score")) \
      since the start had no stream, because all \(Figure.count(Int64(report.limit))) places were taken. A stream gives its place up after a day \
      of silence.</p><ul>\(report.unwatched.prefix(10).map { HTML("<li>\($0)</li>") })</ul></section>
      """
  }

  private func words(_ scorer: RiskScorer) -> String { scorer.rawValue.replacing("_", with: " ") }

  private static let order = ["prompt", "prompt_version", "model", "tenant", "route"]

  private func name(_ stream: ShiftReport.Stream) -> String {
    let parts = Self.order.compactMap { name in
      stream.dimensions[name].map { name == "prompt_version" ? "version \($0)" : $0 }
    }
    return parts.isEmpty ? "all traffic" : parts.joined(separator: ", ")
  }

  private func row(_ stream: ShiftReport.Stream) -> HTML {
    let held = stream.heldTo.map { HTML("<span class=\"muted below\">held to the baseline of \($0)</span>") }
    return """
      <tr><th scope="row"><strong>\(words(stream.scorer))</strong><span class="muted below">\(name(stream))</span></th>\
      <td data-label="State">\(state(stream))</td>\
      <td data-label="Baseline">\(figures(stream.baselineShare, stream.baselineMean))\(held)</td>\
      <td data-label="Present">\(figures(stream.presentShare, stream.presentMean))</td>\
      <td data-label="Sum">\(sum(stream))</td><td data-label="Found in">\(expected(stream))</td></tr>
      """
  }

  private func state(_ stream: ShiftReport.Stream) -> HTML {
    switch stream.state {
    case .shifted:
      let since = stream.onset.map {
        HTML("<span class=\"muted\">\(Words.count(stream.responsesSinceOnset, "response")) since \($0.element(at: now))</span>")
      }
      return "<span class=\"badge bad\"><span aria-hidden=\"true\">▲</span> Shifted</span>\(since)"
    case .watching: return "<span class=\"badge good\"><span aria-hidden=\"true\">✓</span> As usual</span>"
    case .learning:
      let rest = stream.learningTime.map { ", about \(Words.span($0)) more" } ?? ""
      return """
        <span class="badge"><span aria-hidden="true">–</span> Learning</span><span class="muted">\(Figure.count(Int64(stream.learned))) of \
        \(Figure.count(Int64(stream.baseline)))\(rest)</span>
        """
    }
  }

  private func figures(_ share: Double?, _ mean: Double?) -> HTML {
    guard let share, let mean else { return "<span class=\"muted\">not yet</span>" }
    return "\(Figure.percent(share)) risky<span class=\"muted\">mean score \(Figure.number(mean, decimals: 3))</span>"
  }

  private func sum(_ stream: ShiftReport.Stream) -> HTML {
    guard let threshold = stream.threshold, threshold > 0 else { return "<span class=\"muted\">not yet</span>" }
    return """
      \(Figure.number(stream.sum / threshold * 100, decimals: 0)) %<span class="muted">\(Figure.number(stream.sum, decimals: 1)) of \
      \(Figure.number(threshold, decimals: 1))</span>
      """
  }

  private func expected(_ stream: ShiftReport.Stream) -> HTML {
    guard let responses = stream.expectedResponses else { return "<span class=\"muted\">not yet</span>" }
    let rate = "\(Figure.amount(stream.perSecond)) a second"
    let time = stream.expectedTime.map { "\(Words.span($0)) at \(rate)" } ?? "no responses in the last hour"
    return "\(Figure.count(Int64(responses.rounded()))) responses<span class=\"muted\">\(time)</span>"
  }
}
