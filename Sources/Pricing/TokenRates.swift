// What a token costs in each bucket, in whole picodollars, so that no published price needs a fraction.

/// Picodollars per token ($1 per million tokens is 1,000,000); `nil` where the vendor publishes no price. Nano-dollars are too
/// coarse: $0.0375 per million tokens is 37.5 of them.
package struct TokenRates: Hashable, Sendable {
  package let input: Int64
  package let cacheRead: Int64?
  /// Cache writes of the provider's usual time (Anthropic: five minutes).
  package let cacheWrite: Int64?
  package let cacheWriteHour: Int64?
  package let output: Int64?
  /// Vendors bill thinking as output unless they say otherwise.
  package let reasoning: Int64?
  package let inputAudio: Int64?
  /// Vendors bill the tokens of a picture as text unless they say otherwise.
  package let inputImage: Int64?
  package let outputAudio: Int64?
  package let outputImage: Int64?
  /// The highest price of any prompt bucket, and of any output bucket: what a reservation reckons with.
  package let dearestInput: Int64
  package let dearestOutput: Int64?

  package init(
    input: Int64, cacheRead: Int64? = nil, cacheWrite: Int64? = nil, cacheWriteHour: Int64? = nil, output: Int64? = nil,
    reasoning: Int64? = nil, inputAudio: Int64? = nil, inputImage: Int64? = nil, outputAudio: Int64? = nil,
    outputImage: Int64? = nil
  ) {
    self.input = input
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
    self.cacheWriteHour = cacheWriteHour
    self.output = output
    self.reasoning = reasoning ?? output
    self.inputAudio = inputAudio
    self.inputImage = inputImage ?? input
    self.outputAudio = outputAudio
    self.outputImage = outputImage
    let prompt: [Int64?] = [input, cacheRead, cacheWrite, cacheWriteHour, inputAudio, inputImage]
    dearestInput = prompt.compactMap(\.self).max() ?? input
    let answer: [Int64?] = [output, reasoning, outputAudio, outputImage]
    dearestOutput = answer.compactMap(\.self).max()
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
