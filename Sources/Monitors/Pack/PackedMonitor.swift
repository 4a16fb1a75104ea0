// A monitor with what a person needs when it fires: what it means, and what to look at first.

package struct PackedMonitor: Hashable, Sendable {
  package var definition: MonitorDefinition
  /// What it means for users, in one sentence with a full stop.
  package var meaning: String
  /// What to look at, in this order.
  package var steps: [String]
  /// The handle of the team that owns it; `nil` for the owner of everything.
  package var owner: String?
  /// The address of its runbook; `nil` for the pack's.
  package var runbook: String?
  /// Receivers or handles beside those its severity has.
  package var notify: [String]
  /// Further tags, `team:search`.
  package var tags: [String]

  package init(
    _ definition: MonitorDefinition, meaning: String, steps: [String], owner: String? = nil, runbook: String? = nil,
    notify: [String] = [], tags: [String] = []
  ) {
    self.definition = definition
    self.meaning = meaning
    self.steps = steps
    self.owner = owner
    self.runbook = runbook
    self.notify = notify
    self.tags = tags
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
    monitors: detectionMonitors + requestMonitors + latencyMonitors + costMonitors + pastMonitors + answerMonitors
      + commanderMonitors,
    objectives: defaultObjectives, dashboards: defaultDashboards)
}
