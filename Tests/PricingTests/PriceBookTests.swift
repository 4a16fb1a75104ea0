// Costs in integers, exact only when everything billed is known, and never another model's price.

import Foundation
import LLMTelemetry
@testable import Pricing
import Testing

@Suite struct PriceBookTests {
  private let book = PriceBook.builtIn
  private let now = noon

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

  @Test func absurdCountsInSeveralBucketsAreUnknownNotWrapped() {
    #expect(book.cost(of: span("gpt-4o", TokenUsage(input: .max, cacheRead: .max, output: 1))) == .unknown)
    #expect(book.cost(of: span("gpt-4o", TokenUsage(input: 1, output: .max))) == .unknown)
  }

  @Test func priceIsTheOneOfTheDay() {
    let change = now + .seconds(100)
    let book = PriceBook(
      version: "t", source: "t",
      entries: [
        PriceEntry("m", ModelPrice(TokenRates(input: 1, output: 1))),
        PriceEntry("m", from: change, ModelPrice(TokenRates(input: 2, output: 2))),
      ])
    #expect(book.price(of: "m", at: now)?.standard.rates.input == 1)
    #expect(book.price(of: "m", at: change)?.standard.rates.input == 2)
    #expect(book.price(of: "m-001", at: change)?.standard.rates.input == 2)
  }

  @Test(arguments: [
    ("models/gemini-2.5-flash", "gemini-2.5-flash"), ("models/gemini-2.5-flash-001", "gemini-2.5-flash"),
    ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"), ("google/gemini-2.5-pro", "gemini-2.5-pro"),
    ("projects/p-1/locations/us-central1/publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
    ("publishers/anthropic/models/claude-opus-5@default", "claude-opus-5"), ("anthropic/claude-opus-5", "claude-opus-5"),
  ])
  func qualifiedNameIsTheModel(_ name: String, _ model: String) {
    #expect(book.price(of: name, at: now) != nil)
    #expect(book.price(of: name, at: now) == book.price(of: model, at: now))
    // The second time the name is remembered.
    #expect(book.price(of: name, at: now) == book.price(of: model, at: now))
  }

  @Test func aQualifierOfSomebodyElseIsAnotherModel() {
    for name in [
      "anthropic/gpt-4o", "models/gpt-4o", "google/claude-opus-5", "somebody/gpt-4o", "openrouter/anthropic/claude-opus-5",
      "us.anthropic.claude-opus-5", "ft:gpt-4o-mini", "models/", "models/gemini-2.5-flash/x", "projects/p/gemini-2.5-flash",
      "GPT-4o", "gpt-4o ", "gpt-4o-mini-audio", "gpt-5.6-luna-pro",
    ] {
      #expect(book.price(of: name, at: now) == nil, "\(name)")
    }
  }

  @Test func overridesWinForTheTimesTheyHold() {
    let ours = ModelPrice(TokenRates(input: 1, output: 1))
    let later = ModelPrice(TokenRates(input: 2, output: 2))
    let merged = book.overridden(
      by: [
        PriceEntry("gpt-4o", from: now, until: now + .seconds(10), ours), PriceEntry("mine", later),
        PriceEntry("gpt-4.1-2025-04-14", from: now, later),
      ], version: "o", source: "o")
    let listed = book.price(of: "gpt-4o", at: now)
    #expect(merged.price(of: "gpt-4o", at: now + .seconds(-1)) == listed)
    #expect(merged.price(of: "gpt-4o", at: now) == ours)
    #expect(merged.price(of: "gpt-4o-2024-11-20", at: now) == ours)
    #expect(merged.price(of: "gpt-4o", at: now + .seconds(10)) == listed)
    #expect(merged.price(of: "mine", at: now) == later)
    #expect(merged.price(of: "gpt-4o-mini", at: now) == book.price(of: "gpt-4o-mini", at: now))
    // A dated name with a price of its own has the model's before that price begins.
    #expect(merged.price(of: "gpt-4.1-2025-04-14", at: now) == later)
    #expect(merged.price(of: "gpt-4.1-2025-04-14", at: now + .seconds(-1)) == book.price(of: "gpt-4.1", at: now))
    // Overrides of overrides keep their order.
    let twice = merged.overridden(by: [PriceEntry("mine", ours)], version: "p", source: "p")
    #expect(twice.price(of: "mine", at: now) == ours)
    #expect(twice.price(of: "gpt-4o", at: now) == ours)
  }

  @Test func rememberedNamesAreBoundedAndStayRight() {
    let book = PriceBook(version: "t", source: "t", entries: [PriceEntry("m", ModelPrice(TokenRates(input: 1)))])
    for number in 100..<900 {
      for _ in 0..<2 {
        #expect(book.price(of: "m-\(number)", at: now) != nil)
        #expect(book.price(of: "n-\(number)", at: now) == nil)
      }
    }
    #expect(book.price(of: "m", at: now) != nil)
    #expect(book.price(of: String(repeating: "m", count: 10_000) + "@1", at: now) == nil)
  }
}
