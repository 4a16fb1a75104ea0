// A failure that detection has found in the spans themselves, as a monitor of kind `detection` sees it.

import LLMMetrics
import LLMTelemetry

/// What detection says of one failure while it lasts. Detection groups signals and looks for the cause; monitors turn that into alerts.
package struct DetectionFinding: Hashable, Sendable {
  /// What it shows itself in: `ungrounded`, `latency`.
  package var signals: [String]
  /// The values that were blamed when it was found. They stay, so that one failure is one alert.
  package var group: [String: String]
  package var opened: Timestamp
  /// When it began, as far as the signals show.
  package var onset: Timestamp
  package var severity: Severity
  /// The values that are blamed now; empty when everything is affected.
  package var dimensions: [String: String]
  /// 0 to 1.
  package var confidence: Double
  package var change: ChangeEvent?
  /// Sentences with numbers, without a final full stop: one for each signal.
  package var evidence: [String]

  package init(
    signals: [String], group: [String: String], opened: Timestamp, onset: Timestamp, severity: Severity,
    dimensions: [String: String], confidence: Double, change: ChangeEvent? = nil, evidence: [String] = []
  ) {
    self.signals = signals
    self.group = group
    self.opened = opened
    self.onset = onset
    self.severity = severity
    self.dimensions = dimensions
    self.confidence = confidence
    self.change = change
    self.evidence = evidence
  }
}

/// Which findings a monitor speaks for.
package struct DetectionFilter: Hashable, Sendable {
  /// Names of signals; empty means every signal.
  package var signals: [String]

  package init(signals: [String] = []) { self.signals = signals }

  package func matches(_ finding: DetectionFinding) -> Bool { signals.isEmpty || !Set(signals).isDisjoint(with: finding.signals) }
}

extension MonitorDefinition {
  /// The finding behind an alert of this monitor: the oldest that is open for its group.
  package func finding(for group: TagSet, in findings: [DetectionFinding]) -> DetectionFinding? {
    guard case .detection(let filter) = kind else { return nil }
    return findings.filter { filter.matches($0) && $0.group == group.byName }.min { $0.opened < $1.opened }
  }
}

extension EvaluationRun {
  /// One evaluation for each slice with a finding, and for each group that is known; the value is how many findings it has.
  func detection(_ filter: DetectionFilter) -> [Evaluation] {
    let open = Dictionary(grouping: context.findings.filter(filter.matches)) { TagSet($0.group) }
    return known.union(open.keys).map { group in
      let found = open[group]?.sorted { $0.opened < $1.opened } ?? []
      let evidence = found.first.map { $0.evidence.isEmpty ? [$0.signals.joined(separator: ", ")] : $0.evidence }
      return judge(
        GroupReading(tags: group), value: Double(found.count), finding: .detection(evidence ?? []), isGated: false)
    }
  }
}
