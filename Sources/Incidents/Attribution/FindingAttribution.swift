// The cause of an alert that detection raised: detection has looked for it already, over the spans themselves.

import LLMTelemetry
import Monitors

extension Attribution {
  /// - Parameter signal: which of the finding's the alert's monitor speaks for.
  package init(_ finding: DetectionFinding, signal: String?) {
    guard !finding.dimensions.isEmpty else {
      self.init(
        cause: nil, abstention: "everything is affected alike: \(finding.evidence.joined(separator: "; "))", contrast: [],
        rejected: [], startedAt: finding.onset, signal: signal)
      return
    }
    self.init(
      cause: Cause(
        dimensions: finding.dimensions, title: SliceNaming.title(finding.dimensions), confidence: finding.confidence,
        explained: finding.confidence, evidence: finding.evidence.map(\.uppercasedFirst), change: finding.change),
      abstention: nil, contrast: [], rejected: [], startedAt: finding.onset, signal: signal)
  }
}
