// The query read step by step over a longer past, each step on the same grid whenever it is asked.

import LLMMetrics
import LLMTelemetry

/// The readings of one step of time.
struct StepReading: Sendable {
  let start: Timestamp
  let groups: [GroupReading]
}

extension EvaluationRun {
  /// Every whole step in `range`; its bounds are multiples of `step` since 1970.
  func steps(in range: Range<Timestamp>, of step: Duration) throws -> [StepReading] {
    guard let memory = context.memory else { return try readSteps(in: range, of: step) }
    return try memory.steps(of: definition.name, in: range, step: step) { try readSteps(in: $0, of: step) }
  }

  private func readSteps(in range: Range<Timestamp>, of step: Duration) throws -> [StepReading] {
    let query = definition.query
    func totals(_ term: MonitorQuery.Term, by groupBy: [String]) throws -> [Timestamp: [SeriesTotal]] {
      let groups = try context.read(
        SeriesQuery(metric: term.metric.name, filter: term.filter, groupBy: groupBy, range: range))
      var steps: [Timestamp: [SeriesTotal]] = [:]
      for group in groups {
        var first = 0
        while first < group.points.count {
          let start = group.points[first].start.floored(to: step)
          var aggregate = group.points[first].aggregate
          var next = first + 1
          while next < group.points.count, group.points[next].start - start < step {
            aggregate.merge(group.points[next].aggregate)
            next += 1
          }
          steps[start, default: []].append(
            SeriesTotal(tags: group.tags, aggregate: aggregate, last: group.points[next - 1].start))
          first = next
        }
      }
      return steps
    }
    let presence = try totals(query.presence, by: definition.groupBy)
    var numerators: [Timestamp: [SeriesTotal]] = [:]
    if case .ratio(let numerator, _) = query.form { numerators = try totals(numerator, by: definition.groupBy) }
    let trafficTerm = query.traffic
    let tags = definition.groupBy.filter(trafficTerm.metric.hasTag)
    let traffic = trafficTerm == query.presence ? nil : try totals(trafficTerm, by: tags)
    var starts = Set(presence.keys)
    if let traffic { starts.formUnion(traffic.keys) }
    return starts.sorted().map { start in
      StepReading(
        start: start,
        groups: combine(
          presence: presence[start] ?? [], numerator: { numerators[start] ?? [] },
          traffic: traffic.map { ($0[start] ?? [], tags) }, length: step))
    }
  }
}
