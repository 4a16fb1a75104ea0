// The draft of a postmortem: every sentence is a fact of the ledger, and every number links to what it was counted from.

import Incidents
import LLMTelemetry
import Monitors

package enum Postmortem {
  /// Of a published text: every later start reads it from the ledger.
  package static let byteLimit = 262_144

  /// Markdown, complete for a resolved incident and truthful about what is still open. Links begin at the console's root.
  package static func markdown(_ incident: Incident, state: CommandState) -> String {
    let remediations = state.remediations.of(incident: incident.id)
    var sections = [
      "# \(incident.id): \(inline(incident.title))", facts(incident),
      "## Summary\n\n\(summary(incident, remediations))",
    ]
    sections.append("## Impact\n\n\(impact(incident))")
    sections.append("## Cause\n\n\(cause(incident))")
    if !incident.contrast.isEmpty {
      sections.append(
        "## What is different about the affected requests\n\nShares of the stored series, affected against baseline: \(link("contrast", incident, "contrast")), \(link("charts", incident, "charts")).\n\n\(contrast(incident))"
      )
    }
    sections.append("## Remediation\n\n\(remediation(remediations))")
    sections.append(
      "## Timeline (UTC)\n\nEach line is an entry of the ledger: \(link("timeline", incident, "timeline")).\n\n\(timeline(incident))"
    )
    sections.append("## For good\n\n\(actions(incident, remediations))")
    if !incident.exemplars.isEmpty {
      sections.append(
        "## Exemplar traces\n\n" + incident.exemplars.map { "- [\($0)](/api/spans.json?trace=\($0))" }.joined(separator: "\n"))
    }
    return sections.joined(separator: "\n\n") + "\n"
  }

  /// The paragraph under an incident's title: what, why, and what was done.
  package static func summary(_ incident: Incident, _ remediations: [Remediation]) -> String {
    var sentences = [
      "\(inline(incident.title)): began \(incident.onsetAt.timeOfDay), detected \(Figure.duration(incident.timeToDetect)) later."
    ]
    if let cause = incident.cause {
      let confidence = Figure.percent(cause.confidence)
      sentences.append("Likely cause: \(inline(cause.title)) (evidence score \(confidence)).")
      sentences += cause.evidence.prefix(2).map { "\(inline($0))." }
    } else {
      sentences.append("No cause is named: \(inline(incident.abstention ?? "it was not looked for")).")
    }
    for remediation in remediations where remediation.state != .proposed {
      sentences.append("\(inline(remediation.plan.sentence)): \(remediation.state.rawValue).")
    }
    if let time = incident.timeToMitigate { sentences.append("Mitigated after \(Figure.duration(time)).") }
    if incident.isOpen { sentences.append("The incident is still \(incident.state.rawValue).") }
    return sentences.joined(separator: " ")
  }

  private static func facts(_ incident: Incident) -> String {
    func noted(_ text: String) -> String { link(text, incident, "timeline") }
    var rows = [
      ("Severity", incident.severity.rawValue), ("State", incident.state.rawValue),
      ("Began", link(incident.onsetAt.rfc3339Seconds, incident, "charts")),
    ]
    rows.append(("Opened", noted(incident.openedAt.rfc3339Seconds)))
    if let time = incident.acknowledgedAt {
      rows.append(("Acknowledged", "\(noted(time.rfc3339Seconds)) by \(inline(incident.owner ?? "unknown"))"))
    }
    if let time = incident.mitigatedAt { rows.append(("Mitigated", noted(time.rfc3339Seconds))) }
    if let time = incident.resolvedAt { rows.append(("Resolved", noted(time.rfc3339Seconds))) }
    rows.append(("Time to detect", noted(Figure.duration(incident.timeToDetect))))
    if let time = incident.timeToAcknowledge { rows.append(("Time to acknowledge", noted(Figure.duration(time)))) }
    if let time = incident.timeToMitigate { rows.append(("Time to mitigate", noted(Figure.duration(time)))) }
    if let time = incident.timeToResolve { rows.append(("Time to resolve", noted(Figure.duration(time)))) }
    for (role, person) in incident.roles.sorted(by: { $0.key < $1.key }) { rows.append((role, person)) }
    if let other = incident.mergedInto { rows.append(("Merged into", "[\(other)](/incidents/\(other))")) }
    if let same = incident.sameAs { rows.append(("Same as", "[\(same)](/incidents/\(same))")) }
    return table(["Fact", "Value"], rows.map { [$0.0, $0.1] })
  }

  private static func impact(_ incident: Incident) -> String {
    guard let countedAt = incident.impactAt else { return "Not counted." }
    func counted(_ text: String) -> String { link(text, incident, "impact") }
    let impact = incident.impact
    let share = impact.affectedShare.map { " (\(counted(Figure.percent($0))) of all)" } ?? ""
    var lines = ["- Requests in the affected scope: \(counted(Figure.count(impact.affectedRequests)))\(share)"]
    lines.append(
      "- Errors: \(counted(Figure.count(impact.errors))); ungrounded answers: \(counted(Figure.count(impact.ungroundedAnswers)))")
    if impact.tenantCount > 0 {
      let more = impact.tenantCount > impact.tenants.count ? " and \(impact.tenantCount - impact.tenants.count) more" : ""
      lines.append(
        "- Tenants: \(counted(Figure.count(Int64(impact.tenantCount)))) (\(impact.tenants.map(inline).joined(separator: ", "))\(more))"
      )
    }
    lines.append(
      "- Extra cost against the hour before: \(impact.extraCost.map { counted("$\($0.decimalDollars)") } ?? "unknown")")
    lines.append("- Counted \(link(countedAt.rfc3339Seconds, incident, "timeline")) from the rollups of the affected scope")
    return lines.joined(separator: "\n")
  }

  private static func cause(_ incident: Incident) -> String {
    var lines: [String] = []
    if let cause = incident.cause {
      lines.append(
        "**\(inline(cause.title))**, evidence score \(link(Figure.percent(cause.confidence), incident, "cause")). This is correlation with the evidence below.\n"
      )
      lines += cause.evidence.map { "- \(inline($0)) (\(link("evidence", incident, "cause")))" }
    } else {
      lines.append("None named: \(inline(incident.abstention ?? "it was not looked for")).")
    }
    if !incident.further.isEmpty {
      lines.append("\nAt the same time:\n")
      lines += incident.further.map {
        "- \(inline($0.title)), evidence score \(link(Figure.percent($0.confidence), incident, "cause"))"
      }
    }
    if !incident.rejected.isEmpty {
      lines.append("\nConsidered and set aside:\n")
      lines += incident.rejected.map { "- \(inline($0.title)): \(inline($0.reason)) (\(link("evidence", incident, "cause")))" }
    }
    return lines.joined(separator: "\n")
  }

  private static func contrast(_ incident: Incident) -> String {
    let rows = incident.contrast.map { row in
      [
        row.dimension, "`\(row.value)`", Figure.percent(row.affectedShare), Figure.percent(row.baselineShare),
        row.verdict.rawValue,
      ]
    }
    return table(["Dimension", "Value", "Affected", "Baseline", "Verdict"], rows)
  }

  private static func remediation(_ remediations: [Remediation]) -> String {
    guard !remediations.isEmpty else { return "None was proposed." }
    return remediations.map { remediation in
      var lines = ["### \(remediation.id): \(inline(remediation.plan.sentence))\n"]
      lines.append("- State: \(remediation.state.rawValue), \(inline(remediation.reason)) (\(link("evidence", of: remediation)))")
      lines.append("- Expected: \(inline(remediation.plan.expectedEffect))")
      lines.append("- Touches: \(inline(remediation.plan.blastRadius)) (\(link("evidence", of: remediation)))")
      if let approvedBy = remediation.approvedBy { lines.append("- Approved by \(inline(approvedBy))") }
      if let appliedAt = remediation.appliedAt { lines.append("- Applied \(link(appliedAt.rfc3339Seconds, of: remediation))") }
      if let verifiedAt = remediation.verifiedAt {
        lines.append("- Verified \(link(verifiedAt.rfc3339Seconds, of: remediation))")
      }
      return lines.joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  private static func timeline(_ incident: Incident) -> String {
    var rows = incident.timeline.map { [$0.at.timeOfDay, $0.kind.rawValue, $0.text, $0.actor] }
    if incident.timelineDropped > 0 {
      rows.append(["", "", "\(incident.timelineDropped) more entries are in the ledger only", ""])
    }
    return table(["Time", "Kind", "What", "Who"], rows)
  }

  private static func actions(_ incident: Incident, _ remediations: [Remediation]) -> String {
    let items = FollowUps.items(incident, remediations: remediations)
    return items.isEmpty
      ? "- Nothing is left over" : items.map { "- [\($0.isDone ? "x" : " ")] \(inline($0.text))" }.joined(separator: "\n")
  }

  /// To the card of the incident's page that shows what a number was counted from.
  private static func link(_ text: String, _ incident: Incident, _ card: String) -> String {
    "[\(text)](/incidents/\(incident.id)#\(card))"
  }

  private static func link(_ text: String, of remediation: Remediation) -> String {
    "[\(text)](/incidents/\(remediation.incident)#remediation)"
  }

  private static func table(_ header: [String], _ rows: [[String]]) -> String {
    let lines = [header, header.map { _ in "---" }] + rows.map { $0.map(cell) }
    return lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
  }

  private static func cell(_ text: String) -> String { inline(text).replacing("|", with: "\\|") }

  /// One line, and no markup from names that came with requests.
  private static func inline(_ text: String) -> String {
    text.replacing("\n", with: " ").replacing("<", with: "&lt;")
  }
}
