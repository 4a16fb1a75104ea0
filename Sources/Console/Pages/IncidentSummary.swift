// The paragraph at the top of an incident: what happened, why, and what was done, each claim pointing at its evidence.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation

struct IncidentSummary {
  struct Claim {
    var text: String
    /// The id of the part of the page that shows it.
    var evidence: String
  }

  let claims: [Claim]

  init(_ incident: Incident, remediations: [Remediation], at now: Timestamp) {
    var claims: [Claim] = []
    if let cause = incident.cause {
      let before =
        cause.change.map { change in
          // Onsets are known to a rollup's width: a change within one is at the onset, not before it.
          incident.onsetAt - change.at < Rollup.width
            ? ", changed as the failure began" : ", changed \(Words.span(incident.onsetAt - change.at)) before the onset"
        } ?? ""
      claims.append(Claim(text: "\(cause.title) is the likely cause\(before).", evidence: "cause"))
      if let row = incident.contrast.first(where: { $0.verdict == .decisive }) {
        claims.append(
          Claim(
            text:
              "\(Figure.percent(row.affectedShare)) of the affected requests have \(row.dimension) \(row.value), against \(Figure.percent(row.baselineShare)) of the baseline.",
            evidence: "contrast"))
      }
    } else if let why = incident.abstention {
      claims.append(Claim(text: "No cause is named: \(why).", evidence: "cause"))
    } else {
      claims.append(Claim(text: "The cause is still being looked for.", evidence: "cause"))
    }
    if let affected = incident.affected {
      let share =
        incident.impact.affectedShare.map { ", \(Figure.percent($0)) of the traffic since \(incident.onsetAt.hourMinute)" } ?? ""
      claims.append(Claim(text: "\(affected) affected\(share).", evidence: "impact"))
    }
    if let last = remediations.last { claims.append(Claim(text: Self.sentence(last), evidence: "remediation")) }
    if let lasted = incident.timeToResolve {
      claims.append(Claim(text: "Resolved \(Words.span(lasted)) after the onset.", evidence: "timeline"))
    }
    self.claims = claims
  }

  var text: String { claims.map(\.text).joined(separator: " ") }

  var paragraph: HTML {
    let sentences = claims.map { claim -> HTML in
      "\(claim.text)<a class=\"cite\" href=\"#\(claim.evidence)\">\(claim.evidence)</a> "
    }
    return "<p class=\"lede\">\(sentences)</p>"
  }

  private static func sentence(_ remediation: Remediation) -> String {
    let action = remediation.plan.sentence
    guard remediation.plan.action != nil else { return "Nothing at the gateway helps: a person has to take over." }
    if let other = remediation.waitsFor, remediation.state == .proposed || remediation.state == .approved {
      return "\(action) waits for \(other): \(remediation.reason)."
    }
    switch remediation.state {
    case .proposed: return "\(action) is proposed and waits for approval."
    case .approved: return "\(action) is approved and about to be applied."
    case .applied: return "\(action) was applied \(at(remediation.appliedAt)) and is being verified."
    case .verified: return "\(action) was applied \(at(remediation.appliedAt)) and verified: \(remediation.reason)."
    case .rejected: return "\(action) was rejected: \(remediation.reason)."
    case .reverted, .escalated: return "\(action) did not help and was reverted: \(remediation.reason)."
    case .expired: return "\(action) has expired: \(remediation.reason)."
    case .withdrawn: return "\(action) was withdrawn: \(remediation.reason)."
    }
  }

  private static func at(_ time: Timestamp?) -> String { time.map { "at \($0.hourMinute)" } ?? "" }
}
