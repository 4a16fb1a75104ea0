// The streams that are watched for population shifts, as JSON.

import LLMTelemetry

struct ShiftsDocument: Encodable {
  struct Stream: Encodable {
    let dimensions: [String: String]
    let scorer: RiskScorer
    /// `learning`, `watching` or `shifted`.
    let state: ShiftReport.State
    let learned: Int
    let baseline: Int
    let heldTo: String?
    /// Missing while it learns, as are `threshold` and what is expected.
    let baselineMean: Double?
    let baselineShare: Double?
    let presentMean: Double
    let presentShare: Double
    let sum: Double
    let threshold: Double?
    let expectedResponses: Double?
    /// Missing without traffic.
    let expectedSeconds: Double?
    let learningSeconds: Double?
    let perSecond: Double
    /// When the sum last rose from zero; missing while it is zero.
    let onset: Timestamp?
    let responsesSinceOnset: Int
    let lastSeen: Timestamp
  }

  let at: Timestamp
  /// False when no monitor listens to a shift signal.
  let isWatching: Bool
  let limit: Int?
  let falseAlarmsPerWeek: Double?
  /// Scores that no stream took for want of a place, and some of those they were of.
  let unwatchedScores: Int
  let unwatched: [String]
  let streams: [Stream]

  init(_ report: ShiftReport?, at now: Timestamp) {
    at = now
    isWatching = report != nil
    limit = report?.limit
    falseAlarmsPerWeek = report?.falseAlarmsPerWeek
    unwatchedScores = report?.unwatchedScores ?? 0
    unwatched = report?.unwatched ?? []
    streams = (report?.streams ?? []).map { stream in
      Stream(
        dimensions: stream.dimensions, scorer: stream.scorer, state: stream.state, learned: stream.learned,
        baseline: stream.baseline, heldTo: stream.heldTo, baselineMean: stream.baselineMean, baselineShare: stream.baselineShare,
        presentMean: stream.presentMean, presentShare: stream.presentShare, sum: stream.sum, threshold: stream.threshold,
        expectedResponses: stream.expectedResponses, expectedSeconds: stream.expectedTime?.inSeconds,
        learningSeconds: stream.learningTime?.inSeconds, perSecond: stream.perSecond, onset: stream.onset,
        responsesSinceOnset: stream.responsesSinceOnset, lastSeen: stream.lastSeen)
    }
  }
}
