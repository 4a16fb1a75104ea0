// One pack over another: what a team changes of a pack it did not write.

extension MonitorPack {
  /// By name, what `other` defines replaces what is here, in its place; what is new is added at the end.
  package func overlaid(by other: MonitorPack) -> MonitorPack {
    func overlaid<Item>(_ items: [Item], by others: [Item], _ name: (Item) -> String) -> [Item] {
      var result = items
      var places: [String: Int] = [:]
      for (index, item) in items.enumerated() { places[name(item)] = index }
      for item in others {
        if let place = places[name(item)] {
          result[place] = item
        } else {
          places[name(item)] = result.count
          result.append(item)
        }
      }
      return result
    }
    return MonitorPack(
      monitors: overlaid(monitors, by: other.monitors) { $0.definition.name },
      objectives: overlaid(objectives, by: other.objectives, \.name),
      dashboards: overlaid(dashboards, by: other.dashboards, \.name))
  }
}
