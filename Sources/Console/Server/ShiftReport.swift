// What the console knows of the streams that are watched for population shifts.

import LLMTelemetry

package struct ShiftReport: Sendable, Equatable {
  package enum State: String, Sendable, Codable { case learning, watching, shifted }

  package struct Stream: Sendable, Equatable {
    /// Tag names with the values that the stream's responses share.
    package var dimensions: [String: String]
    package var scorer: RiskScorer
    package var state: State
    /// Responses the baseline has, and those it needs.
    package var learned: Int
    package var baseline: Int
    /// The prompt version or model whose baseline it is held to, in words; `nil` for its own.
    package var heldTo: String?
    /// Mean scores, and shares of responses that score as risky, 0 to 1; of the baseline `nil` while it learns.
    package var baselineMean: Double?
    package var baselineShare: Double?
    package var presentMean: Double
    package var presentShare: Double
    package var sum: Double
    package var threshold: Double?
    /// Until the shift that is looked for is found.
    package var expectedResponses: Double?
    /// The same at the present rate, as is the rest of the learning; `nil` without traffic.
    package var expectedTime: Duration?
    package var learningTime: Duration?
    package var perSecond: Double
    package var onset: Timestamp?
    package var responsesSinceOnset: Int
    package var lastSeen: Timestamp

    package init(
      dimensions: [String: String], scorer: RiskScorer, state: State, learned: Int, baseline: Int, heldTo: String? = nil,
      baselineMean: Double?, baselineShare: Double?, presentMean: Double, presentShare: Double, sum: Double, threshold: Double?,
      expectedResponses: Double?, expectedTime: Duration?, learningTime: Duration?, perSecond: Double, onset: Timestamp?,
      responsesSinceOnset: Int, lastSeen: Timestamp
    ) {
      self.dimensions = dimensions
      self.scorer = scorer
      self.state = state
      self.learned = learned
      self.baseline = baseline
      self.heldTo = heldTo
      self.baselineMean = baselineMean
      self.baselineShare = baselineShare
      self.presentMean = presentMean
      self.presentShare = presentShare
      self.sum = sum
      self.threshold = threshold
      self.expectedResponses = expectedResponses
      self.expectedTime = expectedTime
      self.learningTime = learningTime
      self.perSecond = perSecond
      self.onset = onset
      self.responsesSinceOnset = responsesSinceOnset
      self.lastSeen = lastSeen
    }
  }

  /// Shifted ones first, then the fullest.
  package var streams: [Stream]
  /// As many are kept.
  package var limit: Int
  /// In a healthy week, over all streams together.
  package var falseAlarmsPerWeek: Double
  /// Scores that no stream took for want of a place, and whose, the most first; some names only.
  package var unwatchedScores: Int
  package var unwatched: [String]

  package init(streams: [Stream], limit: Int, falseAlarmsPerWeek: Double, unwatchedScores: Int, unwatched: [String]) {
    self.streams = streams
    self.limit = limit
    self.falseAlarmsPerWeek = falseAlarmsPerWeek
    self.unwatchedScores = unwatchedScores
    self.unwatched = unwatched
  }
}
