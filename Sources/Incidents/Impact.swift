// Who and what an incident hit, counted over the affected scope from its onset on.

import LLMTelemetry

package struct Impact: Hashable, Sendable {
  /// Requests inside the cause's dimensions (or the alert's group) since the onset.
  package var affectedRequests: Int64
  /// All requests in the same time.
  package var totalRequests: Int64
  package var errors: Int64
  package var ungroundedAnswers: Int64
  /// Names of the tenants with affected requests, most affected first; at most ten.
  package var tenants: [String]
  package var tenantCount: Int
  /// What the affected requests cost beyond the baseline's cost per request; `nil` when either is unknown.
  package var extraCost: Nanodollars?

  package init(
    affectedRequests: Int64 = 0, totalRequests: Int64 = 0, errors: Int64 = 0, ungroundedAnswers: Int64 = 0,
    tenants: [String] = [],
    tenantCount: Int = 0, extraCost: Nanodollars? = nil
  ) {
    self.affectedRequests = affectedRequests
    self.totalRequests = totalRequests
    self.errors = errors
    self.ungroundedAnswers = ungroundedAnswers
    self.tenants = tenants
    self.tenantCount = tenantCount
    self.extraCost = extraCost
  }

  /// 0 to 1; `nil` when nothing was counted.
  package var affectedShare: Double? {
    totalRequests > 0 ? Double(affectedRequests) / Double(totalRequests) : nil
  }
}

extension Impact: Codable {
  private enum CodingKeys: String, CodingKey {
    case affectedRequests, totalRequests, errors, ungroundedAnswers, tenants, tenantCount, extraCostDollars
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    affectedRequests = try container.decode(Int64.self, forKey: .affectedRequests)
    totalRequests = try container.decode(Int64.self, forKey: .totalRequests)
    errors = try container.decode(Int64.self, forKey: .errors)
    ungroundedAnswers = try container.decode(Int64.self, forKey: .ungroundedAnswers)
    tenants = try container.decode([String].self, forKey: .tenants)
    tenantCount = try container.decode(Int.self, forKey: .tenantCount)
    extraCost = try container.decodeIfPresent(String.self, forKey: .extraCostDollars).map { text in
      guard let amount = Nanodollars(decimalDollars: text) else {
        throw DecodingError.dataCorruptedError(
          forKey: .extraCostDollars, in: container, debugDescription: "not decimal dollars: \(text)")
      }
      return amount
    }
  }

  /// Money is decimal text: a JSON number would pass through a Double in many readers.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(affectedRequests, forKey: .affectedRequests)
    try container.encode(totalRequests, forKey: .totalRequests)
    try container.encode(errors, forKey: .errors)
    try container.encode(ungroundedAnswers, forKey: .ungroundedAnswers)
    try container.encode(tenants, forKey: .tenants)
    try container.encode(tenantCount, forKey: .tenantCount)
    try container.encodeIfPresent(extraCost?.decimalDollars, forKey: .extraCostDollars)
  }
}
