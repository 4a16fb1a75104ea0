// How a monitor's query is counted per slice: events observed among exposures, so that likelihoods can be compared.

import LLMMetrics
import LLMTelemetry
import Monitors

struct SliceSignal {
  private enum Counting {
    case ratio(MonitorQuery.Term, MonitorQuery.Term)
    /// Requests slower (or otherwise higher) than the monitor's critical value.
    case above(MonitorQuery.Term, Double)
    /// Requests themselves: nothing to divide by but time.
    case volume(MonitorQuery.Term)
  }

  private var counting: Counting
  /// What one event among exposures is called: `ungrounded answers`.
  private(set) var events: String
  /// How many raw events count as one. Money is counted in typical requests, so that a likelihood of counts serves it too.
  private(set) var eventSize = 1.0
  private var unit: QueryUnit

  /// A monitor below its threshold looks for what fell.
  let direction: DevianceDirection

  /// `nil` when the query has no meaning per request.
  init?(_ definition: MonitorDefinition) {
    direction = definition.threshold.comparison == .above ? .rise : .fall
    switch definition.query.form {
    case .ratio(let numerator, let denominator):
      guard numerator.metric.type == .count, denominator.metric.type == .count else { return nil }
      counting = .ratio(numerator, denominator)
      unit = numerator.metric.unit == .dollar ? .dollars : definition.query.unit
      events = Self.words(numerator.metric)
    case .perMinute(let term), .value(let term):
      if term.metric.type == .count {
        let own = Set(term.metric.extraTags)
        let requests = MonitorQuery.Term(.sum, MetricCatalogue.requests, filter: term.filter.filter { !own.contains($0.key) })
        guard term.metric != MetricCatalogue.requests else {
          counting = .volume(term)
          unit = .quotient
          events = "requests"
          return
        }
        counting = .ratio(term, requests)
        unit = term.metric.unit == .dollar ? .dollars : term.isSubset(of: requests) ? .share : .quotient
        events = Self.words(term.metric)
      } else {
        guard direction == .rise else { return nil }
        counting = .above(term, definition.threshold.critical)
        unit = .share
        events = "requests above \(definition.query.unit.text(definition.threshold.critical))"
      }
    }
  }

  /// `2.1 %`, `$0.004`: events per exposure.
  func text(_ rate: Double) -> String { unit.text(rate * eventSize) }

  var isMoney: Bool { unit == .dollars }

  /// Takes the rate of healthy `steps` as the size of one event, where events are not things that can be counted.
  func scaled(by steps: [Exposure]) -> SliceSignal {
    guard hasExposures, unit == .dollars || unit == .quotient else { return self }
    let all = steps.reduce(into: Exposure()) { $0 += $1 }
    guard let rate = all.rate, rate > 0 else { return self }
    var scaled = self
    scaled.eventSize = rate
    return scaled
  }

  /// False for volumes, which are compared with their own past.
  var hasExposures: Bool {
    if case .volume = counting { return false }
    return true
  }

  /// The requests behind the money: who sends more when nothing became dearer.
  var requests: SliceSignal? {
    guard isMoney, case .ratio(_, let denominator) = counting else { return nil }
    var requests = self
    requests.counting = .volume(denominator)
    requests.unit = .quotient
    requests.events = "requests"
    requests.eventSize = 1
    return requests
  }

  var isErrors: Bool {
    if case .ratio(let numerator, _) = counting { return numerator.metric == MetricCatalogue.errors }
    return false
  }

  var isLatency: Bool {
    if case .above(let term, _) = counting { return term.metric.unit == .second }
    return false
  }

  var numerator: MonitorQuery.Term {
    switch counting {
    case .ratio(let numerator, _), .above(let numerator, _), .volume(let numerator): numerator
    }
  }

  func read(_ range: Range<Timestamp>, groupBy: [String], read: SeriesReader) throws -> [TagSet: Exposure] {
    var result: [TagSet: Exposure] = [:]
    try visit(range, groupBy: groupBy, read: read) { tags, _, exposure in result[tags, default: Exposure()] += exposure }
    return result
  }

  /// The same over everything, one value per rollup interval, ordered by time.
  func steps(_ range: Range<Timestamp>, read: SeriesReader) throws -> [(start: Timestamp, exposure: Exposure)] {
    var result: [Timestamp: Exposure] = [:]
    try visit(range, groupBy: [], read: read) { _, start, exposure in result[start, default: Exposure()] += exposure }
    return result.sorted { $0.key < $1.key }.map { (start: $0.key, exposure: $0.value) }
  }

  private func visit(
    _ range: Range<Timestamp>, groupBy: [String], read: SeriesReader, body: (TagSet, Timestamp, Exposure) -> Void
  ) throws {
    func each(_ term: MonitorQuery.Term, _ make: (Aggregate) -> Exposure) throws {
      for group in try read(SeriesQuery(metric: term.metric.name, filter: term.filter, groupBy: groupBy, range: range)) {
        for point in group.points { body(group.tags, point.start, make(point.aggregate)) }
      }
    }
    switch counting {
    case .ratio(let numerator, let denominator):
      try each(numerator) { Exposure(events: ($0.value(numerator) ?? 0) / eventSize) }
      try each(denominator) { Exposure(exposures: $0.value(denominator) ?? 0) }
    case .volume(let term):
      try each(term) { Exposure(events: $0.value(term) ?? 0) }
    case .above(let term, let limit):
      try each(term) { aggregate in
        guard case .sketch(let sketch) = aggregate else { return Exposure() }
        return Exposure(events: Double(sketch.count(above: limit)), exposures: Double(sketch.count))
      }
    }
  }

  private static func words(_ metric: MetricDefinition) -> String {
    switch metric.name {
    case MetricCatalogue.errors.name: "errors"
    case MetricCatalogue.answersUngrounded.name: "ungrounded answers"
    case MetricCatalogue.cost.name: "cost per request"
    default: metric.name
    }
  }
}
