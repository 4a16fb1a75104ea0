// A monitor with what a person needs when it fires: what it means, and what to look at first.

package struct PackedMonitor: Hashable, Sendable {
  package var definition: MonitorDefinition
  /// What it means for users, in one sentence with a full stop.
  package var meaning: String
  /// What to look at, in this order.
  package var steps: [String]
  /// The handle of the team that owns it; `nil` for the owner of everything.
  package var owner: String?

  package init(_ definition: MonitorDefinition, meaning: String, steps: [String], owner: String? = nil) {
    self.definition = definition
    self.meaning = meaning
    self.steps = steps
    self.owner = owner
  }
}

/// Monitors, objectives and dashboards that belong together.
package struct MonitorPack: Hashable, Sendable {
  package var monitors: [PackedMonitor]
  package var objectives: [SLODefinition]
  package var dashboards: [DashboardDefinition]

  package init(monitors: [PackedMonitor], objectives: [SLODefinition] = [], dashboards: [DashboardDefinition] = []) {
    self.monitors = monitors
    self.objectives = objectives
    self.dashboards = dashboards
  }

  /// What a team that runs language models would keep: `commander datadog export` writes it.
  package static let `default` = MonitorPack(
    monitors: requestMonitors + latencyMonitors + costMonitors + answerMonitors + commanderMonitors,
    objectives: defaultObjectives, dashboards: defaultDashboards)
}
