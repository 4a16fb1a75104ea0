// The cause of an alert that detection raised: detection has looked for it already, over the spans themselves.

import LLMTelemetry
import Monitors

extension Attribution {
  package init(_ finding: DetectionFinding) {
    guard !finding.dimensions.isEmpty else {
      self.init(
        cause: nil, abstention: "everything is affected alike: \(finding.evidence.joined(separator: "; "))", contrast: [],
        rejected: [], startedAt: finding.onset)
      return
    }
    self.init(
      cause: Cause(
        dimensions: finding.dimensions, title: SliceNaming.title(finding.dimensions), confidence: finding.confidence,
        explained: finding.confidence, evidence: finding.evidence.map(\.uppercasedFirst), change: finding.change),
      abstention: nil, contrast: [], rejected: [], startedAt: finding.onset)
  }
}
