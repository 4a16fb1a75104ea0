// What was spent, by whom and on what: groups of exchanges with their tokens, and money kept apart by how sure it is.

import LLMTelemetry

/// What a cost can be attributed to. The raw value is the word on the command line and in JSON.
package enum CostDimension: String, CaseIterable, Hashable, Sendable {
  case tenant, feature, route, prompt
  case promptVersion = "prompt_version"
  case model
  /// The model the provider says answered, which is the one it bills; the one asked for when it says none.
  case billedModel = "billed_model"
  case virtualKey = "virtual_key"
  case provider
  case serviceTier = "service_tier"
  /// The UTC day on which the exchange started.
  case day
}

/// Sums over some exchanges. Money stays apart by exactness: an estimate must not pass for a bill.
package struct CostTotals: Hashable, Sendable {
  package var requests = 0
  /// Exchanges whose cost nobody knows; they are in no amount.
  package var unknownRequests = 0
  /// All prompt tokens and all billed output tokens, whatever their bucket.
  package var inputTokens = 0
  package var outputTokens = 0
  package var exact = Nanodollars(0)
  package var partial = Nanodollars(0)
  package var estimated = Nanodollars(0)

  package init() {}

  /// Everything that has a figure.
  package var known: Nanodollars { exact + partial + estimated }
  /// 0 to 1; 0 without exchanges.
  package var unknownShare: Double { requests == 0 ? 0 : Double(unknownRequests) / Double(requests) }

  package static func + (left: CostTotals, right: CostTotals) -> CostTotals {
    var sum = left
    sum.requests += right.requests
    sum.unknownRequests += right.unknownRequests
    sum.inputTokens += right.inputTokens
    sum.outputTokens += right.outputTokens
    sum.exact = sum.exact + right.exact
    sum.partial = sum.partial + right.partial
    sum.estimated = sum.estimated + right.estimated
    return sum
  }

  package static func - (left: CostTotals, right: CostTotals) -> CostTotals {
    var difference = left
    difference.requests -= right.requests
    difference.unknownRequests -= right.unknownRequests
    difference.inputTokens -= right.inputTokens
    difference.outputTokens -= right.outputTokens
    difference.exact = difference.exact - right.exact
    difference.partial = difference.partial - right.partial
    difference.estimated = difference.estimated - right.estimated
    return difference
  }

  package mutating func add(_ cost: Cost, usage: TokenUsage) {
    requests += 1
    inputTokens += usage.totalInput ?? 0
    outputTokens += usage.totalOutput ?? 0
    switch cost {
    case .exact(let amount, _): exact = exact + amount
    case .partial(let amount, _): partial = partial + amount
    case .estimated(let amount, _): estimated = estimated + amount
    case .unknown: unknownRequests += 1
    }
  }
}

/// One group: the values of the asked dimensions in their order, `nil` where the exchanges have none.
package struct CostGroup: Hashable, Sendable {
  package let values: [String?]
  package var totals: CostTotals

  package init(values: [String?], totals: CostTotals) {
    self.values = values
    self.totals = totals
  }
}

/// The answer to "who spent what".
package struct CostReport: Hashable, Sendable {
  package let dimensions: [CostDimension]
  /// Dearest first; days in their order when the day comes first.
  package let groups: [CostGroup]
  package let total: CostTotals
  /// The part of `total` that this product's own judge spent; `nil` where it made no call.
  package let judge: CostTotals?

  package init(dimensions: [CostDimension], groups: [CostGroup], judge: CostTotals? = nil) {
    self.dimensions = dimensions
    self.judge = judge
    self.groups = groups.sorted { left, right in
      if dimensions.first == .day, left.values.first != right.values.first {
        return (left.values.first ?? nil) ?? "" < (right.values.first ?? nil) ?? ""
      }
      if left.totals.known != right.totals.known { return left.totals.known > right.totals.known }
      return left.values.map { $0 ?? "" }.lexicographicallyPrecedes(right.values.map { $0 ?? "" })
    }
    total = groups.reduce(CostTotals()) { $0 + $1.totals }
  }

  /// Header and rows for people; the last rows are the total and, where there is a judge, its part.
  package var table: (header: [String], rows: [[String]]) {
    let names = dimensions.isEmpty && judge != nil ? [""] : dimensions.map { $0.rawValue.uppercased() }
    let header =
      names
      + ["REQUESTS", "INPUT TOKENS", "OUTPUT TOKENS", "COST", "EXACT", "PARTIAL", "ESTIMATED", "UNKNOWN"]
    func cells(_ totals: CostTotals) -> [String] {
      [
        String(totals.requests), String(totals.inputTokens), String(totals.outputTokens), MoneyText.dollars(totals.known),
        MoneyText.dollars(totals.exact), MoneyText.dollars(totals.partial), MoneyText.dollars(totals.estimated),
        "\(totals.unknownRequests) (\(MoneyText.percent(totals.unknownShare)))",
      ]
    }
    func sum(_ name: String, _ totals: CostTotals) -> [String] {
      [name] + Array(repeating: "", count: names.count - 1) + cells(totals)
    }
    var rows =
      dimensions.isEmpty && judge != nil ? [] : groups.map { group in group.values.map { $0 ?? "-" } + cells(group.totals) }
    if !names.isEmpty { rows.append(sum("total", total)) }
    if let judge { rows.append(sum("of which judge", judge)) }
    return (header, rows)
  }
}
