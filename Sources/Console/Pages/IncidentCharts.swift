// The charts of an incident: the frozen evidence when there is any, else the fired monitors' own queries over the live series.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation

enum IncidentCharts {
  /// More charts than this hide the one that matters.
  static let limit = 4
  private static let lead = Duration.seconds(1_200)
  private static let trail = Duration.seconds(600)

  static func charts(
    of incident: Incident, state: CommandState, monitors: [MonitorDefinition], now: Timestamp,
    read: @escaping SeriesReader
  ) throws -> [Chart] {
    let shade = [incident].shades(at: now)
    guard incident.charts.isEmpty else {
      return incident.charts.prefix(limit).compactMap { frozen($0, marks: state.marks, shades: shade) }
    }
    let end = min(now, (incident.resolvedAt ?? now) + trail)
    let step: Duration = end - incident.onsetAt > .seconds(7_200) ? .seconds(300) : .seconds(30)
    let range = (incident.onsetAt - lead).floored(to: step)..<end.floored(to: step)
    guard range.lowerBound < range.upperBound else { return [] }
    return try incident.alerts.prefix(limit).compactMap { alert -> Chart? in
      guard let monitor = monitors.first(where: { $0.name == alert.monitor }) else { return nil }
      let line = try monitor.line(over: range, step: step, group: alert.group, scope: alert.group.byName, read: read)
      return Chart(
        title: monitor.title, unit: ChartUnit(frozen: line.unit, query: line.query), range: range, step: step,
        lines: [
          Chart.Line(name: "value", stroke: .solid, points: line.points.map { Chart.Point(at: $0.start, value: $0.value) })
        ],
        threshold: line.threshold, marks: state.marks, shades: shade)
    }
  }

  private static func frozen(_ chart: FrozenChart, marks: [Chart.Mark], shades: [Chart.Shade]) -> Chart? {
    guard let first = chart.points.first?.at, let last = chart.points.last?.at else { return nil }
    let steps = zip(chart.points, chart.points.dropFirst()).map { $1.at - $0.at }
    let step = max(.seconds(1), steps.min() ?? .seconds(10))
    return Chart(
      title: chart.title, unit: ChartUnit(frozen: chart.unit, query: chart.query), range: first..<last + step, step: step,
      lines: [Chart.Line(name: "value", stroke: .solid, points: chart.points.map { Chart.Point(at: $0.at, value: $0.value) })],
      threshold: chart.threshold, marks: marks, shades: shades)
  }
}
