// Where an objective stands: how much was good, what is left of its error budget, and how fast that burns.

import LLMMetrics
import LLMTelemetry

package struct SLOStatus: Hashable, Sendable {
  /// How fast one pair of windows burns; `nil` without valid events in the window.
  package struct Burn: Hashable, Sendable {
    package let rate: SLODefinition.BurnRate
    package let long: Double?
    package let short: Double?

    /// Both windows burn faster than the factor.
    package var isBurning: Bool {
      guard let long, let short else { return false }
      return min(long, short) > rate.factor
    }
  }

  package enum State: String, Hashable, Sendable, Codable {
    case met, missed
    /// Nothing counted: nobody knows whether it is met.
    case noData = "no_data"
  }

  package let objective: String
  package let at: Timestamp
  package let range: Range<Timestamp>
  /// Events, slices, or seconds of an objective on monitors.
  package let valid: Double
  package let good: Double
  /// In per cent.
  package let target: Double
  package let burns: [Burn]

  package init(
    objective: String, at: Timestamp, range: Range<Timestamp>, valid: Double, good: Double, target: Double, burns: [Burn]
  ) {
    self.objective = objective
    self.at = at
    self.range = range
    self.valid = valid
    self.good = good
    self.target = target
    self.burns = burns
  }

  package var bad: Double { valid - good }
  /// In per cent; `nil` when nothing counted.
  package var indicator: Double? { valid > 0 ? good / valid * 100 : nil }
  /// How many may be bad among as many as were valid so far.
  package var budget: Double { valid * (1 - target / 100) }
  /// How many more may be bad; below zero when it is overspent.
  package var budgetLeft: Double { budget - bad }
  /// 1 when nothing is spent, below zero when it is overspent; `nil` when nothing counted.
  package var budgetShareLeft: Double? { budget > 0 ? budgetLeft / budget : nil }

  package var state: State {
    guard let indicator else { return .noData }
    // 99.5 % of 1,000 is met by 995: decimals must not decide.
    return indicator >= target - 1e-9 ? .met : .missed
  }
}

extension SLODefinition {
  package func status(at time: Timestamp, read: @escaping SeriesReader) throws -> SLOStatus {
    try status(at: time, series: SeriesSource(read))
  }

  /// - Parameters:
  ///   - transitions: of the monitors of an objective on monitors, oldest first, as far back as they are known.
  ///   - since: from when on these are known; without it, from the first of them on.
  package func status(
    at time: Timestamp, series: SeriesSource, transitions: [AlertTransition] = [], since: Timestamp? = nil
  ) throws -> SLOStatus {
    func counts(_ range: Range<Timestamp>) throws -> EventCounts {
      if case .uptime(let monitors) = indicator {
        return AlertTimeline(transitions, monitors: monitors, since: since).counts(in: range)
      }
      return try self.counts(in: range, series: series)[.none] ?? EventCounts(valid: 0, bad: 0)
    }
    let range = timeframe.range(at: time)
    let total = try counts(range)
    return SLOStatus(
      objective: name, at: time, range: range, valid: total.valid, good: total.valid - total.bad, target: target,
      burns: try burnRates.map { rate in
        SLOStatus.Burn(
          rate: rate, long: try counts(time - rate.longWindow..<time).badShare.map(burn),
          short: try counts(time - rate.shortWindow..<time).badShare.map(burn))
      })
  }
}

/// When any of some monitors alerted.
struct AlertTimeline {
  /// Apart from each other, oldest first.
  private var bad: [Range<Timestamp>] = []
  private let known: Timestamp?

  init(_ transitions: [AlertTransition], monitors: [String], since: Timestamp?) {
    let wanted = transitions.filter { monitors.contains($0.key.monitor) }.sorted { $0.at < $1.at }
    known = since ?? wanted.first?.at
    var firing: Set<AlertKey> = []
    var begin: Timestamp?
    for transition in wanted {
      if transition.to.isFiring { firing.insert(transition.key) } else { firing.remove(transition.key) }
      if let start = begin, firing.isEmpty {
        if start < transition.at { bad.append(start..<transition.at) }
        begin = nil
      } else if begin == nil, !firing.isEmpty {
        begin = transition.at
      }
    }
    if let begin { bad.append(begin..<Timestamp(unixNanoseconds: .max)) }
  }

  /// In seconds.
  func counts(in range: Range<Timestamp>) -> EventCounts {
    guard let known, known < range.upperBound else { return EventCounts(valid: 0, bad: 0) }
    let range = max(known, range.lowerBound)..<range.upperBound
    let seconds = bad.reduce(0.0) { sum, interval in
      let part = interval.clamped(to: range)
      return sum + (part.upperBound - part.lowerBound).inSeconds
    }
    return EventCounts(valid: (range.upperBound - range.lowerBound).inSeconds, bad: seconds)
  }
}
