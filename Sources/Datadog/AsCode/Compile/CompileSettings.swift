// What an organisation adds to every compiled object: who is told, who owns it, which part of the telemetry it is about.

import Monitors

package struct CompileSettings: Hashable, Sendable {
  /// What a traffic gate becomes.
  package enum TrafficGate: String, CaseIterable, Hashable, Sendable {
    /// A composite of the monitor and one on the traffic.
    case composite
    /// A note; the monitor then speaks at any traffic.
    case reported
  }

  /// Whose objects these are, where several packs live in one organisation; `nil` for the one pack that needs no name.
  package var pack: String?
  /// The handle of the Datadog team that owns what names no other.
  package var team: String
  /// Who is told, by severity: `@team-llm-platform`, `@pagerduty-llm`. Severities that are not in it use `everybody`.
  package var handles: [Severity: [String]]
  package var everybody: [String]
  /// Tags that everything asked of metrics with dimensions must have: `env` is `prod`.
  package var scope: [String: String]
  /// Where runbooks are: the name of the monitor is appended.
  package var runbooks: String?
  /// Minutes after which somebody is told again, by severity.
  package var renotify: [Severity: Int]
  package var trafficGate: TrafficGate
  /// Further tags of monitors and SLOs, as `key:value`.
  package var tags: [String]
  /// Services that get an entry in the service catalogue.
  package var services: [String]
  /// The host of Datadog's pages, for links.
  package var site: String

  package init(
    team: String = "llm-platform", handles: [Severity: [String]] = [:], everybody: [String]? = nil, scope: [String: String] = [:],
    runbooks: String? = nil, renotify: [Severity: Int] = [.sev1: 30, .sev2: 120], trafficGate: TrafficGate = .composite,
    tags: [String] = [], services: [String]? = nil, site: String = "app.datadoghq.com", pack: String? = nil
  ) {
    self.pack = pack
    self.team = team
    self.handles = handles
    self.everybody = everybody ?? ["@team-\(team)"]
    self.scope = scope
    self.runbooks = runbooks
    self.renotify = renotify
    self.trafficGate = trafficGate
    self.tags = tags
    // An entry of the catalogue speaks of a whole service: the pack without a name writes it.
    self.services = services ?? (pack == nil ? ["llm-gateway"] : [])
    self.site = site
  }

  package func handles(for severity: Severity) -> [String] { handles[severity] ?? everybody }

  /// Everything we made has this tag; nothing without it is ever changed or deleted.
  package static let ownership = "managed_by:llm-incident-commander"
  package static let identityKey = "commander_id"

  func tags(name: String, severity: Severity? = nil, owner: String?, others: [String] = []) -> [JSONValue] {
    var all = ["\(Self.identityKey):\(name)", Self.ownership, "team:\(owner ?? team)"] + tags + others
    if let severity { all.append("severity:\(severity.rawValue.lowercased())") }
    return Set(all).sorted().map(JSONValue.string)
  }
}
