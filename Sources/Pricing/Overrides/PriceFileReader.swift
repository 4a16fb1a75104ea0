// One entry of a price file at a time: prices by bucket, tier and prompt length, each mistake with its place.

import LLMTelemetry
import StrictYAML

struct PriceFileReader {
  private static let buckets = [
    "input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "input_audio", "input_image", "output_audio",
    "output_image",
  ]
  private static let tiers: [ServiceTier] = [.batch, .flex, .priority]

  func entries(_ items: [YAMLValue]) -> [PriceEntry] {
    var seen: Set<String> = []
    return items.compactMap { item in
      guard let entry = entry(item) else { return nil }
      if !seen.insert("\(entry.model)\n\(entry.from?.unixNanoseconds ?? .min)").inserted {
        item.problem("\"\(entry.model)\" has two prices from the same time; keep one")
      }
      return entry
    }
  }

  private func entry(_ item: YAMLValue) -> PriceEntry? {
    let known = ["model", "from", "until", "source", "unit", "long_context"] + Self.buckets + Self.tiers.map(\.rawValue)
    guard let mapping = item.mapping(known) else { return nil }
    let model = mapping.required("model", "the model's name as the provider reports it")?.string()
    if let unit = mapping.required("unit", "write `unit: usd_per_million_tokens`, so that nobody has to guess")?.string(),
      unit != "usd_per_million_tokens"
    {
      mapping["unit"]?.problem("`unit` must be usd_per_million_tokens; a price per token times 1,000,000 is one per million")
    }
    let from = mapping["from"].flatMap(time)
    let until = mapping["until"].flatMap(time)
    if let from, let until, until <= from { mapping["until"]?.problem("`until` must be after `from`") }
    let source = mapping["source"]?.string()
    let standard = tierRates(mapping)
    var tiers: [ServiceTier: TierRates] = [:]
    for tier in Self.tiers {
      guard let value = mapping[tier.rawValue], let members = value.mapping(Self.buckets + ["long_context"]) else { continue }
      tiers[tier] = tierRates(members)
    }
    guard let model, let standard else { return nil }
    return PriceEntry(
      model, from: from, until: until, source: source,
      ModelPrice(standard: standard, batch: tiers[.batch], flex: tiers[.flex], priority: tiers[.priority]))
  }

  private func tierRates(_ mapping: YAMLMapping) -> TierRates? {
    let rates = rates(mapping)
    var longContext: TierRates.LongContext?
    if let value = mapping["long_context"], let members = value.mapping(["above"] + Self.buckets) {
      let above = members.required("above", "the number of prompt tokens above which these prices hold")?
        .integer(1000...100_000_000)
      if let above, let rates = self.rates(members) { longContext = TierRates.LongContext(above: above, rates: rates) }
    }
    return rates.map { TierRates($0, longContext: longContext) }
  }

  /// `nil` without a price for input, which every model has: 0 where it is free.
  private func rates(_ mapping: YAMLMapping) -> TokenRates? {
    guard let input = amount(mapping.required("input", "the price of prompt tokens; 0 when they are free")) else {
      for bucket in Self.buckets.dropFirst() { _ = amount(mapping[bucket]) }
      return nil
    }
    return TokenRates(
      input: input, cacheRead: amount(mapping["cache_read"]), cacheWrite: amount(mapping["cache_write"]),
      cacheWriteHour: amount(mapping["cache_write_1h"]), output: amount(mapping["output"]),
      reasoning: amount(mapping["reasoning"]), inputAudio: amount(mapping["input_audio"]),
      inputImage: amount(mapping["input_image"]), outputAudio: amount(mapping["output_audio"]),
      outputImage: amount(mapping["output_image"]))
  }

  private func amount(_ value: YAMLValue?) -> Int64? {
    guard let value, let text = value.string() else { return nil }
    do throws(PriceAmount.Mistake) {
      return try PriceAmount(dollarsPerMillionTokens: text).picodollars
    } catch {
      value.problem("`\(value.path)`: \(text) \(error.message)")
      return nil
    }
  }

  /// A date (its first moment, UTC) or an RFC 3339 time.
  private func time(_ value: YAMLValue) -> Timestamp? {
    guard let text = value.string() else { return nil }
    if let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z") { return time }
    value.problem("`\(value.path)` must be a date such as 2026-01-01 or a time such as 2026-01-01T12:00:00Z")
    return nil
  }
}
