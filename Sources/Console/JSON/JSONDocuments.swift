// The machine-readable siblings of the pages: the same facts under stable names, money and times as text.

import Incidents
import LLMTelemetry
import Monitors
import Remediation

/// One incident in a list.
struct IncidentLine: Encodable {
  let id: String
  let title: String
  let severity: Severity
  let state: IncidentState
  let openedAt: Timestamp
  let resolvedAt: Timestamp?
  let ageSeconds: Int64
  let affectedRequests: Int64
  let tenantCount: Int
  let cause: String?
  let owner: String?
  let repeats: String?

  init(_ incident: Incident, at now: Timestamp) {
    id = incident.id
    title = incident.title
    severity = incident.severity
    state = incident.state
    openedAt = incident.openedAt
    resolvedAt = incident.resolvedAt
    ageSeconds = incident.age(at: now).components.seconds
    affectedRequests = incident.impact.affectedRequests
    tenantCount = incident.impact.tenantCount
    cause = incident.cause?.title
    owner = incident.owner
    repeats = incident.sameAs
  }
}

struct IncidentsDocument: Encodable {
  let at: Timestamp
  let incidents: [IncidentLine]
  let meanSecondsToDetect: Int64?
  let meanSecondsToAcknowledge: Int64?
  let meanSecondsToMitigate: Int64?
  let meanSecondsToResolve: Int64?

  init(_ page: IncidentsPage) {
    at = page.now
    incidents = page.listed.map { IncidentLine($0, at: page.now) }
    let times = IncidentTimes(page.state.incidents.incidents)
    meanSecondsToDetect = times.toDetect.duration?.components.seconds
    meanSecondsToAcknowledge = times.toAcknowledge.duration?.components.seconds
    meanSecondsToMitigate = times.toMitigate.duration?.components.seconds
    meanSecondsToResolve = times.toResolve.duration?.components.seconds
  }
}

struct IncidentDocument: Encodable {
  let id: String
  let summary: String
  let incident: Incident
  let remediations: [Remediation]
  /// What is left to do for good.
  let followUps: [FollowUp]
  /// The incidents most like it, and what was tried on them.
  let precedents: [Precedent]
  let secondsToDetect: Int64
  let secondsToAcknowledge: Int64?
  let secondsToMitigate: Int64?
  let secondsToResolve: Int64?

  init(_ incident: Incident, state: CommandState, monitors: [MonitorDefinition], at now: Timestamp) {
    precedents = state.precedents(of: incident, monitors: monitors)
    id = incident.id
    self.incident = incident
    remediations = state.remediations.of(incident: incident.id)
    summary = IncidentSummary(incident, remediations: remediations, at: now).text
    followUps = FollowUps.items(incident, remediations: remediations)
    secondsToDetect = incident.timeToDetect.components.seconds
    secondsToAcknowledge = incident.timeToAcknowledge?.components.seconds
    secondsToMitigate = incident.timeToMitigate?.components.seconds
    secondsToResolve = incident.timeToResolve?.components.seconds
  }
}

struct OverridesDocument: Encodable {
  let generation: UInt64
  let overrides: [OverrideLine]

  struct OverrideLine: Encodable {
    let id: String
    let action: String
    let incident: String
    let appliedAt: Timestamp
    let expiresAt: Timestamp
    /// Of the requests it speaks about, 0 to 1; the others are its control group.
    let share: Double
  }

  init(_ overrides: RoutingOverrides) {
    generation = overrides.generation
    self.overrides = overrides.overrides.map {
      OverrideLine(
        id: $0.id, action: $0.action.sentence, incident: $0.incident, appliedAt: $0.appliedAt, expiresAt: $0.expiresAt,
        share: Double($0.sharePerMille) / Double(RoutingOverride.wholePerMille))
    }
  }
}

struct ChartDocument: Encodable {
  struct Line: Encodable {
    let name: String
    let points: [Point]
  }

  struct Point: Encodable {
    let at: Timestamp
    let value: Double
  }

  let title: String
  /// What `value` is measured in; shares are 0 to 1.
  let unit: String
  let stepSeconds: Int64
  let lines: [Line]

  init(_ chart: Chart) {
    title = chart.title
    unit = chart.unit == .query(.share) ? "share" : chart.unit.symbol
    stepSeconds = chart.step.components.seconds
    lines = chart.lines.map { Line(name: $0.name, points: $0.points.map { Point(at: $0.at, value: $0.value) }) }
  }
}

struct NowDocument: Encodable {
  let at: Timestamp
  let headline: String
  let detail: String
  let openIncidents: [IncidentLine]
  let charts: [ChartDocument]
  let changes: [ChangeEvent]
  let overrides: OverridesDocument
  let health: StatusDocument

  init(_ page: NowPage) {
    at = page.now
    (headline, detail) = page.sentence
    openIncidents = page.open.map { IncidentLine($0, at: page.now) }
    charts = page.charts.charts(marks: [], shades: []).map(ChartDocument.init)
    changes = page.changes
    overrides = OverridesDocument(page.state.overrides)
    health = StatusDocument(page.health, at: page.now)
  }
}

struct StatusDocument: Encodable {
  let at: Timestamp
  let version: String
  let newestSpan: Timestamp?
  let queueDepth: Int
  let dropped: [String: Int]
  let storeBytes: Int64?
  let gatewayAddress: String?
  let roads: [Road]
  let openCircuits: [String]
  let configuration: ConfigurationHealth?

  struct Road: Encodable {
    let name: String
    let unit: String
    let delivered: Int
    let waiting: Int
    let dropped: [String: Int]
    let problem: String?
  }

  init(_ health: CommanderHealth, at now: Timestamp) {
    at = now
    version = health.version
    newestSpan = health.newestSpan
    queueDepth = health.queueDepth
    dropped = health.dropped
    storeBytes = health.storeBytes
    gatewayAddress = health.gatewayAddress
    openCircuits = health.openCircuits
    configuration = health.configuration
    roads = health.roads.map {
      Road(
        name: $0.name, unit: $0.unit, delivered: $0.delivered, waiting: $0.waiting, dropped: $0.dropped, problem: $0.problem)
    }
  }
}
