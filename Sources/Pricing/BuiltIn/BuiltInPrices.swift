// The prices that ship: US dollars, global region. A test holds them against an independent collection.

import LLMTelemetry

extension PriceBook {
  package static let builtIn = PriceBook(
    version: "2026-11-24",
    source:
      "Published list prices of Google, OpenAI and Anthropic by service tier, as collected by litellm 1.109.1 (MIT) on 2026-11-23; not confirmed by the vendors.",
    entries: BuiltInPrices.entries(BuiltInPrices.google + BuiltInPrices.openAI + BuiltInPrices.anthropic))
}

/// One line of a vendor's table: the rates of a model in one tier, and in those that are half or twice as dear.
struct PriceRow: Sendable {
  let model: String
  let tier: ServiceTier
  /// Prompt tokens above which this line holds; 0 for any.
  let above: Int
  let rates: TokenRates
  let half: [ServiceTier]
  let twice: [ServiceTier]
  let isConverted: Bool
}

/// Amounts in the tables are picodollars per token, which read as dollars per million tokens where the last two groups of
/// digits are decimals: 1_250_000 is $1.25, 37_500 is $0.0375.
enum BuiltInPrices {
  static func row(
    _ model: String, _ tier: ServiceTier = .standard, above: Int = 0, input: Int64, read: Int64? = nil, write: Int64? = nil,
    hour: Int64? = nil, output: Int64? = nil, audio: Int64? = nil, image: Int64? = nil, spoken: Int64? = nil,
    half: [ServiceTier] = [], twice: [ServiceTier] = [], isConverted: Bool = false
  ) -> PriceRow {
    PriceRow(
      model: model, tier: tier, above: above,
      rates: TokenRates(
        input: input, cacheRead: read, cacheWrite: write, cacheWriteHour: hour, output: output, inputAudio: audio,
        inputImage: image, outputAudio: spoken),
      half: half, twice: twice, isConverted: isConverted)
  }

  /// Google has one input price for text, pictures, video and sound where it does not list sound apart.
  static func gemini(
    _ model: String, _ tier: ServiceTier = .standard, above: Int = 0, input: Int64, read: Int64? = nil, output: Int64? = nil,
    audio: Int64? = nil, spoken: Int64? = nil, half: [ServiceTier] = [], twice: [ServiceTier] = []
  ) -> PriceRow {
    row(
      model, tier, above: above, input: input, read: read, output: output, audio: audio ?? input, spoken: spoken, half: half,
      twice: twice)
  }

  static func entries(_ rows: [PriceRow]) -> [PriceEntry] {
    Dictionary(grouping: rows, by: \.model).map { model, rows in
      func rates(_ tier: ServiceTier, isLong: Bool) -> (above: Int, rates: TokenRates)? {
        for row in rows where (row.above > 0) == isLong {
          if row.tier == tier { return (row.above, row.rates) }
          if row.half.contains(tier), let half = row.rates.scaled(by: 1, over: 2) { return (row.above, half) }
          if row.twice.contains(tier), let twice = row.rates.scaled(by: 2, over: 1) { return (row.above, twice) }
        }
        return nil
      }
      func tier(_ tier: ServiceTier) -> TierRates? {
        guard let short = rates(tier, isLong: false) else { return nil }
        return TierRates(
          short.rates, longContext: rates(tier, isLong: true).map { TierRates.LongContext(above: $0.above, rates: $0.rates) })
      }
      let standard = tier(.standard) ?? TierRates(rows[0].rates)
      return PriceEntry(
        model,
        ModelPrice(
          standard: standard, batch: tier(.batch), flex: tier(.flex), priority: tier(.priority),
          isConverted: rows.contains(where: \.isConverted)))
    }
  }
}
