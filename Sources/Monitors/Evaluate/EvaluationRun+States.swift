// Monitors on what is not a value of a metric: states of other monitors, silence, and changes.

import LLMMetrics
import LLMTelemetry

package struct CompositePart: Hashable, Sendable {
  package let monitor: String
  /// In alert, or silent where silence alerts.
  package let isFiring: Bool
}

extension EvaluationRun {
  /// Over the states before this turn. A part's group and the composite's belong together when the tags they both have are equal, so
  /// that a part without groups belongs to every group.
  func composite(_ expression: CompositeExpression) -> [Evaluation] {
    let names = expression.monitors
    var firing: [String: [TagSet]] = [:]
    for (key, status) in context.alerts.statuses where names.contains(key.monitor) && status.state.isFiring {
      firing[key.monitor, default: []].append(key.group)
    }
    func parts(_ group: TagSet) -> [CompositePart] {
      names.map { name in
        CompositePart(monitor: name, isFiring: firing[name]?.contains { $0.agrees(with: group) } ?? false)
      }
    }
    func holds(_ group: TagSet) -> Bool {
      let states = Dictionary(parts(group).map { ($0.monitor, $0.isFiring) }) { first, _ in first }
      return expression.holds { states[$0] ?? false }
    }
    let firingGroups = Set(firing.values.joined())
    if definition.groupBy.isEmpty {
      // One alert, when it holds for any group: an `and` of two groups that differ does not.
      let group = firingGroups.sorted().first(where: holds) ?? firingGroups.min() ?? .none
      return [judge(GroupReading(tags: .none), value: holds(group) ? 1 : 0, finding: .composite(parts(group)), isGated: false)]
    }
    var groups = known
    for group in firingGroups {
      let own = TagSet(group.tags.filter { definition.groupBy.contains($0.name) })
      if own.tags.count == definition.groupBy.count { groups.insert(own) }
    }
    return groups.map { group in
      judge(GroupReading(tags: group), value: holds(group) ? 1 : 0, finding: .composite(parts(group)), isGated: false)
    }
  }

  /// Minutes from the end of the last data to the end of the window, at most the window's. Silence is what is looked for, so there is
  /// always a value and no traffic gate.
  func absence() throws -> [Evaluation] {
    let term = definition.query.presence
    let readings = try context.series.totals(
      SeriesQuery(metric: term.metric.name, filter: term.filter, groupBy: definition.groupBy, range: window)
    ).map { total in
      var reading = GroupReading(tags: total.tags)
      reading.requests = total.aggregate.countValue
      reading.last = total.last
      return reading
    }
    return try all(readings).map { reading in
      let last = reading.last.map { $0 + Rollup.width }
      let silence = last.map { min(definition.window, end - $0) } ?? definition.window
      return judge(reading, value: max(0, silence.inSeconds) / 60, finding: .absence(last: last), isGated: false)
    }
  }

  func events(_ filter: EventFilter) -> [Evaluation] {
    let counted = context.changes.filter { change in
      window.contains(change.at) && (filter.kind == nil || filter.kind == change.kind)
        && (filter.subject == nil || filter.subject == change.subject)
    }
    return [
      judge(
        GroupReading(tags: .none), value: Double(counted.count), finding: .events(last: counted.max { $0.at < $1.at }),
        isGated: false)
    ]
  }
}

extension AlertState {
  /// Bad news: past `for`, or silent where silence alerts.
  package var isFiring: Bool { self == .alert || self == .noData }
}

extension TagSet {
  /// Equal in every tag that both have.
  func agrees(with other: TagSet) -> Bool {
    tags.allSatisfy { tag in other[tag.name].map { $0 == tag.value } ?? true }
  }
}

extension CompositeExpression {
  package func holds(_ isFiring: (String) -> Bool) -> Bool {
    switch self {
    case .monitor(let name): isFiring(name)
    case .not(let inner): !inner.holds(isFiring)
    case .and(let left, let right): left.holds(isFiring) && right.holds(isFiring)
    case .or(let left, let right): left.holds(isFiring) || right.holds(isFiring)
    }
  }
}
