// What detection keeps of a span: which events it shows, what can be measured, and the leaf of dimension values it belongs to.

import LLMTelemetry

/// The dimensions causes are made of, in the order a leaf keeps their values.
package enum CauseDimension: Int, CaseIterable, Sendable {
  case provider, model, route, tenant, prompt, promptVersion, region, feature

  package var dimension: Dimension {
    switch self {
    case .provider: .provider
    case .model: .model
    case .route: .route
    case .tenant: .tenant
    case .prompt: .prompt
    case .promptVersion: .promptVersion
    case .region: .region
    case .feature: .feature
    }
  }

  package var name: String { dimension.rawValue }
}

/// Numbers of the values of a leaf, by dimension; 0 is "not given".
typealias LeafKey = SIMD8<UInt8>

/// One exchange with a model, ready to be counted.
struct DetectionSpan {
  /// Nanoseconds since 1970.
  var time: Int64 = 0
  var key = LeafKey(repeating: 0)
  /// A bit for each event lane that happened.
  var events: UInt32 = 0
  /// A bit for each event lane that could have happened.
  var trials: UInt32 = 0
  /// Natural logarithms of the measures; NaN where there is none.
  var measures = Measures(repeating: .nan)
  /// Output length on a half-octave scale, 0 to 31.
  var lengthClass: UInt8 = 0
}

/// The facts of a span before they become lanes: filled by the line reader and from a record alike.
struct SpanFacts {
  var time: Int64 = 0
  var key = LeafKey(repeating: 0)
  var isOK = true
  var errorClass: ErrorClass?
  var finish: FinishReason?
  var duration = Double.nan
  var firstToken = Double.nan
  var gap = Double.nan
  var cost = Double.nan
  var attempts = 1
  var input: Int = -1
  var cacheRead: Int = -1
  var cacheWrite: Int = -1
  var output: Int = -1
  var ungrounded = Double.nan
  var refusal = Double.nan
  var injection = Double.nan
  var sensitive = Double.nan
  var malformed = Double.nan
  var repetition = Double.nan
  var documents = -1
  var topScore = Double.nan

  func span() -> DetectionSpan {
    var span = DetectionSpan()
    span.time = time
    span.key = key
    var trials = Self.always
    var events: UInt32 = 0
    func flag(_ signal: DetectionSignal, _ score: Double) {
      guard !score.isNaN else { return }
      trials |= signal.bit
      if score >= 0.5 { events |= signal.bit }
    }
    if attempts > 1 { events |= DetectionSignal.retries.bit }
    if isOK {
      trials |= DetectionSignal.blocked.bit | DetectionSignal.truncation.bit
      switch finish {
      case .length: events |= DetectionSignal.truncation.bit
      case .contentFilter: events |= DetectionSignal.blocked.bit
      default: break
      }
      flag(.ungrounded, ungrounded)
      flag(.refusal, refusal)
      flag(.injection, injection)
      flag(.sensitive, sensitive)
      flag(.malformed, finish == .malformedToolCall ? 1 : malformed)
      flag(.repetition, repetition)
      if documents >= 0 { flag(.emptyRetrieval, documents == 0 ? 1 : 0) }
      if cacheRead >= 0 { flag(.uncached, cacheRead == 0 ? 1 : 0) }
      // The gateway's cache answered: how fast and how dear the model is shows elsewhere.
      if attempts > 0 { measure(into: &span) }
    } else {
      switch errorClass ?? .providerError {
      case .rateLimited, .quotaExhausted: events |= DetectionSignal.rateLimit.bit
      case .overloaded, .providerError, .network: events |= DetectionSignal.providerError.bit
      case .timeout: events |= DetectionSignal.timeout.bit
      case .invalidRequest, .contextOverflow, .auth: events |= DetectionSignal.requestError.bit
      case .cancelled: events |= DetectionSignal.cancelled.bit
      // An override refused it on purpose: no signal.
      case .withheld: break
      case .blocked:
        trials |= DetectionSignal.blocked.bit
        events |= DetectionSignal.blocked.bit
      }
    }
    span.trials = trials
    span.events = events
    return span
  }

  private static let always =
    DetectionSignal.rateLimit.bit | DetectionSignal.providerError.bit | DetectionSignal.timeout.bit
    | DetectionSignal.requestError.bit | DetectionSignal.cancelled.bit | DetectionSignal.retries.bit

  private func measure(into span: inout DetectionSpan) {
    let prompt = max(0, input) + max(0, cacheRead) + max(0, cacheWrite)
    // Half an octave wide: answers of a length are compared with answers of that length.
    if output > 0 { span.lengthClass = UInt8(min(31, Int((Float(output).logarithm * 2.885_39).rounded()))) }
    if duration > 0 { span.measures[0] = Float(duration).logarithm }
    if firstToken > 0 { span.measures[1] = Float(firstToken).logarithm }
    if gap > 0 { span.measures[2] = Float(gap).logarithm }
    if cost > 0 {
      span.measures[3] = Float(cost).logarithm
      // Tokens in the proportion most prices have; the model's own level is learned.
      let weighted = Double(max(0, input)) + 0.25 * Double(max(0, cacheRead)) + 6 * Double(max(0, output))
      if weighted > 0 { span.measures[6] = Float(cost / weighted).logarithm }
    }
    if input >= 0, prompt > 0 { span.measures[4] = Float(prompt).logarithm }
    if output > 0 { span.measures[5] = Float(output).logarithm }
    if topScore > 0, documents != 0 { span.measures[7] = Float(max(0.01, 1.05 - topScore)).logarithm }
  }
}

extension SpanFacts {
  /// The facts of a record; `nil` when it is no exchange with a model, or another span is the record of it.
  init?(_ span: LLMSpan, _ tables: inout DimensionTables) {
    guard span.kind == .llm, span.isTraffic else { return nil }
    func milliseconds(_ duration: Duration?) -> Double {
      duration.map { Double($0.components.seconds) * 1e3 + Double($0.components.attoseconds) / 1e15 } ?? .nan
    }
    time = span.start.unixNanoseconds
    let dimensions = span.dimensions
    let values: [(String?, CauseDimension)] = [
      (dimensions.provider, .provider), (dimensions.model, .model), (dimensions.route, .route), (dimensions.tenant, .tenant),
      (dimensions.prompt, .prompt), (dimensions.promptVersion, .promptVersion), (dimensions.region, .region),
      (dimensions.feature, .feature),
    ]
    for (value, dimension) in values { key[dimension.rawValue] = tables.number(value, dimension) }
    isOK = span.outcome == .ok
    errorClass = span.outcome.errorClass
    finish = span.finishReason
    duration = milliseconds(span.duration)
    firstToken = milliseconds(span.timeToFirstToken)
    gap = milliseconds(span.longestGap)
    cost = span.cost.amount.map { Double($0.count) / 1e9 } ?? .nan
    attempts = span.attempts
    input = span.usage.input ?? -1
    cacheRead = span.usage.cacheRead ?? -1
    cacheWrite = span.usage.cacheWrite ?? -1
    output = span.usage.output ?? -1
    ungrounded = span.risk[.ungrounded] ?? .nan
    refusal = span.risk[.refusal] ?? .nan
    injection = span.risk[.injection] ?? .nan
    sensitive = span.risk[.sensitiveData] ?? .nan
    malformed = span.risk[.malformed] ?? .nan
    repetition = span.risk[.repetition] ?? .nan
    if let retrieval = span.retrieval {
      documents = retrieval.documentCount
      topScore = retrieval.topScore ?? .nan
    }
  }
}
