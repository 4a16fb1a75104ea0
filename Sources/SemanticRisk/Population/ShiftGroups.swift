// One shift shows in many streams, every tenant of a prompt version: groups them, and says which values they share.

import LLMTelemetry

/// Streams that have shifted together.
package struct ShiftGroup: Sendable, Equatable {
  /// The values that were blamed when the first of them was found. They stay, so that one shift is one alert.
  package let firstDimensions: [String: String]
  package let opened: Timestamp
  /// The values that all of them share.
  package fileprivate(set) var dimensions: [String: String]
  /// Whether streams without these values are watched, and are well.
  package fileprivate(set) var hasContrast: Bool
  /// The shifted streams, the fullest first.
  package fileprivate(set) var streams: [ShiftStatus]
  fileprivate var subjects: Set<ShiftSubject>

  package var onset: Timestamp { streams.compactMap(\.onset).min() ?? opened }
}

package struct ShiftGroups: Sendable {
  package private(set) var open: [ShiftGroup] = []

  /// Values belong to a shift when at least this share of the watched subjects that have them are affected.
  private static let leastAffected = 0.8

  package init() {}

  /// - Parameter statuses: of all streams.
  package mutating func update(_ statuses: [ShiftStatus], now: Timestamp) {
    let watched = Set(statuses.filter { $0.state != .learning }.map(\.subject))
    let shifted = Dictionary(grouping: statuses.filter { $0.state == .shifted }, by: \.subject)
    // Streams of one shift do not reach their thresholds at the same moment.
    let affected = Set(statuses.filter { $0.state == .shifted || ($0.height ?? 0) > 0.5 }.map(\.subject))
    for index in open.indices { open[index].subjects.formIntersection(shifted.keys) }
    open.removeAll { $0.subjects.isEmpty }
    let known = open.reduce(into: Set<ShiftSubject>()) { $0.formUnion($1.subjects) }
    let new = shifted.keys.filter { !known.contains($0) }.sorted { (onset(shifted[$0]), $0.text) < (onset(shifted[$1]), $1.text) }
    for subject in new { place(subject, watched: watched, affected: affected, now: now) }
    for index in open.indices {
      open[index].streams = open[index].subjects.flatMap { shifted[$0] ?? [] }.sorted {
        (-($0.height ?? 0), $0.subject.text, $0.scorer.rawValue) < (-($1.height ?? 0), $1.subject.text, $1.scorer.rawValue)
      }
      let dimensions = open[index].dimensions
      open[index].hasContrast = watched.contains { !affected.contains($0) && !$0.has(dimensions) }
    }
  }

  private func onset(_ streams: [ShiftStatus]?) -> Timestamp {
    streams?.compactMap(\.onset).min() ?? Timestamp(unixNanoseconds: .max)
  }

  private mutating func place(_ subject: ShiftSubject, watched: Set<ShiftSubject>, affected: Set<ShiftSubject>, now: Timestamp) {
    for index in open.indices {
      if subject.has(open[index].dimensions) {
        open[index].subjects.insert(subject)
        return
      }
      let shared = Self.shared(open[index].subjects.union([subject]))
      guard !shared.isEmpty, Self.isAffected(shared, watched: watched, affected: affected) else { continue }
      open[index].subjects.insert(subject)
      open[index].dimensions = shared
      return
    }
    let dimensions = Self.cause(of: subject, watched: watched, affected: affected)
    open.append(
      ShiftGroup(
        firstDimensions: dimensions, opened: now, dimensions: dimensions, hasContrast: false, streams: [], subjects: [subject]))
  }

  /// Of all ways to name a part of the traffic by this subject's values, the one with the most affected subjects and hardly any other;
  /// all the values that these have in common.
  static func cause(of subject: ShiftSubject, watched: Set<ShiftSubject>, affected: Set<ShiftSubject>) -> [String: String] {
    let own = subject.dimensions.sorted { $0.key < $1.key }
    var best: Set<ShiftSubject> = [subject]
    for choice in 1..<max(2, 1 << own.count) where !own.isEmpty {
      let values = Dictionary(
        uniqueKeysWithValues: own.indices.filter { choice & (1 << $0) != 0 }.map { (own[$0].key, own[$0].value) })
      guard isAffected(values, watched: watched, affected: affected) else { continue }
      let covered = affected.filter { $0.has(values) }
      if covered.count > best.count { best = covered }
    }
    return shared(best)
  }

  private static func isAffected(
    _ dimensions: [String: String], watched: Set<ShiftSubject>, affected: Set<ShiftSubject>
  ) -> Bool {
    let all = watched.count { $0.has(dimensions) }
    return all > 0 && Double(affected.count { $0.has(dimensions) }) >= leastAffected * Double(all)
  }

  private static func shared(_ subjects: Set<ShiftSubject>) -> [String: String] {
    guard let first = subjects.first else { return [:] }
    return first.dimensions.filter { name, value in subjects.allSatisfy { $0.dimensions[name] == value } }
  }
}

extension ShiftSubject {
  func has(_ values: [String: String]) -> Bool {
    let own = dimensions
    return values.allSatisfy { own[$0.key] == $0.value }
  }

  /// For sorting and for names that need not be parted again.
  package var text: String { dimensions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ") }
}
