// What was spent as JSON: the Cost page without its limit of rows.

import LLMTelemetry
import Pricing

struct CostsDocument: Encodable {
  struct Interval: Encodable {
    let at: Timestamp
    let totals: CostTotalsDocument
  }

  struct Grouping: Encodable {
    let by: [String]
    let groups: [CostReportDocument.Group]
  }

  struct IncidentCost: Encodable {
    let id: String
    let title: String
    /// Missing when it is unknown.
    let extraCostUSD: String?

    enum CodingKeys: String, CodingKey {
      case id, title
      case extraCostUSD = "extra_cost_usd"
    }
  }

  let at: Timestamp
  let since: Timestamp
  let until: Timestamp
  let filter: [String: String]
  let total: CostTotalsDocument
  /// Of the time of the same length before; for today, of the whole of yesterday.
  let before: CostTotalsDocument
  /// Hours with exchanges.
  let hours: [Interval]
  let groupings: [Grouping]
  let openIncidents: [IncidentCost]

  init(_ figures: CostFigures) {
    at = figures.now
    let range = figures.range.range(at: figures.now)
    since = range.lowerBound
    until = range.upperBound
    filter = Dictionary(uniqueKeysWithValues: figures.filter.map { ($0.key.rawValue, $0.value) })
    total = CostTotalsDocument(figures.total)
    before = CostTotalsDocument(figures.before)
    hours = figures.course.hours.map { Interval(at: $0.start, totals: CostTotalsDocument($0.totals)) }
    groupings = CostFigures.groupings.map { grouping in
      let report = CostReportDocument(figures.course.report(by: grouping.dimensions), since: nil, until: nil)
      return Grouping(by: grouping.dimensions.map(\.rawValue), groups: report.groups)
    }
    openIncidents = figures.openIncidents.map {
      IncidentCost(id: $0.id, title: $0.title, extraCostUSD: $0.impact.extraCost?.decimalDollars)
    }
  }

  enum CodingKeys: String, CodingKey {
    case at, since, until, filter, total, before, hours, groupings
    case openIncidents = "open_incidents"
  }
}
