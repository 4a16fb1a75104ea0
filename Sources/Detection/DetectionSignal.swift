// The signals detection watches, one lane each: sixteen that count events among requests, eight that compare a measure on a log scale,
// and two that count requests themselves.

/// What a detection monitor watches. The raw value is the name in reports and in labels.
package enum DetectionSignal: Int, CaseIterable, Hashable, Sendable {
  // Events among requests.
  case rateLimit, providerError, timeout, requestError, cancelled, blocked, truncation, ungrounded
  case refusal, injection, sensitive, malformed, repetition, emptyRetrieval, uncached, retries
  // Measures.
  case latency, timeToFirstToken, streamGap, cost, inputTokens, outputTokens, unitCost, retrievalDistance
  // Requests.
  case trafficLoss, loops

  package static let eventCount = 16
  package static let measureCount = 8
  /// Lanes whose evidence is kept for each slice.
  package static let laneCount = eventCount + measureCount

  package var name: String {
    switch self {
    case .rateLimit: "rate_limit"
    case .providerError: "provider_error"
    case .timeout: "timeout"
    case .requestError: "request_error"
    case .cancelled: "cancelled"
    case .blocked: "blocked"
    case .truncation: "truncation"
    case .ungrounded: "ungrounded"
    case .refusal: "refusal"
    case .injection: "injection"
    case .sensitive: "sensitive_data"
    case .malformed: "malformed"
    case .repetition: "repetition"
    case .emptyRetrieval: "empty_retrieval"
    case .uncached: "cache_loss"
    case .retries: "retries"
    case .latency: "latency"
    case .timeToFirstToken: "time_to_first_token"
    case .streamGap: "stream_stall"
    case .cost: "cost_per_request"
    case .inputTokens: "input_tokens"
    case .outputTokens: "output_tokens"
    case .unitCost: "cost_per_token"
    case .retrievalDistance: "retrieval_distance"
    case .trafficLoss: "traffic_loss"
    case .loops: "loop"
    }
  }

  package var isEvent: Bool { rawValue < Self.eventCount }
  package var isMeasure: Bool { !isEvent && rawValue < Self.laneCount }
  /// Latencies of all slices drift together with the provider's load, so a slice is compared with the rest of the traffic.
  package var drifts: Bool { self == .latency || self == .timeToFirstToken }
  package var bit: UInt32 { 1 << UInt32(rawValue) }

  /// The smallest shift of a measure's logarithm that is worth an incident: half of it is the point where evidence begins to grow.
  package var shift: Float {
    switch self {
    case .latency, .timeToFirstToken: 0.36
    case .streamGap: 0.5
    case .cost, .inputTokens, .outputTokens: 0.4
    case .unitCost: 0.2
    case .retrievalDistance: 0.6
    default: 0
    }
  }

  /// Shifts up to this are normal: answers that are a little longer by design.
  package var tolerance: Float {
    switch self {
    case .streamGap: 0.1
    case .cost, .inputTokens, .outputTokens: 0.18
    case .unitCost: 0.05
    case .retrievalDistance: 0.1
    default: 0
    }
  }

  /// Signals of a failing provider rather than of one model of it: decides between a provider and its only model.
  package var isOfProvider: Bool {
    switch self {
    case .rateLimit, .providerError, .timeout, .requestError, .retries: true
    default: false
    }
  }
}

/// One number for each measure.
typealias Measures = SIMD8<Float>
