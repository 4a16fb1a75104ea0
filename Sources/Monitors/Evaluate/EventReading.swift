// Counts the events of an objective: things under conditions on their tags and values, by group.

import LLMMetrics
import LLMTelemetry

extension SLODefinition.Events {
  /// By the tags of `groupBy`.
  func counts(in range: Range<Timestamp>, groupBy: [String] = [], series: SeriesSource) throws -> [TagSet: Double] {
    let tags = tags(with: groupBy)
    let totals = try series.totals(SeriesQuery(metric: metric.name, groupBy: tags, range: range))
    return totals.reduce(into: [:]) { counts, total in
      guard conditions.allSatisfy({ $0.holds(for: total.tags) }) else { return }
      let group = tags.count == groupBy.count ? total.tags : TagSet(total.tags.tags.filter { groupBy.contains($0.name) })
      counts[group, default: 0] += count(total.aggregate)
    }
  }

  /// Those of `groupBy`, then those of the conditions.
  func tags(with groupBy: [String]) -> [String] {
    conditions.reduce(into: groupBy) { if !$0.contains($1.tag) { $0.append($1.tag) } }
  }

  private func count(_ aggregate: Aggregate) -> Double {
    switch aggregate {
    case .count(let count): metric.unit == .dollar ? Nanodollars(count).dollars : Double(count)
    case .sketch(let sketch): Double(atMost.map { sketch.count - sketch.count(above: $0) } ?? sketch.count)
    }
  }
}

extension SLODefinition.Events.Condition {
  func holds(for tags: TagSet) -> Bool {
    switch self {
    case .isOneOf(let tag, let values): tags[tag].map(values.contains) ?? false
    case .isNoneOf(let tag, let values): !(tags[tag].map(values.contains) ?? false)
    case .lacks(let tag): tags[tag] == nil
    }
  }
}

/// What counted for an objective in a range: events, slices or seconds.
struct EventCounts: Hashable, Sendable {
  var valid: Double
  var bad: Double

  /// `nil` when nothing counted: an objective nobody tested is not met.
  var badShare: Double? { valid > 0 ? min(1, max(0, bad / valid)) : nil }
}

extension SLODefinition {
  /// By group. Monitors' states are no series: such an objective has no counts here.
  func counts(in range: Range<Timestamp>, groupBy: [String] = [], series: SeriesSource) throws -> [TagSet: EventCounts] {
    switch indicator {
    case .good(let good, let all):
      let goods = try good.counts(in: range, groupBy: groupBy, series: series)
      return try all.counts(in: range, groupBy: groupBy, series: series).reduce(into: [:]) { counts, group in
        counts[group.key] = EventCounts(valid: group.value, bad: max(0, group.value - (goods[group.key] ?? 0)))
      }
    case .bad(let bad, let all):
      let bads = try bad.counts(in: range, groupBy: groupBy, series: series)
      return try all.counts(in: range, groupBy: groupBy, series: series).reduce(into: [:]) { counts, group in
        counts[group.key] = EventCounts(valid: group.value, bad: min(group.value, bads[group.key] ?? 0))
      }
    case .timeSlice(let query, let good, let bound, let seconds):
      return try slices(query, good, bound, .seconds(Int64(seconds)), in: range, groupBy: groupBy, series: series)
    case .uptime: return [:]
    }
  }

  /// Whole slices on the grid of their length. A slice without data is not counted: nobody knows what it was.
  private func slices(
    _ query: MonitorQuery, _ good: Threshold.Comparison, _ bound: Double, _ length: Duration, in range: Range<Timestamp>,
    groupBy: [String], series: SeriesSource
  ) throws -> [TagSet: EventCounts] {
    guard length > .zero else { return [:] }
    let reader = MonitorDefinition(
      name: name, title: title, severity: .sev4, query: query, window: length, threshold: Threshold(.above, critical: 0),
      groupBy: groupBy)
    let begin = (range.lowerBound + length - .nanoseconds(1)).floored(to: length)
    let end = range.upperBound.floored(to: length)
    guard begin < end else { return [:] }
    let run = EvaluationRun(reader, at: end, known: [], context: EvaluationContext(series: series))
    var counts: [TagSet: EventCounts] = [:]
    for step in try run.steps(in: begin..<end, of: length) {
      for reading in step.groups {
        guard let value = reading.value else { continue }
        let isGood = good == .below ? value < bound : value > bound
        var count = counts[reading.tags] ?? EventCounts(valid: 0, bad: 0)
        count.valid += 1
        count.bad += isGood ? 0 : 1
        counts[reading.tags] = count
      }
    }
    return counts
  }
}
