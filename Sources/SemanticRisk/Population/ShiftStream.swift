// One watched stream: the shift of one scorer's scores, with the figures that a person is told.

import LLMTelemetry

package struct ShiftStream: Sendable, Codable {
  package private(set) var shift: PopulationShift
  /// The stream whose baseline this one is held to, which had another model or prompt version; `nil` when it has its own.
  package let heldTo: ShiftSubject?
  package private(set) var baselineMean = 0.0
  /// Share of the baseline that reached the scorer's threshold.
  package private(set) var baselineShare = 0.0
  package private(set) var lastSeen: Timestamp
  /// When the sum last rose from zero.
  package private(set) var onset: Timestamp?
  private var begun: Timestamp
  private var traffic: RecentCount
  /// Mean score and flagged share: of everything while it learns, of about the last 200 responses later.
  private var recentMean = 0.0
  private var recentShare = 0.0
  private var sumSinceOnset = 0.0
  private var flaggedSinceOnset = 0

  /// Weight of the newest response in what is called present.
  private static let newestWeight = 1.0 / 200
  /// A shift that lasted this long, over as many responses as a baseline has, is what is usual now.
  private static let acceptance: Duration = .seconds(86_400)
  private static let week = 604_800.0

  /// - Parameter predecessor: a calibrated stream to hold this one to.
  init(settings: PopulationShift.Settings, at time: Timestamp, predecessor: (subject: ShiftSubject, stream: ShiftStream)? = nil) {
    lastSeen = time
    begun = time
    traffic = RecentCount(since: time)
    if let predecessor, let calibration = predecessor.stream.shift.calibration {
      shift = PopulationShift(settings: predecessor.stream.shift.settings, calibration: calibration)
      heldTo = predecessor.stream.heldTo ?? predecessor.subject
      baselineMean = predecessor.stream.baselineMean
      baselineShare = predecessor.stream.baselineShare
      recentMean = baselineMean
      recentShare = baselineShare
    } else {
      shift = PopulationShift(settings: settings)
      heldTo = nil
    }
  }

  mutating func add(_ score: Double, isFlagged: Bool, at time: Timestamp) {
    lastSeen = max(lastSeen, time)
    traffic.add(at: time)
    if case .learning = shift.state {
      learn(score, isFlagged: isFlagged, at: time)
      return
    }
    recentMean += (score - recentMean) * Self.newestWeight
    recentShare += ((isFlagged ? 1 : 0) - recentShare) * Self.newestWeight
    shift.add(score)
    guard shift.sum > 0 else {
      (onset, sumSinceOnset, flaggedSinceOnset) = (nil, 0, 0)
      return
    }
    if onset == nil { onset = time }
    sumSinceOnset += score
    if isFlagged { flaggedSinceOnset += 1 }
    if isShifted, let onset, time - onset >= Self.acceptance, shift.sinceZero >= shift.settings.baseline { relearn(at: time) }
  }

  private mutating func learn(_ score: Double, isFlagged: Bool, at time: Timestamp) {
    let count = Double(shift.learned + 1)
    recentMean += (score - recentMean) / count
    recentShare += ((isFlagged ? 1 : 0) - recentShare) / count
    if shift.learned + 1 >= shift.settings.baseline {
      // What a week has is known by now; a burst is no week, and neither is a trickle.
      let perSecond = count / max(1, (time - begun).inSeconds)
      shift.settings.responsesPerWeek = Int(min(6e7, max(1e4, perSecond * Self.week)))
    }
    shift.add(score)
    if shift.calibration != nil { (baselineMean, baselineShare) = (recentMean, recentShare) }
  }

  private mutating func relearn(at time: Timestamp) {
    shift.relearn()
    (onset, sumSinceOnset, flaggedSinceOnset) = (nil, 0, 0)
    (recentMean, recentShare, begun) = (0, 0, time)
  }

  mutating func acknowledge() {
    shift.acknowledge()
    (onset, sumSinceOnset, flaggedSinceOnset) = (nil, 0, 0)
  }

  mutating func share(among count: Int, falseAlarmsPerWeek: Double) {
    shift.share(among: count, falseAlarmsPerWeek: falseAlarmsPerWeek)
  }

  package var isWatching: Bool { shift.calibration != nil }
  package var isShifted: Bool { if case .shifted = shift.state { true } else { false } }
  /// The sum over its threshold: 1 and more is a shift; `nil` while learning.
  package var height: Double? { shift.threshold.map { shift.sum / $0 } }

  func status(_ subject: ShiftSubject, _ scorer: RiskScorer, at now: Timestamp) -> ShiftStatus {
    let perSecond = traffic.perSecond(at: now)
    let since = shift.sinceZero
    let isShifted = isShifted && since > 0
    func time(_ responses: Double?) -> Duration? {
      guard let responses, perSecond > 0 else { return nil }
      return .seconds(responses / perSecond)
    }
    let expected = shift.expectedDelay
    return ShiftStatus(
      subject: subject, scorer: scorer, state: !isWatching ? .learning : isShifted ? .shifted : .watching,
      learned: shift.learned, baseline: shift.settings.baseline, heldTo: heldTo,
      baselineMean: isWatching ? baselineMean : nil, baselineShare: isWatching ? baselineShare : nil,
      presentMean: isShifted ? sumSinceOnset / Double(since) : recentMean,
      presentShare: isShifted ? Double(flaggedSinceOnset) / Double(since) : recentShare,
      sum: shift.sum, threshold: shift.threshold, expectedResponses: expected, expectedTime: time(expected),
      learningTime: isWatching ? nil : time(Double(shift.settings.baseline - shift.learned)),
      perSecond: perSecond, onset: onset, responsesSinceOnset: since, lastSeen: lastSeen)
  }
}

/// What is told of one stream.
package struct ShiftStatus: Sendable, Equatable {
  package enum State: String, Sendable, Codable { case learning, watching, shifted }

  package var subject: ShiftSubject
  package var scorer: RiskScorer
  package var state: State
  /// Responses the baseline has, and those it needs.
  package var learned: Int
  package var baseline: Int
  package var heldTo: ShiftSubject?
  /// `nil` while it learns.
  package var baselineMean: Double?
  package var baselineShare: Double?
  /// Since the onset of a shift, else of about the last 200 responses.
  package var presentMean: Double
  package var presentShare: Double
  package var sum: Double
  package var threshold: Double?
  /// Until the shift that is looked for is found, in responses and at the present rate of them.
  package var expectedResponses: Double?
  package var expectedTime: Duration?
  /// Until the baseline is learned, at the present rate.
  package var learningTime: Duration?
  package var perSecond: Double
  package var onset: Timestamp?
  package var responsesSinceOnset: Int
  package var lastSeen: Timestamp

  /// 1 and more is a shift.
  package var height: Double? { threshold.map { sum / $0 } }
}
