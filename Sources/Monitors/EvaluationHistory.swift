// The last evaluations of each alert, for pages: not part of the state, since they can be asked again.

import LLMMetrics
import LLMTelemetry

package struct EvaluationHistory: Sendable {
  package static let limit = 20
  /// A limit on remembered alerts; beyond it, those evaluated longest ago go.
  package static let alertLimit = 2_000

  private var byKey: [AlertKey: [Evaluation]] = [:]

  package init() {}

  /// Newest last.
  package subscript(key: AlertKey) -> [Evaluation] { byKey[key] ?? [] }

  package var keys: [AlertKey] { byKey.keys.sorted { $0.description < $1.description } }

  /// - Parameter durations: how long each monitor took, by name, where the caller measured it.
  package mutating func record(_ evaluations: [Evaluation], durations: [String: Duration] = [:]) {
    for var evaluation in evaluations {
      if let duration = durations[evaluation.key.monitor] { evaluation.duration = duration }
      byKey[evaluation.key, default: []].append(evaluation)
      if byKey[evaluation.key, default: []].count > Self.limit { byKey[evaluation.key]?.removeFirst() }
    }
    let excess = byKey.count - Self.alertLimit
    guard excess > 0 else { return }
    let oldest = byKey.sorted {
      ($0.value.last?.at ?? Timestamp(unixSeconds: 0)) < ($1.value.last?.at ?? Timestamp(unixSeconds: 0))
    }
    for (key, _) in oldest.prefix(excess) { byKey[key] = nil }
  }
}
