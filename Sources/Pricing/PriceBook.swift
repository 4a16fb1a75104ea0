// The dated price book: which price a model had when an exchange took place.

import LLMTelemetry
import Synchronization

/// One price of one model. Without `from` it holds since the model exists, without `until` it still does.
package struct PriceEntry: Hashable, Sendable {
  package let model: String
  package let from: Timestamp?
  package let until: Timestamp?
  package let price: ModelPrice
  /// Where the price was read, when it is not the book's own source.
  package let source: String?

  package init(_ model: String, from: Timestamp? = nil, until: Timestamp? = nil, source: String? = nil, _ price: ModelPrice) {
    self.model = model
    self.from = from
    self.until = until
    self.source = source
    self.price = price
  }

  func holds(at time: Timestamp) -> Bool {
    if let from, time < from { return false }
    if let until, time >= until { return false }
    return true
  }
}

/// Prices by model and date. A model it does not know has no price: it never lends another model's.
package struct PriceBook: Sendable {
  /// Stored with every cost, so that a figure can be recomputed.
  package let version: String
  /// Where the prices come from, and what they are for.
  package let source: String
  /// Entries of an earlier layer win wherever they hold.
  private let layers: [[PriceEntry]]
  /// By the book's own model ids.
  private let timelines: [String: Timeline]
  private let names: ResolvedNames

  package init(version: String, source: String, entries: [PriceEntry]) {
    self.init(version: version, source: source, layers: [entries])
  }

  private init(version: String, source: String, layers: [[PriceEntry]]) {
    self.version = version
    self.source = source
    self.layers = layers
    var byModel: [String: [PriceEntry]] = [:]
    for layer in layers {
      for (model, entries) in Dictionary(grouping: layer, by: \.model) {
        byModel[model, default: []] += entries.sorted(by: Self.isNewer)
      }
    }
    // A version with dated prices of its own has the model's price at other times.
    timelines = Dictionary(
      uniqueKeysWithValues: byModel.map { model, entries in
        (model, Timeline(entries: entries + ModelName.alternatives(model).flatMap { byModel[$0] ?? [] }))
      })
    names = ResolvedNames(timelines)
  }

  /// This book with `overrides`, which win for the times they hold.
  package func overridden(by overrides: [PriceEntry], version: String, source: String) -> PriceBook {
    PriceBook(version: version, source: source, layers: [overrides] + layers)
  }

  /// Whether the book has exactly this name.
  func knows(_ model: String) -> Bool { timelines[model] != nil }

  package var models: [String] { timelines.keys.sorted() }

  /// The price of `model` at `time`: of exactly that id, or of the id that `model` is a qualified, dated or numbered form of.
  package func price(of model: String, at time: Timestamp) -> ModelPrice? { names.timeline(of: model)?.price(at: time) }

  /// The rates of a request, as `ModelPrice.rates` gives them; `nil` for a model without a price.
  package func rates(
    model: String, at time: Timestamp, tier: ServiceTier?, promptTokens: Int
  ) -> ModelPrice.Applicable? {
    price(of: model, at: time)?.rates(tier: tier, promptTokens: promptTokens)
  }

  private static func isNewer(_ left: PriceEntry, _ right: PriceEntry) -> Bool {
    guard let leftDate = left.from else { return false }
    return right.from.map { leftDate > $0 } ?? true
  }
}

/// All prices one model had, newest first.
private final class Timeline: Sendable {
  let entries: [PriceEntry]
  /// The price for all times, when there is only one: most models never change it.
  private let only: ModelPrice?

  init(entries: [PriceEntry]) {
    self.entries = entries
    only = entries.first.flatMap { $0.from == nil && $0.until == nil ? $0.price : nil }
  }

  func price(at time: Timestamp) -> ModelPrice? { only ?? entries.first { $0.holds(at: time) }?.price }
}

/// Every name that was looked up once, with what it means: upstreams answer with a dated name every time, and taking it apart
/// costs more than the price. Names without a price are remembered too, since those of one's own models come as often.
/// Bounded, since callers choose names.
private final class ResolvedNames: Sendable {
  private static let longestName = 256
  private static let capacity = 1024
  private let known: [String: Timeline]
  private let names: Mutex<[String: Timeline?]>

  init(_ known: [String: Timeline]) {
    self.known = known
    names = Mutex(known.mapValues { $0 })
  }

  /// One look into one table: this runs for every request.
  func timeline(of name: String) -> Timeline? {
    names.withLock { names in
      if let remembered = names[name] { return remembered }
      guard name.utf8.count <= Self.longestName else { return nil }
      let timeline = ModelName.alternatives(name).lazy.compactMap { self.known[$0] }.first
      if names.count >= known.count + Self.capacity { names = known.mapValues { $0 } }
      names.updateValue(timeline, forKey: name)
      return timeline
    }
  }
}
