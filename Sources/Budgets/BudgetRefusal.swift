// Why a request is not admitted: which budget, whose, how much of it is gone, and when it resets.

import LLMTelemetry

package struct BudgetRefusal: Error, Hashable, Sendable {
  package enum Reason: Hashable, Sendable {
    /// What is spent and reserved leaves too little.
    case overLimit
    /// The request alone needs more than the whole limit; waiting does not help.
    case beyondLimit
    /// A money budget cannot reckon a model without a price, and its `unknown_price` is `refuse`; waiting does not help.
    case unknownPrice
  }

  package let reason: Reason
  package let budget: String
  package let scope: Budget.Scope.Kind
  /// The key, tenant or feature whose budget it is.
  package let subject: String
  package let unit: Budget.Unit
  package let period: Budget.Period
  /// In `unit`; money in nano-dollars. `needed` is 0 when the price is unknown.
  package let limit: Int64
  package let spent: Int64
  package let reserved: Int64
  package let needed: Int64
  /// Requests of this subject that have something reserved.
  package let inFlight: Int
  /// When there is room for this request again if nothing else is spent: the period's end, or when enough has aged out.
  package let resetsAt: Timestamp
  /// How long a client should wait. A second when only reservations stand in the way, since they settle for less as a rule;
  /// until the reset otherwise.
  package let retryAfter: Duration

  /// One sentence for the client's developer.
  package var message: String {
    let whose = "budget \"\(budget)\" of \(scope.rawValue) \(subject)"
    switch reason {
    case .unknownPrice:
      return "\(whose) counts money, and this model has no known price: add it to the price book, or set unknown_price: admit"
    case .beyondLimit:
      return """
        \(whose) allows \(unit.text(limit)) per \(period), and this request alone may need \(unit.text(needed)): \
        lower its maximum of output tokens or its input
        """
    case .overLimit:
      let held = reserved > 0 ? ", \(unit.text(reserved)) reserved by \(inFlight) in flight" : ""
      return """
        \(whose) is used up: \(unit.text(spent)) of \(unit.text(limit)) per \(period) spent\(held), \
        and this request may need \(unit.text(needed)); it resets at \(resetsAt.rfc3339Seconds)
        """
    }
  }
}
