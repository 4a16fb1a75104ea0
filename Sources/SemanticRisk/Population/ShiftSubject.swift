// Whose scores are a population of their own, and under which names a shift of it is told.

import LLMTelemetry

/// The values that a stream's responses share: another model or prompt version is another population.
package struct ShiftSubject: Hashable, Sendable, Codable {
  package var model: String?
  package var prompt: String?
  package var promptVersion: String?
  package var tenant: String?
  package var route: String?

  package init(_ dimensions: Dimensions) {
    model = dimensions.model
    prompt = dimensions.prompt
    promptVersion = dimensions.promptVersion
    tenant = dimensions.tenant
    route = dimensions.route
  }

  /// Tag names with the values that are known.
  package var dimensions: [String: String] {
    let all: [(Dimension, String?)] = [
      (.model, model), (.prompt, prompt), (.promptVersion, promptVersion), (.tenant, tenant), (.route, route),
    ]
    return all.reduce(into: [:]) { $0[$1.0.rawValue] = $1.1 }
  }

  /// The same users' same question, put to another model or with another version of the prompt.
  func succeeds(_ other: ShiftSubject) -> Bool {
    self != other && tenant == other.tenant && route == other.route && prompt == other.prompt
  }
}

extension RiskScorer {
  /// The name of its signal in findings and monitors: `ungrounded_shift`.
  package var shiftSignal: String { rawValue + "_shift" }
}

/// How many came in the last hour, in twelve parts.
struct RecentCount: Sendable, Codable {
  private static let part: Int64 = 300 * 1_000_000_000
  private var counts = [Int](repeating: 0, count: 12)
  private var newest: Int64 = 0
  private var since: Timestamp

  init(since: Timestamp) {
    self.since = since
    newest = since.unixNanoseconds / Self.part
  }

  mutating func add(at time: Timestamp) {
    advance(to: time)
    counts[Int(newest % 12)] += 1
  }

  private mutating func advance(to time: Timestamp) {
    let part = time.unixNanoseconds / Self.part
    guard part > newest else { return }
    for gone in 1...min(12, part - newest) { counts[Int((newest + gone) % 12)] = 0 }
    newest = part
  }

  /// Each second, over the last hour or what there is of it.
  func perSecond(at now: Timestamp) -> Double {
    var recent = self
    recent.advance(to: now)
    // The hour's first part is kept whole, so what is counted began up to a part later than an hour ago.
    let from = max(since.unixNanoseconds, (recent.newest - 11) * Self.part)
    return Double(recent.counts.reduce(0, +)) / (Double(max(60_000_000_000, now.unixNanoseconds - from)) / 1e9)
  }
}
