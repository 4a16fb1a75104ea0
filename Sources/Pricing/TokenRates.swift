// What a token costs in each bucket, in whole picodollars, so that no published price needs a fraction.

/// Picodollars per token ($1 per million tokens is 1,000,000); `nil` where the vendor publishes no price. Nano-dollars are too
/// coarse: $0.0375 per million tokens is 37.5 of them.
package struct TokenRates: Hashable, Sendable {
  package let input: Int64
  package var cacheRead: Int64? { cacheReadRate.value }
  /// Cache writes of the provider's usual time (Anthropic: five minutes).
  package var cacheWrite: Int64? { cacheWriteRate.value }
  package var cacheWriteHour: Int64? { cacheWriteHourRate.value }
  package var output: Int64? { outputRate.value }
  /// Vendors bill thinking as output unless they say otherwise.
  package var reasoning: Int64? { reasoningRate.value }
  package var inputAudio: Int64? { inputAudioRate.value }
  /// Vendors bill the tokens of a picture as text unless they say otherwise.
  package var inputImage: Int64? { inputImageRate.value }
  package var outputAudio: Int64? { outputAudioRate.value }
  package var outputImage: Int64? { outputImageRate.value }
  /// The highest price of any prompt bucket, and of any output bucket: what a reservation reckons with.
  package let dearestInput: Int64
  package var dearestOutput: Int64? { dearestOutputRate.value }

  private let cacheReadRate: Rate
  private let cacheWriteRate: Rate
  private let cacheWriteHourRate: Rate
  private let outputRate: Rate
  private let reasoningRate: Rate
  private let inputAudioRate: Rate
  private let inputImageRate: Rate
  private let outputAudioRate: Rate
  private let outputImageRate: Rate
  private let dearestOutputRate: Rate

  /// A rate or none in eight bytes: rates are copied for every request, and an optional would take sixteen.
  private struct Rate: Hashable, Sendable {
    private let rate: Int64

    init(_ rate: Int64?) { self.rate = rate ?? -1 }

    var value: Int64? { rate < 0 ? nil : rate }
  }

  package init(
    input: Int64, cacheRead: Int64? = nil, cacheWrite: Int64? = nil, cacheWriteHour: Int64? = nil, output: Int64? = nil,
    reasoning: Int64? = nil, inputAudio: Int64? = nil, inputImage: Int64? = nil, outputAudio: Int64? = nil,
    outputImage: Int64? = nil
  ) {
    self.input = input
    cacheReadRate = Rate(cacheRead)
    cacheWriteRate = Rate(cacheWrite)
    cacheWriteHourRate = Rate(cacheWriteHour)
    outputRate = Rate(output)
    reasoningRate = Rate(reasoning ?? output)
    inputAudioRate = Rate(inputAudio)
    inputImageRate = Rate(inputImage ?? input)
    outputAudioRate = Rate(outputAudio)
    outputImageRate = Rate(outputImage)
    let prompt: [Int64?] = [input, cacheRead, cacheWrite, cacheWriteHour, inputAudio, inputImage]
    dearestInput = prompt.compactMap(\.self).max() ?? input
    let answer: [Int64?] = [output, reasoning, outputAudio, outputImage]
    dearestOutputRate = Rate(answer.compactMap(\.self).max())
  }

  /// Every rate by `numerator / denominator`; `nil` when one of them would not be whole.
  package func scaled(by numerator: Int64, over denominator: Int64) -> TokenRates? {
    var isWhole = true
    func scale(_ rate: Int64) -> Int64 {
      let (product, overflow) = rate.multipliedReportingOverflow(by: numerator)
      if overflow || product % denominator != 0 { isWhole = false }
      return product / denominator
    }
    let result = TokenRates(
      input: scale(input), cacheRead: cacheRead.map(scale), cacheWrite: cacheWrite.map(scale),
      cacheWriteHour: cacheWriteHour.map(scale), output: output.map(scale), reasoning: reasoning.map(scale),
      inputAudio: inputAudio.map(scale), inputImage: inputImage.map(scale), outputAudio: outputAudio.map(scale),
      outputImage: outputImage.map(scale))
    return isWhole ? result : nil
  }
}
