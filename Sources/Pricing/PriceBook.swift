// The dated price book: which price a model had when an exchange took place.

import LLMTelemetry

/// One price of one model. Without `from` it holds since the model exists.
package struct PriceEntry: Hashable, Sendable {
  package let model: String
  package let from: Timestamp?
  package let price: ModelPrice

  package init(_ model: String, from: Timestamp? = nil, _ price: ModelPrice) {
    self.model = model
    self.from = from
    self.price = price
  }
}

/// Prices by model and date. A model it does not know has no price: it never lends another model's.
package struct PriceBook: Sendable {
  /// Stored with every cost, so that a figure can be recomputed.
  package let version: String
  /// Where the prices come from, and what they are for.
  package let source: String
  /// By model id, newest first; an entry without a date is last.
  private let entries: [String: [PriceEntry]]

  package init(version: String, source: String, entries: [PriceEntry]) {
    self.version = version
    self.source = source
    self.entries = Dictionary(grouping: entries, by: \.model).mapValues { entries in
      entries.sorted { left, right in
        guard let leftDate = left.from else { return false }
        return right.from.map { leftDate > $0 } ?? true
      }
    }
  }

  /// The price of `model` at `time`: of exactly that id, or of the id that `model` is a dated or numbered version of.
  package func price(of model: String, at time: Timestamp) -> ModelPrice? {
    let known = entries[model] ?? Self.unversioned(model).flatMap { entries[$0] }
    return known?.first { entry in entry.from.map { $0 <= time } ?? true }?.price
  }

  /// `gpt-4.1-2025-04-14`, `claude-haiku-4-5-20251001`, `gemini-2.5-flash-001` and `name@20250929` without their suffix;
  /// `nil` when there is none. Any other suffix is part of another model's name.
  static func unversioned(_ model: String) -> String? {
    if let at = model.firstIndex(of: "@") { return at == model.startIndex ? nil : String(model[..<at]) }
    let parts = model.split(separator: "-", omittingEmptySubsequences: false)
    func isNumber(_ part: Substring, digits: Int) -> Bool {
      part.utf8.count == digits && part.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
    }
    func dropping(_ count: Int) -> String? { parts.count > count ? parts.dropLast(count).joined(separator: "-") : nil }

    if parts.count > 3, isNumber(parts[parts.count - 3], digits: 4), isNumber(parts[parts.count - 2], digits: 2),
      isNumber(parts[parts.count - 1], digits: 2)
    {
      return dropping(3)
    }
    guard let last = parts.last, isNumber(last, digits: 8) || isNumber(last, digits: 3) else { return nil }
    return dropping(1)
  }
}
