// The user's price file: exact decimals, dated entries that win, and every mistake at once with its place.

import Foundation
import LLMTelemetry
@testable import Pricing
import StrictYAML
import Testing

@Suite struct PriceFileTests {
  private func read(_ text: String) -> (file: PriceFile, problems: [String]) {
    let problems = ProblemList()
    let file = PriceFile.parse(text, file: "config/prices.yaml", problems: problems)
    return (file, problems.all.map(\.description))
  }

  @Test func readsEveryBucketTierAndDate() throws {
    let (file, problems) = read(
      """
      prices:
        - model: my-model
          from: 2026-01-01
          until: 2026-07-01T12:00:00Z
          source: contract 17
          unit: usd_per_million_tokens
          input: 2.50
          cache_read: 0.0375
          cache_write: 3.125
          cache_write_1h: "5"
          output: 10
          reasoning: 12
          input_audio: 40
          input_image: 3
          output_audio: 80
          output_image: 30
          batch: {input: 1.25, output: 5}
          priority: {input: 4.25, output: 17, long_context: {above: 272000, input: 8.5, output: 25.5}}
          long_context: {above: 272000, input: 5, output: 15, cache_read: 0.000100}
        - {model: free, unit: usd_per_million_tokens, input: 0, output: 0}
      """)
    #expect(problems == [])
    let entry = try #require(file.entries.first)
    #expect(entry.from == Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
    #expect(entry.until == Timestamp(rfc3339: "2026-07-01T12:00:00Z"))
    #expect(entry.source == "contract 17")
    #expect(
      entry.price.standard
        == TierRates(
          TokenRates(
            input: 2_500_000, cacheRead: 37_500, cacheWrite: 3_125_000, cacheWriteHour: 5_000_000, output: 10_000_000,
            reasoning: 12_000_000, inputAudio: 40_000_000, inputImage: 3_000_000, outputAudio: 80_000_000,
            outputImage: 30_000_000),
          longContext: TierRates.LongContext(
            above: 272_000, rates: TokenRates(input: 5_000_000, cacheRead: 100, output: 15_000_000))))
    #expect(entry.price.batch == TierRates(TokenRates(input: 1_250_000, output: 5_000_000)))
    #expect(entry.price.flex == nil)
    #expect(entry.price.priority?.longContext?.rates.output == 25_500_000)

    let book = PriceBook.builtIn.overridden(by: file)
    #expect(book.version.hasPrefix(PriceBook.builtIn.version + "+prices.yaml@"))
    let inside = try #require(Timestamp(rfc3339: "2026-03-01T00:00:00Z"))
    #expect(book.price(of: "my-model", at: inside) == entry.price)
    #expect(book.price(of: "my-model", at: noon) == nil)
    #expect(book.cost(of: span("free", TokenUsage(input: 9, output: 9))) == .exact(Nanodollars(0), priceVersion: book.version))
  }

  @Test func versionFollowsTheContent() {
    let one = "prices: [{model: m, unit: usd_per_million_tokens, input: 1}]"
    #expect(read(one).file.version == read(one).file.version)
    #expect(read(one).file.version != read(one + " ").file.version)
  }

  @Test func everyMistakeIsReportedAtOnceWithItsPlace() {
    let (_, problems) = read(
      """
      prices:
        - model: a
          input: 2
        - model: b
          unit: usd_per_token
          input: 0.0000025
          output: 12500.01
        - model: c
          unit: usd_per_million_tokens
          input: -1
          cache_raed: 1
          from: yesterday
          batch: {output: 1e3}
        - {model: d, unit: usd_per_million_tokens, input: 1}
        - {model: d, unit: usd_per_million_tokens, input: 2}
        - {model: e, unit: usd_per_million_tokens, input: 1, from: 2026-01-02, until: 2026-01-01}
        - {model: f, unit: usd_per_million_tokens, input: 1.0000001, long_context: {input: 1}}
        - {unit: usd_per_million_tokens, output: 1}
      """)
    let expected = [
      "config/prices.yaml:2:5: `prices[0]` needs `unit`",
      "config/prices.yaml:5:11: `unit` must be usd_per_million_tokens",
      "config/prices.yaml:6:12: `prices[1].input`: 0.0000025 is below $0.0001 per million tokens",
      "config/prices.yaml:7:13: `prices[1].output`: 12500.01 is above $10,000 per million tokens",
      "config/prices.yaml:10:12: `prices[2].input`: -1 must be plain decimal dollars",
      "config/prices.yaml:11:5: unknown key `cache_raed`; did you mean `cache_read`?",
      "config/prices.yaml:12:11: `prices[2].from` must be a date",
      "config/prices.yaml:13:12: `prices[2].batch` needs `input`",
      "config/prices.yaml:13:21: `prices[2].batch.output`: 1e3 must be plain decimal dollars",
      "config/prices.yaml:15:5: \"d\" has two prices from the same time",
      "config/prices.yaml:16:81: `until` must be after `from`",
      "config/prices.yaml:17:53: `prices[6].input`: 1.0000001 has more than six decimals",
      "config/prices.yaml:17:78: `prices[6].long_context` needs `above`",
      "config/prices.yaml:18:5: `prices[7]` needs `model`",
      "config/prices.yaml:18:5: `prices[7]` needs `input`",
    ]
    for (problem, expected) in zip(problems, expected) { #expect(problem.hasPrefix(expected)) }
    #expect(problems.count == expected.count)
  }

  @Test(
    arguments: [
      ("0", 0), ("0.0001", 100), ("0.0375", 37_500), ("1", 1_000_000), ("2.50", 2_500_000), ("10000", 10_000_000_000),
      ("10000.000000", 10_000_000_000), ("0007", 7_000_000), ("0.12345600000", 123_456),
    ] as [(String, Int64)])
  func decimalIsExact(_ text: String, _ picodollars: Int64) throws {
    #expect(try PriceAmount(dollarsPerMillionTokens: text).picodollars == picodollars)
  }

  @Test(
    arguments: [
      ("", .notADecimal), (".", .notADecimal), ("1.", .notADecimal), (".5", .notADecimal), ("1,5", .notADecimal),
      ("+1", .notADecimal), ("1e-6", .notADecimal), ("0x10", .notADecimal), ("٣", .notADecimal), ("nan", .notADecimal),
      ("10000.01", .tooHigh), ("10000.0000001", .tooHigh), ("99999999999999999999", .tooHigh), ("0.00009", .tooLow),
      ("0.0000025", .tooLow), ("0.00000000001", .tooLow), ("1.2345678", .tooFine),
    ] as [(String, PriceAmount.Mistake)])
  func nonsenseIsRefused(_ text: String, _ mistake: PriceAmount.Mistake) {
    #expect(throws: mistake) { try PriceAmount(dollarsPerMillionTokens: text) }
  }

  @Test func theDocumentedExampleIsGood() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/money.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let examples = text.matches(of: /```yaml\n(# prices.yaml\n[^`]+)```/).map { String($0.1) }
    #expect(examples.count == 1)
    for example in examples {
      let (file, problems) = read(example)
      #expect(problems == [])
      #expect(file.entries.map(\.model) == ["gpt-4o", "our-llama"])
    }
  }
}
