// A monitor's query read over one stretch of time: for each group its value, and the counts it is made of.

import LLMMetrics
import LLMTelemetry

struct GroupReading: Hashable, Sendable {
  let tags: TagSet
  /// In the query's unit; absent when there was no data.
  var value: Double?
  /// Requests, or the denominator of a ratio.
  var requests: Int64 = 0
  /// The count that is looked at: a sum, or the numerator of a ratio.
  var part: Double = 0
  /// The denominator of a ratio.
  var whole: Double = 0
  /// Start of the last interval with data of what the query needs.
  var last: Timestamp?

  init(tags: TagSet) { self.tags = tags }
}

/// Values by group. Monitors have few groups, and comparing them costs less than hashing.
struct GroupTable<Value> {
  private(set) var groups: [TagSet] = []
  private(set) var values: [Value] = []
  private var places: [TagSet: Int] = [:]
  private static var listLimit: Int { 12 }

  init(_ entries: [Value], by group: (Value) -> TagSet) {
    groups = entries.map(group)
    values = entries
    if groups.count > Self.listLimit {
      places = Dictionary(groups.enumerated().map { ($1, $0) }) { first, _ in first }
    }
  }

  subscript(group: TagSet) -> Value? {
    let place = places.isEmpty ? groups.firstIndex(of: group) : places[group]
    return place.map { values[$0] }
  }
}

extension MonitorQuery {
  /// The term without which there is no value: the denominator of a ratio.
  var presence: Term {
    switch form {
    case .value(let term), .perMinute(let term), .ratio(_, let term): term
    }
  }

  var terms: [Term] {
    switch form {
    case .value(let term), .perMinute(let term): [term]
    case .ratio(let numerator, let denominator): [numerator, denominator]
    }
  }

  /// What the traffic gate counts: the denominator where it is a count, the metric itself where it is about no requests, else
  /// requests under the same filter.
  var traffic: Term {
    if case .ratio(_, let denominator) = form, denominator.metric.type == .count { return denominator }
    let subject = subject
    guard subject.metric.hasDimensions else { return presence }
    if subject.metric == MetricCatalogue.requests { return subject }
    let ownTags = subject.metric.extraTags
    return .init(
      .sum, MetricCatalogue.requests,
      filter: ownTags.isEmpty ? subject.filter : subject.filter.filter { !ownTags.contains($0.key) })
  }
}

extension EvaluationRun {
  func readings(in range: Range<Timestamp>) throws -> [GroupReading] {
    let query = definition.query
    func totals(_ term: MonitorQuery.Term, by groupBy: [String]) throws -> [SeriesTotal] {
      try context.series.totals(
        SeriesQuery(metric: term.metric.name, filter: term.filter, groupBy: groupBy, range: range))
    }
    let presence = try totals(query.presence, by: definition.groupBy)
    let traffic = query.traffic
    let trafficTags = definition.groupBy.filter(traffic.metric.hasTag)
    return try combine(
      presence: presence,
      numerator: {
        guard case .ratio(let numerator, _) = query.form else { return [] }
        return try totals(numerator, by: definition.groupBy)
      }, traffic: traffic == query.presence ? nil : (try totals(traffic, by: trafficTags), trafficTags),
      length: range.upperBound - range.lowerBound)
  }

  /// - Parameter traffic: totals of the traffic by the tags it has; `nil` when it is the same as `presence`.
  func combine(
    presence: [SeriesTotal], numerator: () throws -> [SeriesTotal], traffic: (totals: [SeriesTotal], tags: [String])?,
    length: Duration
  ) rethrows -> [GroupReading] {
    let query = definition.query
    var readings: [GroupReading] = []
    readings.reserveCapacity(presence.count)
    switch query.form {
    case .value(let term), .perMinute(let term):
      let factor = if case .perMinute = query.form { 60 / length.inSeconds } else { 1.0 }
      for total in presence {
        var reading = GroupReading(tags: total.tags)
        reading.part = total.aggregate.value(term) ?? 0
        reading.value = total.aggregate.value(term).map { $0 * factor }
        reading.last = total.last
        reading.requests = total.aggregate.countValue
        readings.append(reading)
      }
    case .ratio(let above, let below):
      // A group with requests and no errors has an error rate of zero; one without requests has none.
      let parts = GroupTable(try numerator()) { $0.tags }
      for total in presence {
        guard let whole = total.aggregate.value(below) else { continue }
        var reading = GroupReading(tags: total.tags)
        reading.whole = whole
        reading.part = parts[total.tags]?.aggregate.value(above) ?? 0
        reading.value = whole > 0 ? reading.part / whole : nil
        reading.last = total.last
        reading.requests = total.aggregate.countValue
        readings.append(reading)
      }
    }
    guard let traffic else { return readings }
    let counts = GroupTable(traffic.totals) { $0.tags }
    let isWhole = traffic.tags.count == definition.groupBy.count
    for index in readings.indices {
      let tags = readings[index].tags
      let group = isWhole ? tags : TagSet(tags.tags.filter { traffic.tags.contains($0.name) })
      readings[index].requests = counts[group]?.aggregate.countValue ?? 0
    }
    if isWhole {
      // Groups with requests and without a value are groups too.
      let present = GroupTable(readings) { $0.tags }
      for total in traffic.totals where present[total.tags] == nil {
        var reading = GroupReading(tags: total.tags)
        reading.requests = total.aggregate.countValue
        readings.append(reading)
      }
    }
    return readings
  }
}
