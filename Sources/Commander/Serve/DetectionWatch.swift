// Detection in a running commander: fed on ingest's thread, told of changes, asked by every turn.

import Detection
import LLMMetrics
import LLMTelemetry
import Monitors
import Storage
import Synchronization

/// One detector behind a lock. It learns from the last day of the store, so that a restart does not make it forget what is usual;
/// failures that were open are found again from the same spans.
final class DetectionWatch: Sendable {
  /// What a start reads again; a baseline's half-life is a day.
  static let memory: Duration = .seconds(86_400)

  private struct Reported: Hashable {
    let signal: String
    let dimensions: [String: String]
  }

  private let detector: Mutex<Detector>
  /// What the metric said last: a failure that ended is said to have, once.
  private let reported = Mutex<Set<Reported>>([])

  init(settings: DetectionSettings = DetectionSettings()) { detector = Mutex(Detector(settings: settings)) }

  func observe(_ spans: [LLMSpan]) {
    detector.withLock { detector in
      for span in spans { detector.add(span) }
    }
  }

  func note(_ change: ChangeEvent) { detector.withLock { $0.add(change) } }

  /// Reads the stored spans and the changes of the last day again, in the order of their time.
  func remember(_ store: TelemetryStore, changes: [ChangeEvent], now: Timestamp) throws {
    let range = now - Self.memory..<now
    try detector.withLock { detector in
      var waiting = changes.filter { range.contains($0.at) }.sorted { $0.at < $1.at }[...]
      try store.replay(range) { span in
        while let change = waiting.first, change.at <= span.start {
          detector.add(change)
          waiting.removeFirst()
        }
        detector.add(span)
      }
      for change in waiting { detector.add(change) }
      detector.pass(to: now)
    }
  }

  /// Silence until `now` counts.
  func findings(at now: Timestamp) -> [DetectionFinding] {
    detector.withLock { detector in
      detector.pass(to: now)
      return detector.followed.map(DetectionFinding.init)
    }
  }

  /// The verdicts as a metric, so that Datadog pages on what it could not find itself.
  func measurements() -> [MetricMeasurement] {
    let present = Set(
      detector.withLock(\.followed).flatMap { failure in
        failure.signals.map { Reported(signal: $0.name, dimensions: failure.firstDimensions) }
      })
    let past = reported.withLock { reported in
      defer { reported = present }
      return reported.subtracting(present)
    }
    return present.map { .detectionFinding(signal: $0.signal, dimensions: $0.dimensions, isOpen: true) }
      + past.map { .detectionFinding(signal: $0.signal, dimensions: $0.dimensions, isOpen: false) }
  }
}

extension DetectionFinding {
  init(_ failure: FollowedFailure) {
    self.init(
      signals: failure.signals.map(\.name), group: failure.firstDimensions, opened: failure.opened, onset: failure.onset,
      severity: Severity(rawValue: failure.severity) ?? .sev3, dimensions: failure.cause.dimensions,
      confidence: failure.cause.confidence, change: failure.cause.change, evidence: failure.evidence)
  }
}
