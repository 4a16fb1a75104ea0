// The query's value against what is usual for this group at this time.

import LLMMetrics
import LLMTelemetry

package struct AnomalyFinding: Hashable, Sendable {
  /// The query's value, in its unit.
  package let value: Double
  package let expected: Double
  /// Standard deviations from what is expected; below zero under it.
  package let score: Double
  /// Standard deviations from the middle to the edge of the band.
  package let limit: Double
  /// Steps of the past that the band is made of.
  package let steps: Int
  package let seasonality: AnomalySettings.Seasonality
  package let falseAlarmsPerWeek: Double
  /// Since when the band takes no new data, because the alert is not over.
  package let frozenSince: Timestamp?
  fileprivate let model: AnomalyModel
  fileprivate let reading: GroupReading
  fileprivate let time: Timestamp
  fileprivate let factor: Double

  /// In the query's unit; worked out when it is asked for.
  package var band: ValueBand {
    let edges = model.band(reading, at: time)
    return ValueBand(lower: edges.lower * factor, middle: expected, upper: edges.upper * factor)
  }
}

extension EvaluationRun {
  /// The past is read in steps as long as the window, on a grid of its own, so that a step once read never changes. While an alert
  /// is not over, its past ends where the episode began.
  func anomaly(_ settings: AnomalySettings) throws -> [Evaluation] {
    let step = definition.window
    let newest = (end - definition.window).floored(to: step)
    let oldest = (newest - settings.history).floored(to: step)
    let present = try all(try readings(in: window))
    // Read when a band has to be made, which is once a step.
    var read: [StepReading]?
    func past() throws -> [StepReading] {
      if let read { return read }
      let steps = oldest < newest ? try steps(in: oldest..<newest, of: step) : []
      read = steps
      return steps
    }
    // Kept up with even while every band is frozen: whoever holds the series may soon have forgotten this step.
    if let memory = context.memory, !memory.hasSteps(of: definition.name, step: step, until: newest) { _ = try past() }
    return try present.map { reading in
      let key = AlertKey(monitor: definition.name, group: reading.tags)
      let status = context.alerts[key]
      let frozen = status.flatMap { $0.state.isUnwell ? $0.onset : nil }
      let edge = frozen.map { min(newest, ($0 - definition.evaluationDelay - definition.window).floored(to: step)) } ?? newest
      let episodes = context.alerts.episodes[key] ?? []
      func learn() throws -> AnomalyModel? {
        learnt(reading.tags, from: try past(), before: edge, without: episodes, settings)
      }
      let model =
        if let memory = context.memory {
          try memory.model(of: key, before: edge, episodes: episodes.count, learn: learn)
        } else {
          try learn()
        }
      guard let model else {
        let known = try past().count { step in step.groups.contains { $0.tags == reading.tags } }
        return evaluation(
          reading.tags, value: nil, reading.requests, .quiet, .learning(steps: known, needed: AnomalyModel.leastSteps))
      }
      return judge(reading, model, settings, frozen: frozen)
    }
  }

  private func learnt(
    _ group: TagSet, from past: [StepReading], before edge: Timestamp, without episodes: [Range<Timestamp>],
    _ settings: AnomalySettings
  ) -> AnomalyModel? {
    let step = definition.window
    let samples = past.compactMap { entry -> AnomalySample? in
      guard entry.start < edge, !episodes.contains(where: { $0.overlaps(entry.start..<entry.start + step) }),
        let reading = entry.groups.first(where: { $0.tags == group })
      else { return nil }
      return AnomalySample(time: entry.start, reading: reading)
    }
    return AnomalyModel(samples, query: definition.query, step: step, settings: settings)
  }

  private func judge(
    _ reading: GroupReading, _ model: AnomalyModel, _ settings: AnomalySettings, frozen: Timestamp?
  ) -> Evaluation {
    // A count of nothing where there were requests is a zero; where there was nothing at all, nothing is known.
    let hasValue = reading.value != nil || (model.form == .count && reading.requests > 0)
    guard hasValue else { return judge(reading, value: nil) }
    let middle = end - definition.window / 2
    let score = model.score(reading, at: middle)
    let value: Double
    switch settings.direction {
    case .above: value = max(0, score) / model.limit
    case .below: value = max(0, -score) / model.limit
    case .both: value = score.magnitude / model.limit
    }
    // A count per minute is modelled as the count of its window.
    let factor =
      if case .perMinute = definition.query.form, model.form == .count { 60 / definition.window.inSeconds } else { 1.0 }
    return judge(
      reading, value: value,
      finding: .anomaly(
        AnomalyFinding(
          value: reading.value ?? 0, expected: model.expected(at: middle) * factor, score: score, limit: model.limit,
          steps: model.steps, seasonality: model.seasonality,
          falseAlarmsPerWeek: settings.falseAlarmsPerWeek, frozenSince: frozen, model: model,
          reading: reading, time: middle, factor: factor)))
  }
}

extension AlertState {
  /// In an episode: what is measured now is no example of what is usual.
  var isUnwell: Bool { self == .pending || self == .alert || self == .noData }
}
