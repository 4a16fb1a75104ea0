// Costs in integers, exact only when everything billed is known, and never another model's price.

import Foundation
import LLMTelemetry
@testable import Pricing
import Testing

@Suite struct PriceBookTests {
  private let book = PriceBook.builtIn
  private let now = Timestamp(unixSeconds: 1_764_000_000)

  private func span(_ model: String?, _ usage: TokenUsage, kind: SpanKind = .llm) -> LLMSpan {
    var span = LLMSpan(traceID: .random(), spanID: .random(), kind: kind, name: "chat", start: now, duration: .seconds(1))
    span.dimensions.model = model
    span.usage = usage
    return span
  }

  @Test func sumsEveryBucketAtItsOwnRate() {
    let usage = TokenUsage(input: 1000, cacheRead: 200, output: 50, reasoning: 30)
    #expect(
      book.cost(of: span("gemini-2.5-flash", usage))
        == .exact(Nanodollars(1000 * 300 + 200 * 30 + 80 * 2500), priceVersion: book.version))
  }

  @Test func longPromptRepricesTheWholeRequest() {
    let short = TokenUsage(input: 150_000, cacheRead: 50_000, output: 10)
    #expect(book.cost(of: span("gemini-2.5-pro", short)).amount == Nanodollars(150_000 * 1250 + 50_000 * 125 + 10 * 10_000))
    let long = TokenUsage(input: 150_001, cacheRead: 50_000, output: 10)
    #expect(book.cost(of: span("gemini-2.5-pro", long)).amount == Nanodollars(150_001 * 2500 + 50_000 * 250 + 10 * 15_000))
  }

  @Test func unknownModelOrUsageHasNoCost() {
    let usage = TokenUsage(input: 10, output: 10)
    for model in [
      "gpt-4o-2099-new", "gpt-4o-minimum", "gemini-2.5-flash-image", "gpt-4", "my-gpt-4o", "gpt-4.1-2025-04", "", "@1",
    ] {
      #expect(book.cost(of: span(model, usage)) == .unknown, "\(model)")
    }
    #expect(book.cost(of: span(nil, usage)) == .unknown)
    #expect(book.cost(of: span("gpt-4o", TokenUsage())) == .unknown)
    #expect(book.cost(of: span("gpt-4o", usage, kind: .retrieval)) == .unknown)
    var answeredByAnother = span("gpt-4o", usage)
    answeredByAnother.responseModel = "somebody-elses-model"
    #expect(book.cost(of: answeredByAnother) == .unknown)
  }

  @Test(arguments: [
    ("gpt-4.1-2025-04-14", "gpt-4.1"), ("gemini-2.5-flash-001", "gemini-2.5-flash"),
    ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
    ("claude-opus-4-5@20251101", "claude-opus-4-5"), ("text-embedding-005@001", "text-embedding-005"),
  ])
  func datedVersionHasTheModelsPrice(_ version: String, _ model: String) {
    #expect(book.price(of: version, at: now) != nil)
    #expect(book.price(of: version, at: now) == book.price(of: model, at: now))
  }

  @Test func whatIsMissingMakesTheCostPartial() {
    var failed = span("gpt-4o", TokenUsage(input: 100, output: 3))
    failed.outcome = .failed(.cancelled, message: "client went away")
    #expect(book.cost(of: failed) == .partial(Nanodollars(100 * 2500 + 3 * 10_000), priceVersion: book.version))
    #expect(book.cost(of: span("gpt-4o", TokenUsage(input: 100))).exactness == "partial")
    #expect(book.cost(of: span("gpt-4o", TokenUsage(output: 100))).exactness == "partial")
    // gpt-4o has no price for cache writes.
    #expect(book.cost(of: span("gpt-4o", TokenUsage(input: 1, cacheWrite: 5, output: 1))).exactness == "partial")
    #expect(book.cost(of: span("gpt-4o", TokenUsage(input: 1, cacheWrite: 0, output: 1))).exactness == "exact")
    #expect(
      book.cost(of: span("text-embedding-3-small", TokenUsage(input: 7), kind: .embedding))
        == .exact(Nanodollars(140), priceVersion: book.version))
  }

  @Test func exchangeThatReachedNoProviderCostsNothing() {
    var refused = span("gpt-4o", TokenUsage())
    refused.attempts = 0
    refused.outcome = .failed(.rateLimited, message: "budget")
    #expect(book.cost(of: refused) == .exact(Nanodollars(0), priceVersion: book.version))
  }

  @Test func absurdCountsAreUnknownNotWrapped() {
    #expect(book.cost(of: span("gpt-4o", TokenUsage(input: .max, output: 1))) == .unknown)
    #expect(book.cost(of: span("gpt-4o", TokenUsage(input: -5, output: 1))) == .unknown)
  }

  @Test func priceIsTheOneOfTheDay() {
    let change = now + .seconds(100)
    let book = PriceBook(
      version: "t", source: "t",
      entries: [
        PriceEntry("m", ModelPrice(TokenRates(input: 1, output: 1))),
        PriceEntry("m", from: change, ModelPrice(TokenRates(input: 2, output: 2))),
      ])
    #expect(book.price(of: "m", at: now)?.rates.input == 1)
    #expect(book.price(of: "m", at: change)?.rates.input == 2)
  }

  /// Every id of an independent collection that our book claims to know must have that price.
  @Test(.enabled(if: thirdPartyPrices != nil, "the collection is not in a clone of the project"))
  func agreesWithAnIndependentCollection() throws {
    let file = try #require(thirdPartyPrices)
    let root = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    let models = try #require(root["models"] as? [String: [String: Any]])
    var compared = 0
    for (name, fields) in models where !name.contains("audio") && !name.hasPrefix("ft:") {
      let id = String(name.split(separator: "/").last ?? "")
      guard let price = book.price(of: id, at: now), let input = fields["input_cost_per_token"] as? Double else { continue }
      func nano(_ key: String) -> Int64? { (fields[key] as? Double).map { Int64(($0 * 1e9).rounded()) } }
      compared += 1
      #expect(price.rates.input == Int64((input * 1e9).rounded()), "\(name)")
      if let output = nano("output_cost_per_token"), output > 0 { #expect(price.rates.output == output, "\(name)") }
      if let read = nano("cache_read_input_token_cost") { #expect(price.rates.cacheRead == read, "\(name)") }
      if let reasoning = nano("output_cost_per_reasoning_token") { #expect(price.rates.reasoning == reasoning, "\(name)") }
      if let long = nano("input_cost_per_token_above_200k_tokens"), !name.hasPrefix("vertex_ai/claude") {
        #expect(price.longContext?.rates.input == long, "\(name)")
        #expect(price.longContext?.rates.output == nano("output_cost_per_token_above_200k_tokens"), "\(name)")
      }
    }
    #expect(compared > 100)
  }
}

private let thirdPartyPrices: URL? = sharedFile("reference/prices-third-party.json")
