// What each threshold monitor's value was at every turn, and which threshold would have paged as often as is wanted.

import LLMMetrics
import LLMTelemetry
import Monitors

/// Values of groups above their traffic gate, in order of time. Bounded: of a monitor with very many the first two million are kept.
struct MonitorValues {
  private struct Line {
    var values: [Float] = []
    var times: [Int32] = []
  }

  /// For each monitor, over all of its groups.
  private static let limit = 2_000_000

  private var lines: [String: [TagSet: Line]] = [:]
  private var counts: [String: Int] = [:]
  private var full: Set<String> = []
  private var start: Timestamp?

  mutating func record(_ evaluations: [Evaluation]) {
    for evaluation in evaluations {
      guard let value = evaluation.value, evaluation.verdict != .quiet, !full.contains(evaluation.key.monitor) else { continue }
      let start = start ?? evaluation.at
      self.start = start
      let seconds = Int32(clamping: (evaluation.at - start).components.seconds)
      let name = evaluation.key.monitor
      lines[name, default: [:]][evaluation.key.group, default: Line()].values.append(Float(value))
      lines[name]?[evaluation.key.group]?.times.append(seconds)
      counts[name, default: 0] += 1
      // The rest of a very long recording is not needed to choose a threshold.
      if counts[name, default: 0] >= Self.limit { full.insert(name) }
    }
  }

  /// How often a monitor would have paged with another threshold: breaches that last as long as it holds, until the value is back
  /// past the threshold; times in `excluded` do not count.
  func pages(_ monitor: MonitorDefinition, critical: Double, excluding excluded: [Range<Timestamp>]) -> Int {
    guard let start else { return 0 }
    let silent = excluded.map {
      Int32(clamping: ($0.lowerBound - start).components.seconds)...Int32(clamping: ($0.upperBound - start).components.seconds)
    }
    let hold = Int32(clamping: monitor.holdFor.components.seconds)
    var pages = 0
    for line in lines[monitor.name]?.values.map({ $0 }) ?? [] {
      var since: Int32?
      var isPaged = false
      for (value, time) in zip(line.values, line.times) {
        let isBreach = monitor.threshold.comparison == .above ? Double(value) > critical : Double(value) < critical
        guard isBreach, !silent.contains(where: { $0.contains(time) }) else {
          since = nil
          isPaged = false
          continue
        }
        let began = since ?? time
        since = began
        if !isPaged, time - began >= hold {
          isPaged = true
          pages += 1
        }
      }
    }
    return pages
  }

  /// Values that are candidates for a threshold: quantiles of what was seen, the far side last.
  func candidates(_ monitor: MonitorDefinition) -> [Double] {
    let all = (lines[monitor.name]?.values.flatMap(\.values) ?? []).map(Double.init).sorted()
    guard let least = all.first, let most = all.last else { return [] }
    let shares = [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999]
    let quantiles = shares.map { share in
      let place = Int(Double(all.count - 1) * share)
      return monitor.threshold.comparison == .above ? all[place] : all[all.count - 1 - place]
    }
    let beyond = monitor.threshold.comparison == .above ? most * 1.1 : least * 0.9
    var seen: Set<Double> = []
    return (quantiles + [monitor.threshold.comparison == .above ? most : least, beyond]).filter { seen.insert($0).inserted }
  }
}

/// A threshold that would have paged at the wanted rate on healthy time.
struct ThresholdAdvice: Encodable, Sendable {
  var monitor: String
  var present: Double
  var presentPagesPerWeek: Double
  /// `nil` when every threshold that was tried pages more often.
  var threshold: Double?
  var pagesPerWeek: Double?

  private enum CodingKeys: String, CodingKey {
    case monitor, present, threshold
    case presentPagesPerWeek = "present_pages_per_week"
    case pagesPerWeek = "pages_per_week"
  }

  /// - Parameters:
  ///   - replays: one for each recording.
  ///   - incidents: times that are not healthy; what pages there is right.
  ///   - rate: pages a week and monitor that are wanted.
  static func advice(
    _ pack: MonitorPack, values: [MonitorValues], incidents: [Range<Timestamp>], weeks: Double, rate: Double
  ) -> [ThresholdAdvice] {
    guard weeks > 0 else { return [] }
    return pack.monitors.map(\.definition).compactMap { monitor in
      switch monitor.kind {
      case .composite, .detection, .events, .absence, .burnRate: return nil
      case .threshold, .change, .anomaly, .outlier, .forecast: break
      }
      func perWeek(_ critical: Double) -> Double {
        Double(values.reduce(0) { $0 + $1.pages(monitor, critical: critical, excluding: incidents) }) / weeks
      }
      let isAbove = monitor.threshold.comparison == .above
      let candidates = values.flatMap { $0.candidates(monitor) }.sorted { isAbove ? $0 < $1 : $0 > $1 }
      guard !candidates.isEmpty else { return nil }
      // Less than a week says too little about rare things to make a monitor more sensitive than it is.
      let allowed =
        weeks >= 1
        ? candidates : candidates.filter { isAbove ? $0 >= monitor.threshold.critical : $0 <= monitor.threshold.critical }
      let fitting =
        perWeek(monitor.threshold.critical) <= rate && weeks < 1
        ? monitor.threshold.critical : allowed.first { perWeek($0) <= rate }
      return ThresholdAdvice(
        monitor: monitor.name, present: monitor.threshold.critical, presentPagesPerWeek: perWeek(monitor.threshold.critical),
        threshold: fitting, pagesPerWeek: fitting.map(perWeek))
    }
  }
}
