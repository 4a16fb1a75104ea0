// The watch for population shifts in a running commander: fed on ingest's thread, asked by every turn, saved every minute.

import Console
import Foundation
import LLMMetrics
import LLMTelemetry
import Logging
import Monitors
import SemanticRisk
import ServiceLifecycle
import Storage
import Synchronization

final class ShiftWatch: Sendable {
  private struct Memory {
    var streams: ShiftStreams
    var groups = ShiftGroups()
    /// What the metrics said last: what has ended is said to have, once.
    var reported: [ReportedStream: Double] = [:]
    var reportedFindings: Set<ReportedFinding> = []
    var reportedUnwatched = 0
  }

  private struct ReportedStream: Hashable {
    let subject: ShiftSubject
    let scorer: RiskScorer
  }

  private struct ReportedFinding: Hashable {
    let signal: String
    let dimensions: [String: String]
  }

  /// Streams that are not seen for as long are forgotten.
  private static let memory: Duration = .seconds(30 * 86_400)
  /// Below this share of its threshold a stream is left out of the metric.
  private static let leastHeight = 0.1

  private let memory: Mutex<Memory>
  private let now: @Sendable () -> Timestamp

  init(settings: ShiftStreams.Settings = ShiftStreams.Settings(), now: @escaping @Sendable () -> Timestamp = { .now() }) {
    self.now = now
    memory = Mutex(Memory(streams: ShiftStreams(settings: settings, flaggedFrom: { RiskThreshold.of($0) })))
  }

  func observe(_ spans: [LLMSpan]) {
    let now = now()
    memory.withLock { memory in
      for span in spans { memory.streams.add(span, now: now) }
    }
  }

  /// - Parameter changes: in the order of their time; one that brought the blamed version or model is named.
  func findings(at now: Timestamp, changes: [ChangeEvent]) -> [DetectionFinding] {
    memory.withLock { memory in
      memory.streams.review(at: now)
      let statuses = memory.streams.statuses(at: now)
      memory.groups.update(statuses, now: now)
      let watching = statuses.count { $0.state != .learning }
      let rate = memory.streams.settings.falseAlarmsPerWeek
      return memory.groups.open.map {
        DetectionFinding($0, changes: changes, watching: watching, falseAlarmsPerWeek: rate)
      }
    }
  }

  func report(at now: Timestamp) -> ShiftReport {
    memory.withLock { memory in
      ShiftReport(memory.streams, statuses: memory.streams.statuses(at: now))
    }
  }

  func measurements() -> [MetricMeasurement] {
    let now = now()
    return memory.withLock { memory in
      var heights: [ReportedStream: Double] = [:]
      for status in memory.streams.statuses(at: now) {
        guard let height = status.height, height >= Self.leastHeight else { continue }
        heights[ReportedStream(subject: status.subject, scorer: status.scorer)] = height
      }
      let ended = memory.reported.keys.filter { heights[$0] == nil }.map { ($0, 0.0) }
      memory.reported = heights
      var measurements = (heights.map { ($0.key, $0.value) } + ended).map { stream, height in
        MetricMeasurement.riskShift(stream.scorer, dimensions: stream.subject.dimensions, height: height)
      }
      let findings = Set(
        memory.groups.open.flatMap { group in
          group.signals.map { ReportedFinding(signal: $0, dimensions: group.firstDimensions) }
        })
      measurements += findings.map { .detectionFinding(signal: $0.signal, dimensions: $0.dimensions, isOpen: true) }
      measurements += memory.reportedFindings.subtracting(findings).map {
        .detectionFinding(signal: $0.signal, dimensions: $0.dimensions, isOpen: false)
      }
      memory.reportedFindings = findings
      let unwatched = memory.streams.unwatchedScores - memory.reportedUnwatched
      if unwatched > 0 { measurements.append(.shiftUnwatched(unwatched)) }
      memory.reportedUnwatched = memory.streams.unwatchedScores
      return measurements
    }
  }

  // MARK: Over a restart

  /// Throws `StorageError`. Rows of another version, which cannot be read, are learned anew.
  func restore(_ store: TelemetryStore) throws {
    let decoder = JSONDecoder()
    let saved = try store.shiftRows().compactMap { try? decoder.decode(ShiftStreams.Saved.self, from: Data($0.state.utf8)) }
    memory.withLock { $0.streams.restore(saved) }
  }

  /// Saves what has changed since the last time.
  func save(_ store: TelemetryStore) throws {
    let changed = memory.withLock { $0.streams.takeChanged() }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    func text(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    let rows = try changed.map { saved in
      ShiftRow(
        stream: try text(saved.subject) + saved.scorer.rawValue, state: try text(saved), seen: saved.stream.lastSeen)
    }
    try store.save(shifts: rows, forgetting: now() - Self.memory)
  }
}

/// Saves what the watch has learned every minute, and at the end.
struct ShiftService: Service {
  let shift: ShiftWatch
  let store: TelemetryStore
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: .seconds(60))) != nil { save() }
    }
    save()
  }

  private func save() {
    do { try shift.save(store) } catch {
      logger.warning("what the watch for population shifts has learned was not saved", metadata: ["error": "\(error)"])
    }
  }
}
