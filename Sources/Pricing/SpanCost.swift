// The cost of an exchange from its usage and the price book, and how far the figure can be trusted.

import LLMTelemetry

extension PriceBook {
  /// Integer arithmetic from tokens to nano-dollars. A model or a usage that is not known gives `.unknown`, never zero.
  package func cost(of span: LLMSpan) -> Cost {
    // Patterns instead of `==`, which for an enum of text compares the texts; this runs for every request.
    let isEmbedding: Bool
    switch span.kind {
    case .llm: isEmbedding = false
    case .embedding: isEmbedding = true
    case .retrieval, .tool, .agent, .workflow, .task: return .unknown
    }
    // No provider was reached, so nobody can bill for it: the one zero that is known without usage.
    if span.attempts == 0 { return .exact(Nanodollars(0), priceVersion: version) }
    guard span.usage.hasCounts, let model = span.responseModel ?? span.dimensions.model,
      let price = price(of: model, at: span.start), let promptTokens = span.usage.promptTokens
    else { return .unknown }

    let usage = span.usage
    let hasOutput = usage.output != nil || usage.outputAudio != nil || usage.outputImage != nil
    var isComplete = usage.input != nil && (hasOutput || isEmbedding)
    // An answer that a filter ended has its final figures; one that broke off has not.
    if case .failed(let errorClass, _) = span.outcome, errorClass != .blocked || span.finishReason == nil { isComplete = false }
    let rates: TokenRates
    switch price.rates(tier: span.serviceTier, promptTokens: promptTokens) {
    case .published(let published): rates = published
    case .atLeast(let floor):
      rates = floor
      isComplete = false
    // No word says "at most", and a cost must not be overstated.
    case .atMost: return .unknown
    }
    // Cached sound is dearer than cached text where sound is dearer, and usage does not tell them apart.
    if let audio = usage.inputAudio, audio > 0, let read = usage.cacheRead, read > 0, rates.inputAudio != rates.input {
      isComplete = false
    }

    var sum = BucketSum()
    sum.add(usage.input, rates.input)
    sum.add(usage.cacheRead, rates.cacheRead)
    sum.add(usage.cacheWrite, rates.cacheWrite)
    sum.add(usage.cacheWriteHour, rates.cacheWriteHour)
    sum.add(usage.inputAudio, rates.inputAudio)
    sum.add(usage.inputImage, rates.inputImage)
    sum.add(usage.output, rates.output)
    sum.add(usage.reasoning, rates.reasoning)
    sum.add(usage.outputAudio, rates.outputAudio)
    sum.add(usage.outputImage, rates.outputImage)
    guard sum.isValid, sum.hasPricedBucket else { return .unknown }
    let amount = Nanodollars(picodollars: sum.picodollars)
    if usage.isEstimated || price.isConverted { return .estimated(amount, priceVersion: version) }
    return isComplete && sum.isComplete ? .exact(amount, priceVersion: version) : .partial(amount, priceVersion: version)
  }
}

/// Tokens times rates, watched for everything that would make the sum a lie.
private struct BucketSum {
  var picodollars: Int64 = 0
  /// Every bucket that has tokens has a price.
  var isComplete = true
  var hasPricedBucket = false
  /// No count was negative, nothing overflowed.
  var isValid = true

  @inline(__always)
  mutating func add(_ tokens: Int?, _ rate: Int64?) {
    guard let tokens else { return }
    guard tokens >= 0 else {
      isValid = false
      return
    }
    guard let rate else {
      if tokens > 0 { isComplete = false }
      return
    }
    hasPricedBucket = true
    let (amount, productOverflow) = Int64(tokens).multipliedReportingOverflow(by: rate)
    let (total, sumOverflow) = picodollars.addingReportingOverflow(amount)
    if productOverflow || sumOverflow { isValid = false }
    picodollars = total
  }
}

extension TokenUsage {
  fileprivate var hasCounts: Bool {
    input != nil || output != nil || cacheRead != nil || cacheWrite != nil || cacheWriteHour != nil || reasoning != nil
      || inputAudio != nil || inputImage != nil || outputAudio != nil || outputImage != nil
  }

  /// All prompt tokens, 0 when none is known; `nil` when the counts cannot be counts. Without an array: this runs for every
  /// request.
  fileprivate var promptTokens: Int? {
    var total = 0
    var isValid = true
    func add(_ tokens: Int?) {
      guard let tokens else { return }
      let (sum, overflow) = total.addingReportingOverflow(tokens)
      if tokens < 0 || overflow { isValid = false }
      total = sum
    }
    add(input)
    add(cacheRead)
    add(cacheWrite)
    add(cacheWriteHour)
    add(inputAudio)
    add(inputImage)
    return isValid ? total : nil
  }
}

extension Nanodollars {
  /// The one rounding of an exchange: to the nearest nano-dollar, a half to the even one, so that long sums do not drift.
  init(picodollars: Int64) {
    let (quotient, remainder) = picodollars.quotientAndRemainder(dividingBy: 1000)
    let roundsUp = remainder > 500 || (remainder == 500 && quotient % 2 != 0)
    self.init(roundsUp ? quotient + 1 : quotient)
  }
}
