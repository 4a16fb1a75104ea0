// Anthropic's prices, global routing.

extension BuiltInPrices {
  static let anthropic: [PriceRow] = claude

  // Cache writes of five minutes and of an hour; everything is half as dear in a batch.
  private static let claude: [PriceRow] = [
    row(
      "claude-fable-5", input: 10_000_000, read: 1_000_000, write: 12_500_000, hour: 20_000_000, output: 50_000_000,
      half: [.batch]),
    row(
      "claude-fable-5-1", input: 10_000_000, read: 250_000, write: 12_500_000, hour: 20_000_000, output: 50_000_000,
      half: [.batch]),
    row(
      "claude-haiku-4-5", input: 1_000_000, read: 100_000, write: 1_250_000, hour: 2_000_000, output: 5_000_000, half: [.batch]),
    row("claude-haiku-5-5", input: 100_000, read: 10_000, write: 125_000, hour: 200_000, output: 500_000, half: [.batch]),
    row(
      "claude-haiku-5-5", above: 100_000, input: 500_000, read: 50_000, write: 625_000, hour: 1_000_000, output: 2_500_000,
      half: [.batch]),
    row(
      "claude-mythos-5", input: 10_000_000, read: 1_000_000, write: 12_500_000, hour: 20_000_000, output: 50_000_000,
      half: [.batch]),
    row(
      "claude-mythos-5-1", input: 10_000_000, read: 250_000, write: 12_500_000, hour: 20_000_000, output: 50_000_000,
      half: [.batch]),
    row(
      "claude-opus-4-5", input: 5_000_000, read: 500_000, write: 6_250_000, hour: 10_000_000, output: 25_000_000, half: [.batch]),
    row(
      "claude-opus-4-6", input: 5_000_000, read: 500_000, write: 6_250_000, hour: 10_000_000, output: 25_000_000, half: [.batch]),
    row(
      "claude-opus-4-7", input: 5_000_000, read: 500_000, write: 6_250_000, hour: 10_000_000, output: 25_000_000, half: [.batch]),
    row(
      "claude-opus-4-8", input: 5_000_000, read: 500_000, write: 6_250_000, hour: 10_000_000, output: 25_000_000, half: [.batch]),
    row("claude-opus-5", input: 5_000_000, read: 500_000, write: 6_250_000, hour: 10_000_000, output: 25_000_000, half: [.batch]),
    row(
      "claude-opus-5-5", input: 4_000_000, read: 200_000, write: 5_000_000, hour: 8_000_000, output: 20_000_000, half: [.batch]),
    row(
      "claude-sonnet-4-5", input: 3_000_000, read: 300_000, write: 3_750_000, hour: 6_000_000, output: 15_000_000, half: [.batch]),
    // The form of the name Vertex AI uses, where the long-context price still applies.
    row(
      "claude-sonnet-4-5@20250929", input: 3_000_000, read: 300_000, write: 3_750_000, hour: 6_000_000, output: 15_000_000,
      half: [.batch]),
    row(
      "claude-sonnet-4-5@20250929", above: 200_000, input: 6_000_000, read: 600_000, write: 7_500_000, hour: 12_000_000,
      output: 22_500_000, half: [.batch]),
    row(
      "claude-sonnet-4-6", input: 3_000_000, read: 300_000, write: 3_750_000, hour: 6_000_000, output: 15_000_000, half: [.batch]),
    row(
      "claude-sonnet-5", input: 2_000_000, read: 200_000, write: 2_500_000, hour: 4_000_000, output: 10_000_000, half: [.batch]),
    row(
      "claude-sonnet-5-5", input: 2_000_000, read: 100_000, write: 2_500_000, hour: 4_000_000, output: 10_000_000, half: [.batch]),
  ]
}
