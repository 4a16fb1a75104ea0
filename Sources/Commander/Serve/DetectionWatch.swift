// Detection in a running commander: fed on ingest's thread, told of changes, asked by every turn.

import Detection
import Foundation
import LLMMetrics
import LLMTelemetry
import Logging
import Monitors
import ServiceLifecycle
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

  private struct Memory {
    var detector: Detector
    /// What came before the past was read; `nil` afterwards.
    var waiting: [TrafficRecord]?
  }

  /// What waits while the past is read; more is not needed to learn what is usual.
  private static let waitingLimit = 50_000
  /// Detection weighs spans by when they happened: those of long ago would look like a flood now. A start reads them from the store.
  private static let latest: Duration = .seconds(600)

  private let settings: DetectionSettings
  private let memory: Mutex<Memory>
  private let now: @Sendable () -> Timestamp
  /// What the metric said last: a failure that ended is said to have, once.
  private let reported = Mutex<Set<Reported>>([])

  init(settings: DetectionSettings = DetectionSettings(), now: @escaping @Sendable () -> Timestamp = { .now() }) {
    self.settings = settings
    self.now = now
    memory = Mutex(Memory(detector: Detector(settings: settings), waiting: []))
  }

  /// One that knows what `other` knows now, on a clock of its own.
  init(copying other: DetectionWatch, now: @escaping @Sendable () -> Timestamp) {
    settings = other.settings
    self.now = now
    memory = Mutex(other.memory.withLock { $0 })
  }

  func observe(_ spans: [LLMSpan]) {
    let now = now()
    memory.withLock { memory in
      for span in spans { Self.take(.span(span), &memory, now: now) }
    }
  }

  private static func take(_ record: TrafficRecord, _ memory: inout Memory, now: Timestamp) {
    if let count = memory.waiting?.count {
      if count < waitingLimit { memory.waiting?.append(record) }
    } else {
      add(record, to: &memory.detector, now: now)
    }
  }

  private static func add(_ record: TrafficRecord, to detector: inout Detector, now: Timestamp) {
    switch record {
    case .span(let span): add(span, to: &detector, now: now)
    case .change(let change): detector.add(change)
    }
  }

  /// A clock that runs ahead must not carry detection's own into the future.
  private static func add(_ span: LLMSpan, to detector: inout Detector, now: Timestamp) {
    guard now - span.end <= latest else { return }
    guard span.start > now else { return detector.add(span) }
    var span = span
    span.start = now
    detector.add(span)
  }

  func note(_ change: ChangeEvent) {
    let now = now()
    guard now - change.at <= .seconds(3_600) else { return }
    var change = change
    change.at = min(change.at, now)
    memory.withLock { Self.take(.change(change), &$0, now: now) }
  }

  /// Reads the stored spans and the changes of the last day again, in the order of their time. Nothing is found meanwhile, and what
  /// comes is weighed afterwards: neither the gateway nor ingest waits.
  func remember(_ store: TelemetryStore, changes: [ChangeEvent]) throws {
    let end = now()
    var learnt = Detector(settings: settings)
    defer {
      memory.withLock { memory in
        for record in memory.waiting ?? [] { Self.add(record, to: &learnt, now: now()) }
        memory = Memory(detector: learnt, waiting: nil)
      }
    }
    let range = end - Self.memory..<end
    var waiting = changes.filter { range.contains($0.at) }.sorted { $0.at < $1.at }[...]
    try store.replay(range) { span in
      while let change = waiting.first, change.at <= span.start {
        learnt.add(change)
        waiting.removeFirst()
      }
      learnt.add(span)
    }
    for change in waiting { learnt.add(change) }
    learnt.pass(to: end)
  }

  /// Silence until `now` counts.
  func findings(at now: Timestamp) -> [DetectionFinding] {
    memory.withLock { memory in
      guard memory.waiting == nil else { return [] }
      memory.detector.pass(to: now)
      return memory.detector.followed.map(DetectionFinding.init)
    }
  }

  /// The verdicts as a metric, so that Datadog pages on what it could not find itself.
  func measurements() -> [MetricMeasurement] {
    let present = Set(
      memory.withLock(\.detector.followed).flatMap { failure in
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

/// Reads the past once, beside everything else, and then only waits for the end.
struct DetectionService: Service {
  let detection: DetectionWatch
  let store: TelemetryStore
  let changes: [ChangeEvent]
  let logger: Logger

  func run() async throws {
    // A thread of its own: a day of spans must not hold one of the few that serve.
    let thread = Thread { [detection, store, changes, logger] in
      do { try detection.remember(store, changes: changes) } catch {
        logger.warning("detection begins without the past of the store", metadata: ["error": "\(error)"])
      }
    }
    thread.start()
    try? await gracefulShutdown()
  }
}
