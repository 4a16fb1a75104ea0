// What a running product asks of detection: to take note of time that passes, and which failures it follows now.

import LLMTelemetry

/// A failure that is followed, with what it was blamed on first and now, and its numbers in words.
package struct FollowedFailure: Hashable, Sendable {
  /// The one that shows it best first.
  package var signals: [DetectionSignal]
  package var firstDimensions: [String: String]
  package var opened: Timestamp
  package var onset: Timestamp
  /// `SEV-1` to `SEV-3`.
  package var severity: String
  package var cause: DetectedIncident.Cause
  /// One sentence a signal, without a final full stop.
  package var evidence: [String]
}

extension Detector {
  /// Silence is news too: to be called often with the present time.
  package mutating func pass(to now: Timestamp) {
    guard bucket >= 0 else { return }
    advance(to: now.unixNanoseconds)
  }

  /// True once the first hour and 400 spans are known; before, nothing is found.
  package var isReady: Bool { isWarm }

  /// The oldest first.
  package var followed: [FollowedFailure] {
    open.sorted { ($0.opened, $0.slice.literals) < ($1.opened, $1.slice.literals) }.map { incident in
      let signals = byWeight(incident)
      return FollowedFailure(
        signals: signals, firstDimensions: values(of: incident.firstSlice),
        opened: time(incident.opened + 1), onset: time(incident.onset), severity: severity(incident),
        cause: .init(
          dimensions: values(of: incident.slice), confidence: confidence(incident), change: change(behind: incident)),
        evidence: signals.map { sentence($0, incident) })
    }
  }

  private func sentence(_ signal: DetectionSignal, _ incident: OpenIncident) -> String {
    let words = signal.name.replacing("_", with: " ")
    guard signal.rawValue < DetectionSignal.laneCount else {
      return signal == .trafficLoss ? "far fewer requests than usual" : "requests come in loops"
    }
    let (inside, outside) = incident.tally(in: incident.slice, leafs)
    if signal.isEvent {
      let lane = signal.rawValue
      let expected = inside.expected[lane] < 10 ? Self.tenths(inside.expected[lane]) : "\(Int(inside.expected[lane].rounded()))"
      return "\(words): \(Int(inside.events[lane])) of \(Int(inside.trials[lane])) requests, \(expected) expected"
    }
    let lane = signal.rawValue - DetectionSignal.eventCount
    guard inside.weight[lane] > 0 else { return words }
    var shift = inside.pull[lane] / inside.weight[lane]
    if signal.drifts, outside.weight[lane] > 0 { shift -= outside.pull[lane] / outside.weight[lane] }
    return "\(words): \(Self.tenths(shift.exponential)) times the usual over \(Int(inside.measured[lane])) requests"
  }

  private static func tenths(_ value: Float) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
  }
}
