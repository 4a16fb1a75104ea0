// Counts whom and what an incident hit, and freezes the charts around it, from rollups.

import LLMMetrics
import LLMTelemetry
import Monitors

package struct ImpactMeasure {
  /// Beyond this an incident's impact is counted over its last day only.
  package static let longest: Duration = .seconds(86_400)

  package static func impact(of incident: Incident, now: Timestamp, read: SeriesReader) throws -> Impact {
    let end = min(now, incident.mitigatedAt ?? now)
    let start = max(incident.onsetAt, end - longest)
    guard start < end else { return incident.impact }
    let scope = incident.scope
    func sum(_ metric: MetricDefinition, _ filter: [String: String], _ range: Range<Timestamp>) throws -> Int64? {
      let groups = try read(SeriesQuery(metric: metric.name, filter: filter, range: range))
      let totals = groups.compactMap { $0.total?.countValue }
      return totals.isEmpty ? nil : totals.reduce(0, +)
    }
    let range = start..<end
    let requests = try sum(MetricCatalogue.requests, scope, range) ?? 0
    let tenants = try read(
      SeriesQuery(metric: MetricCatalogue.requests.name, filter: scope, groupBy: [Dimension.tenant.rawValue], range: range)
    ).compactMap { group in group.tags[.tenant].map { (name: $0, count: group.total?.countValue ?? 0) } }
      .filter { $0.count > 0 }.sorted { ($0.count, $1.name) > ($1.count, $0.name) }

    // A new prompt version has no cost of its own to compare with; its prompt has.
    let baselineScope = scope.filter { $0.key != Dimension.promptVersion.rawValue }
    let before = start - CauseAttribution.baselineLength..<start
    var extraCost: Nanodollars?
    if let cost = try sum(MetricCatalogue.cost, scope, range),
      let costBefore = try sum(MetricCatalogue.cost, baselineScope, before),
      let requestsBefore = try sum(MetricCatalogue.requests, baselineScope, before), requestsBefore > 0
    {
      let expected = costBefore.multipliedReportingOverflow(by: requests)
      if !expected.overflow { extraCost = Nanodollars(cost - expected.partialValue / requestsBefore) }
    }
    return Impact(
      affectedRequests: requests, totalRequests: try sum(MetricCatalogue.requests, [:], range) ?? 0,
      errors: try sum(MetricCatalogue.errors, scope, range) ?? 0,
      ungroundedAnswers: try sum(MetricCatalogue.answersUngrounded, scope, range) ?? 0, tenants: tenants.prefix(10).map(\.name),
      tenantCount: tenants.count, extraCost: extraCost)
  }

  /// The monitor's own line first, then the four signals every incident is read by.
  package static func charts(
    of incident: Incident, definition: MonitorDefinition?, objectives: [String: SLODefinition] = [:], now: Timestamp,
    read: @escaping SeriesReader
  ) throws -> [FrozenChart] {
    let start = (incident.onsetAt - .seconds(900)).floored(to: Rollup.width)
    let end = min(now, incident.onsetAt + .seconds(6 * 3_600))
    guard start < end else { return [] }
    // At most about 120 points a chart.
    let steps = (end - start).wholeNanoseconds / Rollup.width.wholeNanoseconds / 120 + 1
    let step = Duration.nanoseconds(steps * Rollup.width.wholeNanoseconds)
    let scope = incident.scope.filter { $0.key != Dimension.promptVersion.rawValue }
    func chart(_ title: String, _ query: MonitorQuery) throws -> FrozenChart {
      let points = try query.series(over: start..<end, step: step, read: read).map {
        FrozenChart.Point(at: $0.start, value: $0.value)
      }
      return FrozenChart(title: title, query: query.description, unit: query.unit.symbol, threshold: nil, points: points)
    }
    var charts: [FrozenChart] = []
    if let definition {
      let line = try definition.line(
        over: start..<end, step: step, group: incident.alerts.first?.group ?? TagSet([]), scope: scope, objectives: objectives,
        read: read)
      charts.append(
        FrozenChart(
          title: definition.title, query: line.query, unit: line.unit, threshold: line.threshold,
          points: line.points.map { FrozenChart.Point(at: $0.start, value: $0.value) }))
    }
    for (title, query) in standard
    where query != definition?.query || charts.first?.query != query.narrowed(to: scope).description {
      charts.append(try chart(title, query.narrowed(to: scope)))
    }
    return charts.filter { !$0.points.isEmpty }
  }

  private static let standard: [(String, MonitorQuery)] = [
    ("Error rate", MonitorQuery(.ratio(.init(.sum, MetricCatalogue.errors), .init(.sum, MetricCatalogue.requests)))),
    ("p95 latency", MonitorQuery(.value(.init(.p95, MetricCatalogue.duration)))),
    ("Cost", MonitorQuery(.perMinute(.init(.sum, MetricCatalogue.cost)))),
    (
      "Ungrounded answers",
      MonitorQuery(.ratio(.init(.sum, MetricCatalogue.answersUngrounded), .init(.sum, MetricCatalogue.answersScored)))
    ),
  ]
}

extension Incident {
  /// The dimensions of the affected requests: the cause's, or those of the first alert's group.
  package var scope: [String: String] { cause?.dimensions ?? alerts.first?.group.byName ?? [:] }
}
