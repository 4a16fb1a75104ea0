// The judge's part of the Quality page: do the always-on scores say what a model that read the same texts says?

import LLMTelemetry
import Monitors

struct JudgeSection {
  let report: JudgeReport
  let now: Timestamp

  /// Rows of the newest disagreements; the JSON has all that are remembered.
  static let rowLimit = 10

  var html: HTML {
    """
    <section aria-labelledby="judge"><div class="toolbar"><h2 id="judge">Judge: \(headline)</h2></div>
    <p>\(report.model) looks at \(Figure.percent(report.share)) of the scored answers whose texts are captured, at most \
    \(report.perMinute) a minute. Its calls are no traffic: they are in no other figure, and cost \(cost) in the last 24 hours \
    (key <code>\(report.key)</code>). A judge errs too; where it and a score part, read the answer.</p>\(standing)
    <div class="stack"><div class="card flush"><table class="list"><thead><tr><th scope="col">Scorer</th><th scope="col">Verdicts</th>\
    <th scope="col">Agreement</th><th scope="col">Beyond chance</th><th scope="col">Ranking</th><th scope="col">Risky by</th></tr></thead>\
    <tbody>\(report.comparisons.map(row))</tbody></table></div>
    \(disagreements)\(unanswered)</div></section>
    """
  }

  private var headline: String {
    if report.pausedUntil.map({ $0 > now }) == true { return "its budget is spent." }
    let known = report.comparisons.filter { $0.agreement != nil }
    guard let worst = known.min(by: { ($0.agreement ?? 1) < ($1.agreement ?? 1) }), let share = worst.agreement else {
      return "too few verdicts yet."
    }
    return "agrees with the \(words(worst.scorer)) score on \(Figure.percent(share)) of \(Words.count(worst.verdicts, "answer"))."
  }

  private var cost: String {
    let known = Words.dollars(report.cost.known)
    return report.cost.unknownCalls == 0
      ? known : "\(known) and what \(Words.count(report.cost.unknownCalls, "call")) of unknown price cost"
  }

  private var standing: HTML? {
    if let until = report.pausedUntil, until > now {
      return """
        <p><span class="badge warn"><span aria-hidden="true">❙❙</span> Paused</span> It asks again at \(until.element(at: now)). \
        \(report.problem ?? "")</p>
        """
    }
    return report.problem.map {
      HTML("<p><span class=\"badge bad\"><span aria-hidden=\"true\">✕</span> No verdict</span> The last call failed: \($0)</p>")
    }
  }

  private func words(_ scorer: RiskScorer) -> String { scorer.rawValue.replacing("_", with: " ") }

  private func row(_ comparison: JudgeReport.Comparison) -> HTML {
    let since = comparison.since.map { HTML("<span class=\"muted\">since \($0.element(at: now))</span>") }
    let missing = HTML(
      "too few verdicts<span class=\"muted\">\(report.leastVerdicts) are needed</span>")
    let agreement: HTML =
      if let share = comparison.agreement, let interval = comparison.agreementInterval {
        "\(Figure.percent(share))<span class=\"muted\">\(Figure.percent(interval.lowerBound)) to \(Figure.percent(interval.upperBound))</span>"
      } else {
        missing
      }
    let kappa: HTML =
      if let kappa = comparison.kappa {
        "\(signed(kappa))<span class=\"muted\">kappa; 0 is chance, 1 perfect</span>"
      } else if comparison.agreement != nil {
        "none<span class=\"muted\">both always say the same</span>"
      } else {
        missing
      }
    let ranking: HTML =
      if let area = comparison.areaUnderCurve {
        "\(Figure.number(area, decimals: 3))<span class=\"muted\">AUROC; 0.5 is guessing</span>"
      } else {
        "too few verdicts<span class=\"muted\">\(report.leastOfEachKind) risky and \(report.leastOfEachKind) fine are needed</span>"
      }
    return """
      <tr><th scope="row"><strong>\(words(comparison.scorer))</strong><span class="muted below">risky from \
      \(Figure.number(comparison.threshold, decimals: 1)) on</span></th>\
      <td data-label="Verdicts">\(Figure.count(Int64(comparison.verdicts)))\(since)</td>\
      <td data-label="Agreement">\(agreement)</td><td data-label="Kappa">\(kappa)</td><td data-label="Ranking">\(ranking)</td>\
      <td data-label="Risky by">both \(comparison.bothRisky), neither \(comparison.bothFine)<span class="muted">only the score \
      \(comparison.onlyScore), only the judge \(comparison.onlyJudge)</span></td></tr>
      """
  }

  private func signed(_ value: Double) -> String { (value < 0 ? "−" : "") + Figure.number(value.magnitude, decimals: 2) }

  private var disagreements: HTML? {
    guard !report.disagreements.isEmpty else { return nil }
    let rows = report.disagreements.prefix(Self.rowLimit).map { one -> HTML in
      """
      <tr><th scope="row">\(one.at.element(at: now))<span class="muted below">\(words(one.scorer))</span></th>\
      <td data-label="Score">\(Figure.number(one.score, decimals: 2))</td>\
      <td data-label="Judge">\(Figure.number(one.judgeScore, decimals: 2))</td>\
      <td data-label="Reason">\(one.reason.isEmpty ? "none given, or forgotten with its text" : one.reason)\
      <span class="muted">trace <a href="/api/spans.json?trace=\(one.trace)"><code>\(one.trace)</code></a></span></td></tr>
      """
    }
    return """
      <div class="card flush"><h2>Where they part</h2><table class="list"><thead><tr><th scope="col">Answer</th><th scope="col">Score</th>\
      <th scope="col">Judge</th><th scope="col">The judge's reason</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  private var unanswered: HTML? {
    guard !report.unanswered.isEmpty else { return nil }
    let total = report.unanswered.reduce(0) { $0 + $1.count }
    return """
      <section class="card" aria-labelledby="unanswered"><h3 id="unanswered">Without a verdict</h3><p>\(Words.count(total, "chosen answer")) \
      since the start, beside \(Words.count(report.verdicts, "verdict")):</p><ul>\
      \(report.unanswered.map { HTML("<li>\(Figure.count(Int64($0.count))): \($0.words)</li>") })</ul></section>
      """
  }
}
