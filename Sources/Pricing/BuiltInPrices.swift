// The prices that ship: standard tier, US dollars, global region. A test holds them against an independent collection.

extension PriceBook {
  package static let builtIn = PriceBook(
    version: "2026-11-23",
    source:
      "Published list prices of Google, OpenAI and Anthropic, standard tier, as collected by litellm 1.109.1 (MIT) on 2026-11-23; not confirmed by the vendors.",
    entries: google + openAI + anthropic)

  private static func entry(
    _ model: String, _ input: Int64, read: Int64? = nil, write: Int64? = nil, _ output: Int64? = nil,
    long: ModelPrice.LongContext? = nil
  ) -> PriceEntry {
    PriceEntry(model, ModelPrice(TokenRates(input: input, cacheRead: read, cacheWrite: write, output: output), longContext: long))
  }

  private static func above(
    _ tokens: Int, _ input: Int64, read: Int64? = nil, write: Int64? = nil, _ output: Int64
  ) -> ModelPrice.LongContext {
    ModelPrice.LongContext(above: tokens, rates: TokenRates(input: input, cacheRead: read, cacheWrite: write, output: output))
  }

  private static let google: [PriceEntry] = [
    entry("gemini-2.5-pro", 1250, read: 125, 10_000, long: above(200_000, 2500, read: 250, 15_000)),
    entry("gemini-2.5-flash", 300, read: 30, 2500),
    entry("gemini-2.5-flash-preview-09-2025", 300, read: 30, 2500),
    entry("gemini-2.5-flash-lite", 100, read: 10, 400),
    entry("gemini-2.5-flash-lite-preview-09-2025", 100, read: 10, 400),
    entry("gemini-3-pro-preview", 2000, read: 200, 12_000, long: above(200_000, 4000, read: 400, 18_000)),
    entry("gemini-3-flash-preview", 500, read: 50, 3000),
    entry("gemini-3.1-pro-preview", 2000, read: 200, 12_000, long: above(200_000, 4000, read: 400, 18_000)),
    entry("gemini-3.1-flash-lite", 250, read: 25, 1500),
    entry("gemini-3.1-flash-lite-preview", 250, read: 25, 1500),
    entry("gemini-3.5-flash", 1500, read: 150, 9000),
    entry("gemini-3.5-flash-lite", 300, read: 30, 2500),
    entry("gemini-3.6-flash", 750, read: 75, 3750),
    entry("gemini-3.7-flash", 750, read: 75, 3750),
    entry("gemini-3.8-flash", 750, read: 75, 3750),
    entry("gemini-embedding-001", 150),
    entry("gemini-embedding-2", 200),
    entry("text-embedding-004", 100),
    entry("text-embedding-005", 100),
    entry("text-multilingual-embedding-002", 100),
  ]

  private static let openAI: [PriceEntry] = [
    entry("gpt-4o", 2500, read: 1250, 10_000),
    // The first gpt-4o kept its own, higher price and has no cache.
    entry("gpt-4o-2024-05-13", 5000, 15_000),
    entry("gpt-4o-mini", 150, read: 75, 600),
    entry("gpt-4.1", 2000, read: 500, 8000),
    entry("gpt-4.1-mini", 400, read: 100, 1600),
    entry("gpt-4.1-nano", 100, read: 25, 400),
    entry("gpt-5", 1250, read: 125, 10_000),
    entry("gpt-5-chat-latest", 1250, read: 125, 10_000),
    entry("gpt-5-codex", 1250, read: 125, 10_000),
    entry("gpt-5-mini", 250, read: 25, 2000),
    entry("gpt-5-nano", 50, read: 5, 400),
    entry("gpt-5-pro", 15_000, 120_000),
    entry("gpt-5.1", 1250, read: 125, 10_000),
    entry("gpt-5.1-chat-latest", 1250, read: 125, 10_000),
    entry("gpt-5.1-codex", 1250, read: 125, 10_000),
    entry("gpt-5.1-codex-mini", 250, read: 25, 2000),
    entry("gpt-5.2", 1750, read: 175, 14_000),
    entry("gpt-5.2-chat-latest", 1750, read: 175, 14_000),
    entry("gpt-5.2-pro", 21_000, 168_000),
    entry("gpt-5.4", 2500, read: 250, 15_000, long: above(272_000, 5000, read: 500, 22_500)),
    entry("gpt-5.4-mini", 750, read: 75, 4500),
    entry("gpt-5.4-nano", 200, read: 20, 1250),
    entry("gpt-5.5", 5000, read: 500, 30_000, long: above(272_000, 10_000, read: 1000, 45_000)),
    entry("gpt-5.6", 4000, read: 400, write: 5000, 20_000, long: above(272_000, 8000, read: 800, write: 10_000, 30_000)),
    entry("o3", 2000, read: 500, 8000),
    entry("o3-mini", 1100, read: 550, 4400),
    entry("o3-pro", 20_000, 80_000),
    entry("o4-mini", 1100, read: 275, 4400),
    entry("text-embedding-3-small", 20),
    entry("text-embedding-3-large", 130),
    entry("text-embedding-ada-002", 100),
  ]

  // Cache writes are the five-minute ones.
  private static let anthropic: [PriceEntry] = [
    entry("claude-haiku-4-5", 1000, read: 100, write: 1250, 5000),
    entry("claude-haiku-5-5", 100, read: 10, write: 125, 500, long: above(100_000, 500, read: 50, write: 625, 2500)),
    entry("claude-sonnet-4-5", 3000, read: 300, write: 3750, 15_000),
    // The form of the name Vertex AI uses, where the long-context price still applies.
    entry(
      "claude-sonnet-4-5@20250929", 3000, read: 300, write: 3750, 15_000,
      long: above(200_000, 6000, read: 600, write: 7500, 22_500)),
    entry("claude-sonnet-4-6", 3000, read: 300, write: 3750, 15_000),
    entry("claude-sonnet-5", 2000, read: 200, write: 2500, 10_000),
    entry("claude-sonnet-5-5", 2000, read: 100, write: 2500, 10_000),
    entry("claude-opus-4-5", 5000, read: 500, write: 6250, 25_000),
    entry("claude-opus-4-6", 5000, read: 500, write: 6250, 25_000),
    entry("claude-opus-4-7", 5000, read: 500, write: 6250, 25_000),
    entry("claude-opus-4-8", 5000, read: 500, write: 6250, 25_000),
    entry("claude-opus-5", 5000, read: 500, write: 6250, 25_000),
    entry("claude-opus-5-5", 4000, read: 200, write: 5000, 20_000),
  ]
}
