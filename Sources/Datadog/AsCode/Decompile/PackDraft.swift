// A pack in the making: definitions come in, and those that turn out to say something else go again.

import Monitors

struct PackDraft {
  /// Whose order is kept.
  let known: MonitorPack
  var monitors: [PackedMonitor] = []
  var objectives: [SLODefinition] = []
  var dashboards: [DashboardDefinition] = []
  var adopted: Set<String> = []
  var notes: [String] = []

  init(known: MonitorPack) { self.known = known }

  var pack: MonitorPack {
    MonitorPack(
      monitors: sorted(monitors, as: known.monitors, \.definition.name),
      objectives: sorted(objectives, as: known.objectives, \.name),
      dashboards: sorted(dashboards, as: known.dashboards, \.name))
  }

  /// In the known order, then by name.
  private func sorted<Item>(_ items: [Item], as known: [Item], _ name: (Item) -> String) -> [Item] {
    let places = Dictionary(known.enumerated().map { (name($0.element), $0.offset) }) { first, _ in first }
    return items.sorted { left, right in
      (places[name(left)] ?? Int.max, name(left)) < (places[name(right)] ?? Int.max, name(right))
    }
  }

  /// Takes out whatever made these objects; false when nothing did.
  mutating func drop(_ ids: Set<DatadogObjectID>) -> Bool {
    let before = self.pack
    func isWrong(_ kind: DatadogObjectKind, _ name: String) -> Bool { ids.contains(.init(kind, name)) }
    for index in monitors.indices {
      let name = monitors[index].definition.name
      // A mute that is otherwise in Datadog is no reason to give the monitor up.
      if ids.contains(where: { $0.kind == .downtime && DowntimeText.isMute($0.name, of: name) }) {
        monitors[index].definition.mutes = []
      }
    }
    monitors.removeAll { isWrong(.monitor, $0.definition.name) || isWrong(.monitor, "\($0.definition.name)-signal") }
    objectives.removeAll { objective in
      isWrong(.slo, objective.name) || objective.burnMonitors.contains { isWrong(.monitor, $0.definition.name) }
    }
    dashboards.removeAll { isWrong(.dashboard, $0.name) }
    return pack != before
  }

  /// Takes out what speaks of a monitor or objective that is no definition. Returns why, by object.
  mutating func dropUnfounded() -> [(DatadogObjectID, String)] {
    var reasons: [(DatadogObjectID, String)] = []
    while true {
      let names = Set(pack.allMonitors.map(\.definition.name))
      let promises = Set(objectives.map(\.name))
      let before = reasons.count
      monitors.removeAll { packed in
        let missing: String? =
          switch packed.definition.kind {
          case .composite(let expression): expression.monitors.first { !names.contains($0) }.map { "monitor \($0)" }
          case .burnRate(let rate): promises.contains(rate.objective) ? nil : "SLO \(rate.objective)"
          default: nil
          }
        guard let missing else { return false }
        reasons.append((.init(.monitor, packed.definition.name), "speaks of \(missing), which is not one of the definitions"))
        return true
      }
      objectives.removeAll { objective in
        guard case .uptime(let parts) = objective.indicator, let missing = parts.first(where: { !names.contains($0) }) else {
          return false
        }
        let reason = "stands on monitor \(missing), which is not one of the definitions"
        reasons.append((.init(.slo, objective.name), reason))
        for burn in objective.burnMonitors { reasons.append((.init(.monitor, burn.definition.name), reason)) }
        return true
      }
      if reasons.count == before { return reasons }
    }
  }
}
