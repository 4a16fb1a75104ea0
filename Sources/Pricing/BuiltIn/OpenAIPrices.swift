// OpenAI's prices.

extension BuiltInPrices {
  static let openAI: [PriceRow] = otherOpenAI + gpt4 + gpt5 + gpt54 + gpt6 + reasoning

  private static let otherOpenAI: [PriceRow] = [
    row("chat-latest", input: 5_000_000, read: 500_000, output: 30_000_000),
    row("daybreak-blue-latest", input: 4_000_000, read: 400_000, write: 5_000_000, output: 20_000_000),
    row("daybreak-blue-latest", above: 272_000, input: 8_000_000, read: 800_000, write: 10_000_000, output: 30_000_000),
    row("daybreak-red-latest", input: 12_500_000, read: 1_250_000, write: 15_625_000, output: 75_000_000),
    row("daybreak-red-latest", above: 272_000, input: 25_000_000, read: 2_500_000, write: 31_250_000, output: 112_500_000),
    row("gpt-audio", input: 2_500_000, output: 10_000_000, audio: 32_000_000, spoken: 64_000_000),
    row("gpt-audio-1.5", input: 2_500_000, output: 10_000_000, audio: 32_000_000, spoken: 64_000_000),
    row("gpt-audio-mini", input: 600_000, output: 2_400_000, audio: 10_000_000, spoken: 20_000_000),
    row("gpt-daybreak-blue-latest", input: 4_000_000, read: 400_000, write: 5_000_000, output: 20_000_000),
    row("gpt-daybreak-blue-latest", above: 272_000, input: 8_000_000, read: 800_000, write: 10_000_000, output: 30_000_000),
    row("gpt-daybreak-red-latest", input: 12_500_000, read: 1_250_000, write: 15_625_000, output: 75_000_000),
    row("gpt-daybreak-red-latest", above: 272_000, input: 25_000_000, read: 2_500_000, write: 31_250_000, output: 112_500_000),
    row("gpt-rosalind-discovery", input: 5_000_000, read: 500_000, output: 25_000_000),
    row("gpt-rosalind-research", input: 5_000_000, read: 500_000, output: 25_000_000),
    row("text-embedding-3-large", input: 130_000, half: [.batch]),
    row("text-embedding-3-small", input: 20_000, half: [.batch]),
    row("text-embedding-ada-002", input: 100_000),
    row("text-embedding-ada-002-v2", input: 100_000, half: [.batch]),
  ]

  private static let gpt4: [PriceRow] = [
    row("gpt-4.1", input: 2_000_000, read: 500_000, output: 8_000_000),
    row("gpt-4.1", .batch, input: 1_000_000, output: 4_000_000),
    row("gpt-4.1", .priority, input: 3_500_000, read: 875_000, output: 14_000_000),
    row("gpt-4.1-mini", input: 400_000, read: 100_000, output: 1_600_000),
    row("gpt-4.1-mini", .batch, input: 200_000, output: 800_000),
    row("gpt-4.1-mini", .priority, input: 700_000, read: 175_000, output: 2_800_000),
    row("gpt-4.1-nano", input: 100_000, read: 25_000, output: 400_000, twice: [.priority]),
    row("gpt-4.1-nano", .batch, input: 50_000, output: 200_000),
    row("gpt-4o", input: 2_500_000, read: 1_250_000, output: 10_000_000),
    row("gpt-4o", .batch, input: 1_250_000, output: 5_000_000),
    row("gpt-4o", .priority, input: 4_250_000, read: 2_125_000, output: 17_000_000),
    row("gpt-4o-2024-05-13", input: 5_000_000, output: 15_000_000, half: [.batch]),
    row("gpt-4o-2024-05-13", .priority, input: 8_750_000, output: 26_250_000),
    row("gpt-4o-audio-preview", input: 2_500_000, output: 10_000_000, audio: 40_000_000, spoken: 80_000_000),
    row("gpt-4o-mini", input: 150_000, read: 75_000, output: 600_000),
    row("gpt-4o-mini", .batch, input: 75_000, output: 300_000),
    row("gpt-4o-mini", .priority, input: 250_000, read: 125_000, output: 1_000_000),
    row("gpt-4o-mini-audio-preview", input: 150_000, output: 600_000, audio: 10_000_000, spoken: 20_000_000),
    row("gpt-4o-mini-search-preview", input: 150_000, read: 75_000, output: 600_000),
    row("gpt-4o-mini-search-preview", .batch, input: 75_000, output: 300_000),
    row("gpt-4o-search-preview", input: 2_500_000, read: 1_250_000, output: 10_000_000),
    row("gpt-4o-search-preview", .batch, input: 1_250_000, output: 5_000_000),
  ]

  private static let gpt5: [PriceRow] = [
    row("gpt-5", input: 1_250_000, read: 125_000, output: 10_000_000, half: [.batch, .flex], twice: [.priority]),
    row("gpt-5-chat", input: 1_250_000, read: 125_000, output: 10_000_000),
    row("gpt-5-chat-latest", input: 1_250_000, read: 125_000, output: 10_000_000),
    row("gpt-5-codex", input: 1_250_000, read: 125_000, output: 10_000_000),
    row("gpt-5-mini", input: 250_000, read: 25_000, output: 2_000_000, half: [.batch, .flex]),
    row("gpt-5-mini", .priority, input: 450_000, read: 45_000, output: 3_600_000),
    row("gpt-5-nano", input: 50_000, read: 5_000, output: 400_000, half: [.batch, .flex]),
    row("gpt-5-pro", input: 15_000_000, output: 120_000_000, half: [.batch]),
    row("gpt-5-search-api", input: 1_250_000, read: 125_000, output: 10_000_000),
    row("gpt-5.1", input: 1_250_000, read: 125_000, output: 10_000_000, half: [.batch, .flex], twice: [.priority]),
    row("gpt-5.1-chat-latest", input: 1_250_000, read: 125_000, output: 10_000_000),
    row("gpt-5.1-codex", input: 1_250_000, read: 125_000, output: 10_000_000),
    row("gpt-5.1-codex-max", input: 1_250_000, read: 125_000, output: 10_000_000),
    row("gpt-5.1-codex-mini", input: 250_000, read: 25_000, output: 2_000_000),
    row("gpt-5.2", input: 1_750_000, read: 175_000, output: 14_000_000, half: [.batch, .flex], twice: [.priority]),
    row("gpt-5.2-chat-latest", input: 1_750_000, read: 175_000, output: 14_000_000),
    row("gpt-5.2-codex", input: 1_750_000, read: 175_000, output: 14_000_000),
    row("gpt-5.2-pro", input: 21_000_000, output: 168_000_000, half: [.batch]),
    row("gpt-5.3-chat-latest", input: 1_750_000, read: 175_000, output: 14_000_000),
    row("gpt-5.3-codex", input: 1_750_000, read: 175_000, output: 14_000_000, twice: [.priority]),
  ]

  private static let gpt54: [PriceRow] = [
    row("gpt-5.4", input: 2_500_000, read: 250_000, output: 15_000_000, twice: [.priority]),
    row("gpt-5.4", .batch, input: 1_250_000, read: 130_000, output: 7_500_000),
    row("gpt-5.4", .flex, input: 1_250_000, read: 130_000, output: 7_500_000),
    row("gpt-5.4", above: 272_000, input: 5_000_000, read: 500_000, output: 22_500_000, half: [.batch, .flex]),
    row("gpt-5.4-mini", input: 750_000, read: 75_000, output: 4_500_000, half: [.batch, .flex], twice: [.priority]),
    row("gpt-5.4-nano", input: 200_000, read: 20_000, output: 1_250_000, half: [.batch, .flex]),
    row("gpt-5.4-pro", input: 30_000_000, output: 180_000_000, half: [.batch, .flex]),
    row("gpt-5.4-pro", above: 272_000, input: 60_000_000, output: 270_000_000, half: [.batch, .flex]),
    row("gpt-5.5", input: 5_000_000, read: 500_000, output: 30_000_000, half: [.batch, .flex]),
    row("gpt-5.5", .priority, input: 12_500_000, read: 1_250_000, output: 75_000_000),
    row("gpt-5.5", above: 272_000, input: 10_000_000, read: 1_000_000, output: 45_000_000, half: [.batch, .flex]),
    row("gpt-5.5-cyber", input: 12_500_000, read: 1_250_000, output: 75_000_000),
    row("gpt-5.5-cyber-preview", input: 12_500_000, read: 1_250_000, output: 75_000_000),
    row("gpt-5.5-pro", input: 30_000_000, output: 180_000_000, half: [.batch, .flex]),
    row("gpt-5.5-pro", above: 272_000, input: 60_000_000, output: 270_000_000, half: [.batch]),
  ]

  private static let gpt6: [PriceRow] = [
    row(
      "gpt-5.6", input: 4_000_000, read: 400_000, write: 5_000_000, output: 20_000_000, half: [.batch, .flex], twice: [.priority]),
    row(
      "gpt-5.6", above: 272_000, input: 8_000_000, read: 800_000, write: 10_000_000, output: 30_000_000, half: [.batch, .flex],
      twice: [.priority]),
    row("gpt-5.6-cyber", input: 12_500_000, read: 1_250_000, write: 15_625_000, output: 75_000_000),
    row("gpt-5.6-cyber", above: 272_000, input: 25_000_000, read: 2_500_000, write: 31_250_000, output: 112_500_000),
    row(
      "gpt-5.6-luna", input: 200_000, read: 20_000, write: 250_000, output: 1_200_000, half: [.batch, .flex], twice: [.priority]),
    row(
      "gpt-5.6-luna", above: 272_000, input: 400_000, read: 40_000, write: 500_000, output: 1_800_000, half: [.batch, .flex],
      twice: [.priority]),
    row(
      "gpt-5.6-sol", input: 4_000_000, read: 400_000, write: 5_000_000, output: 20_000_000, half: [.batch, .flex],
      twice: [.priority]),
    row(
      "gpt-5.6-sol", above: 272_000, input: 8_000_000, read: 800_000, write: 10_000_000, output: 30_000_000,
      half: [.batch, .flex], twice: [.priority]),
    row(
      "gpt-5.6-terra", input: 2_000_000, read: 200_000, write: 2_500_000, output: 12_000_000, half: [.batch, .flex],
      twice: [.priority]),
    row(
      "gpt-5.6-terra", above: 272_000, input: 4_000_000, read: 400_000, write: 5_000_000, output: 18_000_000,
      half: [.batch, .flex], twice: [.priority]),
    row(
      "gpt-6-astra", input: 10_000_000, read: 1_000_000, write: 12_500_000, output: 50_000_000, half: [.batch, .flex],
      twice: [.priority]),
    row(
      "gpt-6-astra", above: 272_000, input: 20_000_000, read: 2_000_000, write: 25_000_000, output: 75_000_000,
      half: [.batch, .flex], twice: [.priority]),
    row("gpt-6-astra-law", input: 10_000_000, read: 1_000_000, output: 50_000_000),
    row("gpt-6-luna", input: 100_000, read: 10_000, write: 125_000, output: 500_000, half: [.batch, .flex], twice: [.priority]),
    row(
      "gpt-6-luna", above: 272_000, input: 200_000, read: 20_000, write: 250_000, output: 750_000, half: [.batch, .flex],
      twice: [.priority]),
    row("gpt-6-rosalind", input: 15_000_000, read: 1_500_000, write: 18_750_000, output: 75_000_000),
    row("gpt-6-rosalind", above: 272_000, input: 30_000_000, read: 3_000_000, write: 37_500_000, output: 112_500_000),
    row(
      "gpt-6-sol", input: 2_000_000, read: 200_000, write: 2_500_000, output: 10_000_000, half: [.batch, .flex],
      twice: [.priority]),
    row(
      "gpt-6-sol", above: 272_000, input: 4_000_000, read: 400_000, write: 5_000_000, output: 15_000_000, half: [.batch, .flex],
      twice: [.priority]),
    row(
      "gpt-6.1-sol", input: 2_000_000, read: 100_000, write: 2_500_000, output: 10_000_000, half: [.batch, .flex],
      twice: [.priority]),
    row(
      "gpt-6.1-sol", above: 272_000, input: 4_000_000, read: 200_000, write: 5_000_000, output: 15_000_000,
      half: [.batch, .flex], twice: [.priority]),
    row(
      "gpt-6.1-terra", input: 1_000_000, read: 50_000, write: 1_250_000, output: 5_000_000, half: [.batch, .flex],
      twice: [.priority]),
    row(
      "gpt-6.1-terra", above: 272_000, input: 2_000_000, read: 100_000, write: 2_500_000, output: 7_500_000,
      half: [.batch, .flex], twice: [.priority]),
  ]

  private static let reasoning: [PriceRow] = [
    row("o3", input: 2_000_000, read: 500_000, output: 8_000_000, half: [.flex]),
    row("o3", .batch, input: 1_000_000, output: 4_000_000),
    row("o3", .priority, input: 3_500_000, read: 875_000, output: 14_000_000),
    row("o3-deep-research", input: 10_000_000, read: 2_500_000, output: 40_000_000),
    row("o3-mini", input: 1_100_000, read: 550_000, output: 4_400_000),
    row("o3-mini", .batch, input: 550_000, output: 2_200_000),
    row("o3-pro", input: 20_000_000, output: 80_000_000, half: [.batch]),
    row("o4-mini", input: 1_100_000, read: 275_000, output: 4_400_000),
    row("o4-mini", .batch, input: 550_000, output: 2_200_000),
    row("o4-mini", .flex, input: 550_000, read: 138_000, output: 2_200_000),
    row("o4-mini", .priority, input: 2_000_000, read: 500_000, output: 8_000_000),
    row("o4-mini-deep-research", input: 2_000_000, read: 500_000, output: 8_000_000),
  ]
}
