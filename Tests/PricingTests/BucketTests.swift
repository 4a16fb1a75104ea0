// Every bucket and every tier at its own price, one rounding, and no figure that claims more than is known.

import LLMTelemetry
@testable import Pricing
import Testing

@Suite struct BucketTests {
  private static let rates = TokenRates(
    input: 1_000_000, cacheRead: 100_000, cacheWrite: 1_250_000, cacheWriteHour: 2_000_000, output: 5_000_000,
    reasoning: 6_000_000, inputAudio: 3_000_000, inputImage: 1_500_000, outputAudio: 9_000_000, outputImage: 30_000_000)

  @Test func everyBucketHasItsOwnRate() {
    let buckets: [(WritableKeyPath<TokenUsage, Int?>, Int64)] = [
      (\.input, 1000), (\.cacheRead, 100), (\.cacheWrite, 1250), (\.cacheWriteHour, 2000), (\.output, 5000),
      (\.reasoning, 6000), (\.inputAudio, 3000), (\.inputImage, 1500), (\.outputAudio, 9000), (\.outputImage, 30_000),
    ]
    let prices = book(["m": ModelPrice(Self.rates)])
    for (bucket, nanodollars) in buckets {
      var usage = TokenUsage(input: 0, output: 0)
      usage[keyPath: bucket] = 7
      #expect(prices.cost(of: span("m", usage)) == .exact(Nanodollars(7 * nanodollars), priceVersion: "t"), "\(bucket)")
    }
  }

  @Test func bucketWithoutPriceMakesTheCostPartialOnlyWhenItHasTokens() {
    let prices = book(["m": ModelPrice(TokenRates(input: 1000, output: 1000))])
    for bucket in [\TokenUsage.cacheRead, \.cacheWrite, \.cacheWriteHour, \.inputAudio, \.outputAudio, \.outputImage] {
      var usage = TokenUsage(input: 1, output: 1)
      usage[keyPath: bucket] = 0
      #expect(prices.cost(of: span("m", usage)) == .exact(Nanodollars(2), priceVersion: "t"))
      usage[keyPath: bucket] = 1
      #expect(prices.cost(of: span("m", usage)) == .partial(Nanodollars(2), priceVersion: "t"))
    }
    // Only unpriced tokens: nothing is known about the cost.
    #expect(prices.cost(of: span("m", TokenUsage(cacheRead: 5))) == .unknown)
  }

  @Test func theSumIsRoundedOnceAndHalvesToEven() {
    let prices = book(["m": ModelPrice(TokenRates(input: 37_500, cacheRead: 12_500, output: 400))])
    func nano(_ input: Int, _ read: Int, _ output: Int) -> Int64? {
      prices.cost(of: span("m", TokenUsage(input: input, cacheRead: read, output: output))).amount?.count
    }
    #expect(nano(1, 0, 0) == 38)
    #expect(nano(3, 0, 0) == 112)
    #expect(nano(1, 1, 0) == 50)
    #expect(nano(0, 0, 1) == 0)
    #expect(nano(0, 0, 2) == 1)
    #expect(nano(0, 1, 1) == 13)
    #expect(nano(1_000_000, 0, 0) == 37_500_000)
  }

  @Test func tierHasItsOwnPrice() {
    let prices = PriceBook.builtIn
    func cost(_ tier: ServiceTier?) -> Cost {
      prices.cost(of: span("gpt-5", TokenUsage(input: 1000, cacheRead: 100, output: 10), tier: tier))
    }
    #expect(cost(nil).amount == Nanodollars(1000 * 1250 + 100 * 125 + 10 * 10_000))
    #expect(cost(.standard) == cost(nil))
    #expect(cost(.flex) == .exact(Nanodollars(1000 * 625 + 6250 + 10 * 5000), priceVersion: prices.version))
    #expect(cost(.batch) == cost(.flex))
    #expect(cost(.priority) == .exact(Nanodollars(1000 * 2500 + 100 * 250 + 10 * 20_000), priceVersion: prices.version))
  }

  @Test func tierWithoutPublishedPriceIsNeverSilentlyStandard() {
    let prices = book(["m": ModelPrice(TokenRates(input: 1000, output: 1000))])
    let usage = TokenUsage(input: 1, output: 1)
    #expect(prices.cost(of: span("m", usage, tier: .priority)) == .partial(Nanodollars(2), priceVersion: "t"))
    #expect(prices.cost(of: span("m", usage, tier: .batch)) == .unknown)
    #expect(prices.cost(of: span("m", usage, tier: .flex)) == .unknown)
  }

  @Test func tierWithoutLongContextPriceDoesNotTakeItsShortOne() {
    let prices = PriceBook.builtIn
    let long = TokenUsage(input: 272_001, output: 1)
    // Priority of gpt-5.4 has no price above 272,000 tokens.
    #expect(
      prices.cost(of: span("gpt-5.4", long, tier: .priority))
        == .partial(Nanodollars(272_001 * 5000 + 22_500), priceVersion: prices.version))
    #expect(
      prices.cost(of: span("gpt-5.4", long, tier: .flex))
        == .exact(Nanodollars(272_001 * 2500 + 11_250), priceVersion: prices.version))
    #expect(prices.cost(of: span("gpt-5.5-pro", long, tier: .flex)) == .unknown)
  }

  @Test func hourCacheWritesAreDearerThanFiveMinutes() {
    let prices = PriceBook.builtIn
    #expect(
      prices.cost(of: span("claude-opus-5", TokenUsage(input: 1, cacheWrite: 10, cacheWriteHour: 10, output: 1))).amount
        == Nanodollars(5000 + 10 * 6250 + 10 * 10_000 + 25_000))
  }

  @Test func mediaBucketsOfGemini() {
    let prices = PriceBook.builtIn
    var usage = TokenUsage(input: 10, output: 1)
    usage.inputAudio = 100
    usage.inputImage = 258
    #expect(
      prices.cost(of: span("gemini-2.5-flash", usage))
        == .exact(Nanodollars(10 * 300 + 100 * 1000 + 258 * 300 + 2500), priceVersion: prices.version))
    // How much of the cached prompt was sound is not told, and it would be dearer.
    usage.cacheRead = 5
    #expect(prices.cost(of: span("gemini-2.5-flash", usage)).exactness == "partial")
    #expect(prices.cost(of: span("gemini-2.5-pro", usage)).exactness == "exact")
  }

  @Test func pricesByCharacterAreEstimates() {
    let prices = PriceBook.builtIn
    #expect(
      prices.cost(of: span("text-embedding-005@001", TokenUsage(input: 10), kind: .embedding))
        == .estimated(Nanodollars(1000), priceVersion: prices.version))
    #expect(
      prices.cost(of: span("gemini-embedding-001", TokenUsage(input: 10), kind: .embedding))
        == .exact(Nanodollars(1500), priceVersion: prices.version))
  }

  @Test func ceilingIsNeverBelowTheCost() throws {
    let prices = PriceBook.builtIn
    var random = SystemRandomNumberGenerator()
    for model in prices.models {
      for tier in [ServiceTier?.none] + ServiceTier.allCases {
        var usage = TokenUsage()
        usage.input = Int.random(in: 0...200_000, using: &random)
        usage.cacheRead = Int.random(in: 0...100_000, using: &random)
        usage.cacheWriteHour = Int.random(in: 0...100_000, using: &random)
        usage.inputAudio = Int.random(in: 0...10_000, using: &random)
        usage.output = Int.random(in: 0...10_000, using: &random)
        usage.reasoning = Int.random(in: 0...10_000, using: &random)
        let ceiling = prices.ceiling(
          model: model, at: noon, tier: tier, inputTokens: usage.totalInput ?? 0, outputTokens: usage.totalOutput ?? 0)
        guard let cost = prices.cost(of: span(model, usage, tier: tier)).amount, let ceiling else { continue }
        #expect(cost <= ceiling, "\(model) \(tier?.rawValue ?? "none")")
      }
    }
    #expect(
      prices.ceiling(model: "claude-opus-5", at: noon, tier: nil, inputTokens: 1000, outputTokens: 100)
        == Nanodollars(1000 * 10_000 + 100 * 25_000))
    #expect(
      prices.ceiling(model: "gemini-2.5-pro", at: noon, tier: nil, inputTokens: 200_001, outputTokens: 1)
        == Nanodollars(200_001 * 2500 + 15_000))
    #expect(prices.ceiling(model: "gpt-5-nano", at: noon, tier: .batch, inputTokens: 1, outputTokens: 0) == Nanodollars(25))
  }

  @Test func noCeilingWhereNoneCanBeTold() {
    let prices = PriceBook.builtIn
    #expect(prices.ceiling(model: "nobodys", at: noon, tier: nil, inputTokens: 1, outputTokens: 1) == nil)
    #expect(prices.ceiling(model: "gpt-5-pro", at: noon, tier: .priority, inputTokens: 1, outputTokens: 1) == nil)
    #expect(prices.ceiling(model: "gpt-5-pro", at: noon, tier: .flex, inputTokens: 1, outputTokens: 1) == Nanodollars(135_000))
    #expect(prices.ceiling(model: "text-embedding-3-small", at: noon, tier: nil, inputTokens: 9, outputTokens: 1) == nil)
    #expect(prices.ceiling(model: "text-embedding-3-small", at: noon, tier: nil, inputTokens: 9, outputTokens: 0) != nil)
    #expect(prices.ceiling(model: "gpt-5", at: noon, tier: nil, inputTokens: .max, outputTokens: 1) == nil)
    #expect(prices.ceiling(model: "gpt-5", at: noon, tier: nil, inputTokens: -1, outputTokens: 1) == nil)
  }
}
