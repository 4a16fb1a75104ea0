// Which traces are kept: the Agent tells a rate for each service, and the trace's id decides, so that all services decide alike.

import Foundation
import LLMTelemetry

/// What the Agent last said under `rate_by_service`.
struct SamplingRates: Equatable, Sendable {
  struct Key: Hashable, Sendable {
    var service: String
    var env: String
  }

  private(set) var rates: [Key: Double] = [:]
  /// Of services the Agent has not seen; `nil` before it said anything.
  private(set) var standard: Double?

  /// Before the Agent said anything: everything is kept.
  init() {}

  /// Reads `{"rate_by_service": {"service:x,env:y": 0.5, "service:,env:": 1}}`; `nil` when this says nothing of rates, as an answer
  /// without a change does. A rate outside 0 to 1 is left out.
  init?(answer: [UInt8]) {
    struct Answer: Decodable { var rate_by_service: [String: Double]? }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(answer)), let byService = answer.rate_by_service,
      !byService.isEmpty
    else { return nil }
    for (key, rate) in byService where rate >= 0 && rate <= 1 {
      guard key.hasPrefix("service:"), let separator = key.range(of: ",env:", options: .backwards) else { continue }
      let service = key[..<separator.lowerBound].dropFirst("service:".count)
      let env = key[separator.upperBound...]
      if service.isEmpty, env.isEmpty {
        standard = rate
      } else {
        rates[Key(service: String(service), env: String(env))] = rate
      }
    }
    if rates.isEmpty, standard == nil { return nil }
  }

  /// `nil`: the Agent has said nothing yet.
  func rate(service: String, env: String) -> Double? {
    if rates.isEmpty { return standard }
    return rates[Key(service: service, env: env)] ?? standard
  }

  /// Knuth's multiplicative hash, as in all of Datadog's tracers: every service of a trace comes to the same end.
  static func keeps(traceLow: UInt64, rate: Double) -> Bool {
    if rate >= 1 { return true }
    if rate <= 0 { return false }
    return traceLow &* 1_111_111_111_111_111_111 <= UInt64(rate * 18_446_744_073_709_551_616)
  }
}

/// A decision about one trace, and the marks that explain it (`_dd.p.dm`, `_dd.agent_psr`, `_dd.rule_psr`).
struct TraceDecision: Equatable, Sendable {
  enum Maker: Equatable, Sendable {
    /// Whoever began the trace, elsewhere; by what, where that is known.
    case caller(SamplingMechanism?)
    /// Nobody has said anything: everything is kept.
    case standard
    case agent(rate: Double)
    /// Our rule: what went wrong is kept.
    case failureRule
  }

  var priority: SamplingPriority
  var maker: Maker
}

struct TraceSampler: Sendable {
  /// Failed traces that are kept against the rate, in one second; Datadog's tracers limit rules to as many. Beyond it a failed trace has
  /// the chances of any other: an outage is one story, told a hundred times a second.
  static let failuresPerSecond = 100

  private var second: Int64 = .min
  private var keptFailures = 0

  init() {}

  /// - Parameters:
  ///   - given: what the trace's beginner decided, which nothing here overrules.
  ///   - hasFailed: a span of it failed, was blocked or was left by its client.
  mutating func decide(
    traceLow: UInt64, rate: Double?, given: SamplingDecision?, hasFailed: Bool, now: Timestamp
  ) -> TraceDecision {
    if let given { return TraceDecision(priority: given.priority, maker: .caller(given.mechanism)) }
    guard let rate else { return TraceDecision(priority: .autoKeep, maker: .standard) }
    if SamplingRates.keeps(traceLow: traceLow, rate: rate) {
      return TraceDecision(priority: .autoKeep, maker: .agent(rate: rate))
    }
    if hasFailed, takesFailure(now) { return TraceDecision(priority: .userKeep, maker: .failureRule) }
    return TraceDecision(priority: .autoReject, maker: .agent(rate: rate))
  }

  private mutating func takesFailure(_ now: Timestamp) -> Bool {
    if now.unixSeconds != second { (second, keptFailures) = (now.unixSeconds, 0) }
    keptFailures += 1
    return keptFailures <= Self.failuresPerSecond
  }
}
