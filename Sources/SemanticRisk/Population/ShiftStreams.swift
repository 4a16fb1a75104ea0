// All watched streams, bounded: each (model, prompt, prompt version, tenant, route) with every scorer that scores it.

import LLMTelemetry

package struct ShiftStreams: Sendable {
  package struct Settings: Sendable {
    /// Streams that are kept; a learning one takes 10 KB, a watching one less than one.
    package var limit = 1_000
    /// Silent for longer than this, a stream gives its place to a new one.
    package var idle: Duration = .seconds(86_400)
    /// Spans that ended longer ago are of another time, and are not weighed.
    package var latest: Duration = .seconds(600)
    /// A shifted stream without a response for so long harms nobody any more.
    package var silence: Duration = .seconds(600)
    /// In a healthy week, over all streams together.
    package var falseAlarmsPerWeek = 1.0
    /// Scores that make a baseline.
    package var baseline = PopulationShift.Settings().baseline

    package init() {}
  }

  /// One stream as it is saved.
  package struct Saved: Sendable, Codable {
    package var subject: ShiftSubject
    package var scorer: RiskScorer
    package var stream: ShiftStream
  }

  private struct Row: Sendable {
    let subject: ShiftSubject
    var streams: [RiskScorer: ShiftStream] = [:]
    var hasChanged = true

    /// Returns the scores that have no stream.
    mutating func add(
      _ scores: [(scorer: RiskScorer, score: Double)], flaggedFrom: (RiskScorer) -> Double, at time: Timestamp
    ) -> [(scorer: RiskScorer, score: Double)] {
      var left: [(scorer: RiskScorer, score: Double)] = []
      for (scorer, score) in scores {
        if let place = streams.index(forKey: scorer) {
          streams.values[place].add(score, isFlagged: score >= flaggedFrom(scorer), at: time)
          hasChanged = true
        } else {
          left.append((scorer, score))
        }
      }
      return left
    }

    var lastSeen: Timestamp { streams.values.map(\.lastSeen).max() ?? Timestamp(unixNanoseconds: 0) }
  }

  package let settings: Settings
  private let flaggedFrom: @Sendable (RiskScorer) -> Double
  private var rows: [ShiftSubject: Row] = [:]
  package private(set) var count = 0
  /// Scores that no stream took because all places were taken, by subject: at most `namesOfUnwatched` of them.
  package private(set) var unwatched: [ShiftSubject: Int] = [:]
  /// All scores that no stream took.
  package private(set) var unwatchedScores = 0
  /// Until when nobody gives up a place: looking for one costs a look at all.
  private var fullUntil = Timestamp(unixNanoseconds: 0)

  package static let namesOfUnwatched = 100

  /// - Parameter flaggedFrom: the score from which a scorer's answer counts as risky.
  package init(settings: Settings = Settings(), flaggedFrom: @escaping @Sendable (RiskScorer) -> Double) {
    self.settings = settings
    self.flaggedFrom = flaggedFrom
  }

  package mutating func add(_ span: borrowing LLMSpan, now: Timestamp) {
    guard span.kind == .llm, span.isTraffic, !span.risk.isEmpty, now - span.end <= settings.latest else { return }
    // A clock that runs ahead must not carry a stream into the future.
    let time = min(span.end, now)
    let subject = ShiftSubject(span.dimensions)
    var scores = span.risk.all
    if let place = rows.index(forKey: subject) {
      // In place: a copy of a stream that learns is one of its baseline.
      scores = rows.values[place].add(scores, flaggedFrom: flaggedFrom, at: time)
    }
    for (scorer, score) in scores {
      guard makeRoom(now: now) else {
        note(subject)
        continue
      }
      var stream = begin(subject, scorer, at: time)
      stream.add(score, isFlagged: score >= flaggedFrom(scorer), at: time)
      rows[subject, default: Row(subject: subject)].streams[scorer] = stream
      count += 1
    }
  }

  /// To be called at every turn: streams that watch share the false alarms, and one that has gone silent, as after a rollback, is no
  /// longer shifted.
  package mutating func review(at now: Timestamp) {
    let watching = rows.values.reduce(0) { $0 + $1.streams.values.count(where: \.isWatching) }
    for subject in Array(rows.keys) {
      guard let place = rows.index(forKey: subject) else { continue }
      for scorer in Array(rows.values[place].streams.keys) {
        rows.values[place].streams[scorer]?.share(
          among: watching, falseAlarmsPerWeek: settings.falseAlarmsPerWeek)
        if let stream = rows.values[place].streams[scorer], stream.isShifted, now - stream.lastSeen > settings.silence {
          rows.values[place].streams[scorer]?.acknowledge()
          rows.values[place].hasChanged = true
        }
      }
    }
  }

  // MARK: Places

  private mutating func makeRoom(now: Timestamp) -> Bool {
    if count < settings.limit { return true }
    guard now >= fullUntil else { return false }
    guard let oldest = rows.values.filter({ !$0.streams.isEmpty }).min(by: { $0.lastSeen < $1.lastSeen }),
      now - oldest.lastSeen > settings.idle
    else {
      fullUntil = now + .seconds(60)
      return false
    }
    count -= oldest.streams.count
    rows[oldest.subject] = nil
    return true
  }

  private mutating func note(_ subject: ShiftSubject) {
    unwatchedScores += 1
    if unwatched[subject] != nil || unwatched.count < Self.namesOfUnwatched { unwatched[subject, default: 0] += 1 }
  }

  /// A new prompt version is held to the one before it, and a new model to the last: what a flawed version says from its first
  /// answer on must not become its own baseline.
  private func begin(_ subject: ShiftSubject, _ scorer: RiskScorer, at time: Timestamp) -> ShiftStream {
    var own = PopulationShift.Settings()
    own.baseline = settings.baseline
    own.falseAlarmsPerWeek = settings.falseAlarmsPerWeek
    let known = rows.values.compactMap { row -> (subject: ShiftSubject, stream: ShiftStream)? in
      guard subject.succeeds(row.subject), let stream = row.streams[scorer], stream.isWatching else { return nil }
      return (row.subject, stream)
    }
    let predecessor = known.max { left, right in
      let (isLeft, isRight) = (left.subject.model == subject.model, right.subject.model == subject.model)
      return isLeft == isRight ? left.stream.lastSeen < right.stream.lastSeen : isRight
    }
    return ShiftStream(settings: own, at: time, predecessor: predecessor)
  }

  // MARK: Reading

  /// Shifted ones first, then the fullest, then the busiest.
  package func statuses(at now: Timestamp) -> [ShiftStatus] {
    rows.values.flatMap { row in row.streams.map { $1.status(row.subject, $0, at: now) } }.sorted { left, right in
      func rank(_ status: ShiftStatus) -> (Int, Double, Double) {
        (status.state == .shifted ? 0 : 1, -(status.height ?? -1), -status.perSecond)
      }
      let (first, second) = (rank(left), rank(right))
      return first == second ? name(left) < name(right) : first < second
    }
  }

  private func name(_ status: ShiftStatus) -> String {
    status.subject.dimensions.sorted { $0.key < $1.key }.map(\.value).joined(separator: "\u{1}") + status.scorer.rawValue
  }

  // MARK: Saving

  /// What has changed since it was last taken.
  package mutating func takeChanged() -> [Saved] {
    var changed: [Saved] = []
    for (subject, row) in rows where row.hasChanged {
      changed += row.streams.map { Saved(subject: subject, scorer: $0, stream: $1) }
      rows[subject]?.hasChanged = false
    }
    return changed
  }

  /// Puts back what was saved; beyond the limit nothing.
  package mutating func restore(_ saved: [Saved]) {
    for one in saved where count < settings.limit && rows[one.subject]?.streams[one.scorer] == nil {
      rows[one.subject, default: Row(subject: one.subject, hasChanged: false)].streams[one.scorer] = one.stream
      count += 1
    }
  }
}
