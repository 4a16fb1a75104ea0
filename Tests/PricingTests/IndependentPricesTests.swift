// The built-in prices against an independent collection, field by field, in both directions.

import Foundation
import LLMTelemetry
@testable import Pricing
import Testing

private let collection: URL? = sharedFile("reference/prices-third-party.json")

@Suite(.enabled(if: collection != nil, "the collection is not in a clone of the project"))
struct IndependentPricesTests {
  private let book = PriceBook.builtIn

  private func models() throws -> [String: [String: Any]] {
    let file = try #require(collection)
    let root = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    return try #require(root["models"] as? [String: [String: Any]])
  }

  /// Where the collection has one name at two prices, ours is the vendor's own API; these are the other platform's.
  private static let otherPlatform: Set<String> = [
    "gemini-3.5-flash flex cacheRead", "gemini-3.5-flash-lite batch cacheRead", "gemini-3.5-flash-lite flex cacheRead",
    "gemini-3.5-flash-lite priority cacheRead", "gemini-embedding-001 batch input",
    "claude-opus-5-5 batch input", "claude-opus-5-5 batch output", "claude-sonnet-4-5 batch cacheWrite",
    "claude-sonnet-4-6 batch cacheWrite",
  ]

  @Test func agreesFieldByField() throws {
    var compared = 0
    var differences: [String] = []
    for (name, fields) in try models() where !name.hasPrefix("ft:") {
      let id = String(name.split(separator: "/").last ?? "")
      guard let price = book.price(of: id, at: noon), let input = fields["input_cost_per_token"] as? Double, input > 0 else {
        continue
      }
      let isOnVertex = name.hasPrefix("vertex_ai/") || (fields["litellm_provider"] as? String)?.hasPrefix("vertex") == true
      for (tier, suffix) in [(ServiceTier.standard, ""), (.batch, "_batches"), (.flex, "_flex"), (.priority, "_priority")] {
        func check(_ bucket: String, _ key: String, _ ours: Int64?) {
          guard let theirs = fields[key + suffix] as? Double, theirs > 0 else { return }
          compared += 1
          let expected = Int64((theirs * 1e12).rounded())
          let place = "\(id.split(separator: "@")[0]) \(tier.rawValue) \(bucket)"
          guard ours != expected, !(isOnVertex && Self.otherPlatform.contains(place)) else { return }
          differences.append("\(name): \(place): \(key + suffix) is \(expected), ours \(ours.map(String.init) ?? "none")")
        }
        let rates = price.published(tier)?.rates
        check("input", "input_cost_per_token", rates?.input)
        check("cacheRead", "cache_read_input_token_cost", rates?.cacheRead)
        check("output", "output_cost_per_token", rates?.output)
        check("reasoning", "output_cost_per_reasoning_token", rates?.reasoning)
        if !id.hasPrefix("gemini") { check("cacheWrite", "cache_creation_input_token_cost", rates?.cacheWrite) }
        check("cacheWriteHour", "cache_creation_input_token_cost_above_1hr", rates?.cacheWriteHour)
        for above in [100, 200, 272] {
          guard let long = price.published(tier)?.longContext, long.above == above * 1000 else {
            // Vertex AI lists a long-context price that Anthropic itself has given up; it is under the name Vertex uses.
            if fields["input_cost_per_token_above_\(above)k_tokens\(suffix)"] != nil, id != "claude-sonnet-4-5" {
              differences.append("\(name): no \(tier.rawValue) price above \(above)k")
            }
            continue
          }
          check("long input", "input_cost_per_token_above_\(above)k_tokens", long.rates.input)
          check("long output", "output_cost_per_token_above_\(above)k_tokens", long.rates.output)
          check("long cacheRead", "cache_read_input_token_cost_above_\(above)k_tokens", long.rates.cacheRead)
        }
      }
    }
    #expect(differences == [])
    #expect(compared > 1200)
  }

  /// Families that are not chat or embedding models priced by token, or that a person opted into by another road.
  private static let leftOut = [
    "ft:", "lyria", "gemma", "learnlm", "exp-", "experimental", "multimodal", "computer-use", "container", "medlm",
    "preview-0409", "large-exp", "robotics-er-1.5", "deep-research-pro-preview-12-2025", "claude-3-", "mythos-preview",
  ]

  @Test func coversEveryCurrentModelOfTheThreeVendors() throws {
    let vendors = [
      "openai", "anthropic", "gemini", "vertex_ai", "vertex_ai-language-models", "vertex_ai-embedding-models",
      "vertex_ai-anthropic_models",
    ]
    var missing: [String] = []
    for (name, fields) in try models() {
      guard let provider = fields["litellm_provider"] as? String, vendors.contains(provider), !name.contains("/xai/"),
        (fields["deprecation_date"] as? String ?? "9") > "2026-11-24", !Self.leftOut.contains(where: name.contains)
      else { continue }
      let id = String(name.split(separator: "/").last ?? "")
      if book.price(of: id, at: noon) == nil { missing.append(name) }
    }
    #expect(missing == [])
  }

  @Test func everyRateIsPlausible() {
    for model in book.models {
      guard let price = book.price(of: model, at: noon) else { continue }
      for tier in ServiceTier.allCases {
        guard let rates = price.published(tier)?.rates else { continue }
        #expect((1...200_000_000).contains(rates.input), "\(model)")
        #expect(rates.cacheRead.map { $0 < rates.input } ?? true, "\(model)")
        #expect(rates.cacheWrite.map { $0 > rates.input } ?? true, "\(model)")
        #expect(rates.output.map { $0 >= rates.input } ?? true, "\(model)")
        if let long = price.published(tier)?.longContext { #expect(long.rates.input > rates.input, "\(model)") }
      }
      if let priority = price.priority { #expect(priority.rates.input > price.standard.rates.input, "\(model)") }
      if let batch = price.batch { #expect(batch.rates.input < price.standard.rates.input, "\(model)") }
    }
  }
}
