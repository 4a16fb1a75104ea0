// The JSON of the cost commands. Money is a decimal string, since a JSON number is a Double to most readers.

import LLMTelemetry

/// Sums as JSON has them.
package struct CostTotalsDocument: Encodable, Sendable {
  let requests: Int
  let unknownRequests: Int
  let unknownShare: Double
  let inputTokens: Int
  let outputTokens: Int
  let costUSD: String
  let exactUSD: String
  let partialUSD: String
  let estimatedUSD: String

  package init(_ totals: CostTotals) {
    requests = totals.requests
    unknownRequests = totals.unknownRequests
    unknownShare = totals.unknownShare
    inputTokens = totals.inputTokens
    outputTokens = totals.outputTokens
    costUSD = totals.known.decimalDollars
    exactUSD = totals.exact.decimalDollars
    partialUSD = totals.partial.decimalDollars
    estimatedUSD = totals.estimated.decimalDollars
  }

  enum CodingKeys: String, CodingKey {
    case requests
    case unknownRequests = "unknown_requests"
    case unknownShare = "unknown_share"
    case inputTokens = "input_tokens"
    case outputTokens = "output_tokens"
    case costUSD = "cost_usd"
    case exactUSD = "exact_usd"
    case partialUSD = "partial_usd"
    case estimatedUSD = "estimated_usd"
  }
}

/// `commander cost show --output json`.
package struct CostReportDocument: Encodable, Sendable {
  package struct Group: Encodable, Sendable {
    /// Dimension to value; `null` where the exchanges have none.
    let group: [String: String?]
    let totals: CostTotalsDocument
  }

  let since: Timestamp?
  let until: Timestamp?
  package let groups: [Group]
  let total: CostTotalsDocument
  /// The part of `total` that the judge spent; missing where it made no call.
  let judge: CostTotalsDocument?

  package init(_ report: CostReport, since: Timestamp?, until: Timestamp?) {
    self.since = since
    self.until = until
    groups = report.groups.map { group in
      Group(
        group: Dictionary(uniqueKeysWithValues: zip(report.dimensions.map(\.rawValue), group.values)),
        totals: CostTotalsDocument(group.totals))
    }
    total = CostTotalsDocument(report.total)
    judge = report.judge.map(CostTotalsDocument.init)
  }
}

/// `commander cost reprice --output json`.
package struct RepricingDocument: Encodable, Sendable {
  package struct Model: Encodable, Sendable {
    let model: String
    let changed: Int
    let before: CostTotalsDocument
    let after: CostTotalsDocument
  }

  let priceVersion: String
  let isDryRun: Bool
  let examined: Int
  let changed: Int
  let confirmed: Int
  let withoutPoint: Int
  let models: [Model]
  let before: CostTotalsDocument
  let after: CostTotalsDocument

  package init(_ report: RepricingReport, priceVersion: String, isDryRun: Bool) {
    self.priceVersion = priceVersion
    self.isDryRun = isDryRun
    examined = report.examined
    changed = report.changed
    confirmed = report.confirmed
    withoutPoint = report.withoutPoint
    models = report.models.sorted { $0.key < $1.key }.map { name, line in
      Model(
        model: name, changed: line.changed, before: CostTotalsDocument(line.before), after: CostTotalsDocument(line.after))
    }
    before = CostTotalsDocument(report.before)
    after = CostTotalsDocument(report.after)
  }

  enum CodingKeys: String, CodingKey {
    case examined, changed, confirmed, models, before, after
    case priceVersion = "price_version"
    case isDryRun = "dry_run"
    case withoutPoint = "without_chart_point"
  }
}

/// `commander cost reconcile --output json`.
package struct ReconciliationDocument: Encodable, Sendable {
  package struct Line: Encodable, Sendable {
    let day: String?
    let model: String?
    let invoicedUSD: String?
    let invoicedTokens: Int?
    let recorded: CostTotalsDocument?
    let differenceUSD: String
    /// Of what was invoiced.
    let differenceShare: Double?

    init(day: String? = nil, model: String? = nil, _ line: ReconciledLine) {
      self.day = day
      self.model = model
      invoicedUSD = line.invoiced?.decimalDollars
      invoicedTokens = line.invoicedTokens
      recorded = line.recorded.map(CostTotalsDocument.init)
      differenceUSD = line.difference.decimalDollars
      differenceShare = line.share
    }

    enum CodingKeys: String, CodingKey {
      case day, model, recorded
      case invoicedUSD = "invoiced_usd"
      case invoicedTokens = "invoiced_tokens"
      case differenceUSD = "difference_usd"
      case differenceShare = "difference_share"
    }
  }

  let isWithinTolerance: Bool
  let unexplainedUSD: String
  let days: [Line]
  let models: [Line]
  let total: Line
  let onlyInvoiced: [String]
  let onlyRecorded: [String]

  package init(_ reconciliation: Reconciliation, tolerance: Tolerance) {
    isWithinTolerance = !reconciliation.exceeds(tolerance)
    unexplainedUSD = reconciliation.unexplained.decimalDollars
    days = reconciliation.days.map { Line(day: $0.day, model: $0.model, $0.line) }
    models = reconciliation.models.map { Line(model: $0.model, $0.line) }
    total = Line(reconciliation.total)
    onlyInvoiced = reconciliation.onlyInvoiced
    onlyRecorded = reconciliation.onlyRecorded
  }

  enum CodingKeys: String, CodingKey {
    case days, models, total
    case isWithinTolerance = "within_tolerance"
    case unexplainedUSD = "unexplained_usd"
    case onlyInvoiced = "only_invoiced"
    case onlyRecorded = "only_recorded"
  }
}
