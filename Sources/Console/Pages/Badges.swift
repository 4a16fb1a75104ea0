// The small labels for severity and state: always a word and a shape, never colour alone.

import Incidents
import LLMTelemetry
import Monitors
import Remediation

extension Severity {
  var badge: HTML { "<span class=\"badge \(rank <= 2 ? "bad" : "warn")\">\(rawValue)</span>" }
}

extension IncidentState {
  var word: String {
    switch self {
    case .triggered: "Triggered"
    case .acknowledged: "Acknowledged"
    case .mitigated: "Mitigated"
    case .resolved: "Resolved"
    }
  }

  var badge: HTML {
    switch self {
    case .triggered: "<span class=\"badge bad\"><span aria-hidden=\"true\">●</span> \(word)</span>"
    case .acknowledged: "<span class=\"badge warn\"><span aria-hidden=\"true\">◐</span> \(word)</span>"
    case .mitigated: "<span class=\"badge good\"><span aria-hidden=\"true\">◌</span> \(word)</span>"
    case .resolved: "<span class=\"badge good\"><span aria-hidden=\"true\">✓</span> \(word)</span>"
    }
  }
}

extension RemediationState {
  var badge: HTML {
    let (style, shape) =
      switch self {
      case .proposed: ("warn", "?")
      case .approved: ("", "…")
      case .applied: ("warn", "▶")
      case .verified: ("good", "✓")
      case .rejected, .expired, .withdrawn: ("", "–")
      case .reverted, .escalated: ("bad", "✕")
      }
    return
      "<span class=\"badge \(style)\"><span aria-hidden=\"true\">\(shape)</span> \(rawValue.prefix(1).uppercased() + rawValue.dropFirst())</span>"
  }
}

extension Incident {
  var path: String { "/incidents/\(id)" }

  /// From opening to the end, or to now.
  func age(at now: Timestamp) -> Duration { (resolvedAt ?? now) - openedAt }

  /// `4,812 requests of 17 tenants`, or what else is known.
  var affected: String? {
    guard impact.affectedRequests > 0 else { return nil }
    let requests = Words.count(impact.affectedRequests, "request")
    return impact.tenantCount > 0 ? "\(requests) of \(Words.count(impact.tenantCount, "tenant"))" : requests
  }
}

extension [Incident] {
  /// Worst first, then oldest.
  var bySeverity: [Incident] { sorted { ($0.severity.rank, $0.number) < ($1.severity.rank, $1.number) } }
}
