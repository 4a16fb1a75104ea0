// The watched streams as the console shows them.

import Console
import SemanticRisk

extension ShiftReport {
  init(_ streams: ShiftStreams, statuses: [ShiftStatus]) {
    let unwatched = streams.unwatched.sorted { ($1.value, $0.key.text) < ($0.value, $1.key.text) }
    self.init(
      streams: statuses.map(Stream.init), limit: streams.settings.limit,
      falseAlarmsPerWeek: streams.settings.falseAlarmsPerWeek, unwatchedScores: streams.unwatchedScores,
      unwatched: unwatched.map(\.key.text))
  }
}

extension ShiftReport.Stream {
  init(_ status: ShiftStatus) {
    let state: ShiftReport.State =
      switch status.state {
      case .learning: .learning
      case .watching: .watching
      case .shifted: .shifted
      }
    self.init(
      dimensions: status.subject.dimensions, scorer: status.scorer, state: state, learned: status.learned,
      baseline: status.baseline, heldTo: ShiftWords.predecessor(status), baselineMean: status.baselineMean,
      baselineShare: status.baselineShare, presentMean: status.presentMean, presentShare: status.presentShare, sum: status.sum,
      threshold: status.threshold, expectedResponses: status.expectedResponses, expectedTime: status.expectedTime,
      learningTime: status.learningTime, perSecond: status.perSecond, onset: status.onset,
      responsesSinceOnset: status.responsesSinceOnset, lastSeen: status.lastSeen)
  }
}
