// How far beyond its limit a budget can be spent at worst, said before it happens.

import LLMTelemetry

/// Apart from what the provider does against its own word: more output than the stated maximum, or another price.
package struct OvershootBound: Hashable, Sendable {
  /// In the budget's unit, over all requests that state a maximum or stream; `nil` when nothing on our side bounds it.
  package let amount: Int64?
  package let sentence: String

  init(_ budget: Budget, readBytes: Int) {
    let unit = budget.unit
    let assumed = budget.assumedOutputTokens
    switch (unit, budget.unknownPrice) {
    case (.requests, _):
      amount = 0
      sentence = "none: a request is counted before it is sent"
    case (.money, .admit):
      amount = nil
      sentence = "not bounded: requests to models without a price are admitted and reserve nothing"
    case _ where budget.cutsStreams:
      // Each such stream may run one read past its reservation, and the reservations in flight never exceed the limit: so
      // the excess of all together is to the limit as one read is to one reservation, whatever a token costs.
      let read = Int64((readBytes + OvershootBound.bytesPerToken - 1) / OvershootBound.bytesPerToken)
      amount = Self.scaled(budget.limitAmount, by: read, over: Int64(max(1, assumed)))
      sentence = """
        requests that state a maximum: none; streams without one: \(read) tokens (one read) for each in flight, \
        \(amount.map { unit.text($0) } ?? "more than can be counted") if all of the limit were such streams of \
        \(assumed) tokens; answers without a maximum that do not stream: the model's own maximum less \(assumed) tokens for each in flight
        """
    default:
      amount = nil
      sentence = """
        requests that state a maximum: none; without one: the model's own maximum less \(assumed) tokens for each in flight, \
        which we do not bound: set cut_streams, or have clients state a maximum
        """
    }
  }

  /// The rough length of a token by which the gateway counts a stream while it runs.
  package static let bytesPerToken = 4

  private static func scaled(_ limit: Int64, by factor: Int64, over divisor: Int64) -> Int64? {
    let (product, overflows) = limit.multipliedReportingOverflow(by: factor)
    guard overflows else { return product / divisor + (product % divisor > 0 ? 1 : 0) }
    let (rough, overflowsStill) = (limit / divisor + 1).multipliedReportingOverflow(by: factor)
    return overflowsStill ? nil : rough
  }
}

extension BudgetBook {
  /// The stated worst overshoot of a budget; `nil` when there is none of that name.
  package func overshootBound(of name: String) -> OvershootBound? {
    entries.first { $0.budget.name == name }.map { OvershootBound($0.budget, readBytes: readBytes) }
  }
}
