// Rollups of the past in memory: what a backtest and a live turn read in place of the store, at the cost of a few look-ups.

import LLMTelemetry

/// Everything one group of an answer holds in the range that was asked for.
package struct SeriesTotal: Sendable {
  package let tags: TagSet
  package let aggregate: Aggregate
  /// Start of the last interval with data.
  package let last: Timestamp

  package init(tags: TagSet, aggregate: Aggregate, last: Timestamp) {
    self.tags = tags
    self.aggregate = aggregate
    self.last = last
  }
}

/// Series of the last `retention` in memory. Questions that are asked again and again are watched: their groups are added up when
/// data comes, and any window of them is then the difference of two running sums (of counts) or some merges (of distributions).
/// For one task at a time.
package final class SeriesMemory {
  /// A series by its number, so that it is looked up once and not for every value.
  package struct Number: Hashable, Sendable {
    fileprivate let place: Int
  }

  private struct Shape: Hashable {
    let filter: [String: String]
    let groupBy: [String]
  }

  private struct Watch {
    let shape: Shape
    var horizon: Duration
    var places: [TagSet: Int] = [:]
    var groups: [TagSet] = []
    var columns: [SeriesColumn] = []
  }

  private struct Metric {
    var isCount: Bool
    var places: [TagSet: Int] = [:]
    var series: [TagSet] = []
    var columns: [SeriesColumn] = []
    /// Of each series, its place in `targets`.
    var numbers: [Int] = []
    var watches: [Watch] = []
  }

  package let retention: Duration
  private static let width = Rollup.width.wholeNanoseconds
  /// Forgetting goes through all series, so it waits until this many intervals can go at once.
  private static let forgetInterval = 360

  private var places: [String: Int] = [:]
  private var metrics: [Metric] = []
  /// For each number of a series what it is added to: its own column, where series are kept, and its groups in watches.
  private var targets: [[SeriesColumn]] = []
  private var newest = 0
  private var forgottenAt = Int.min

  /// - Parameter retention: how long every series is kept by itself, for questions that are not watched. Zero keeps none.
  package init(retention: Duration) { self.retention = retention }

  // MARK: What is added

  /// The number of a series, which is made when it is new.
  package func number(of key: SeriesKey, isCount: Bool) -> Number {
    let metric = place(of: key.metric, isCount: isCount)
    if let series = metrics[metric].places[key.tags] { return Number(place: metrics[metric].numbers[series]) }
    let series = metrics[metric].series.count
    metrics[metric].places[key.tags] = series
    metrics[metric].series.append(key.tags)
    let column = SeriesColumn(isCount: metrics[metric].isCount, hasLevels: false)
    metrics[metric].columns.append(column)
    metrics[metric].numbers.append(targets.count)
    targets.append(retention > .zero ? [column] : [])
    for watch in metrics[metric].watches.indices { join(series, of: metric, to: watch) }
    return Number(place: targets.count - 1)
  }

  package func add(_ rollup: Rollup) {
    for (key, aggregate) in rollup.series { add(aggregate, to: key, at: rollup.start) }
  }

  package func add(_ aggregate: Aggregate, to key: SeriesKey, at time: Timestamp) {
    switch aggregate {
    case .count(let count): add(count: count, to: number(of: key, isCount: true), at: time)
    case .sketch(let sketch): add(sketch, to: number(of: key, isCount: false), at: time)
    }
  }

  package func add(count: Int64, to number: Number, at time: Timestamp) {
    let slot = slot(at: time)
    for column in targets[number.place] { column.add(count, at: slot) }
  }

  package func add(sample: Double, to number: Number, at time: Timestamp) {
    let slot = slot(at: time)
    for column in targets[number.place] { column.add(sample: sample, at: slot) }
  }

  package func add(_ sketch: QuantileSketch, to number: Number, at time: Timestamp) {
    guard sketch.count > 0 else { return }
    let packed = PackedSketch(sketch)
    let slot = slot(at: time)
    for column in targets[number.place] { column.add(packed, at: slot) }
  }

  /// Where something of `time` goes; before 1970 there is one slot for all of it.
  private func slot(at time: Timestamp) -> Int {
    let slot = max(0, Self.slot(of: time))
    if slot > newest { advance(to: slot) }
    return slot
  }

  private static func slot(of time: Timestamp) -> Int {
    let slot = time.unixNanoseconds / width
    return Int(time.unixNanoseconds % width < 0 ? slot - 1 : slot)
  }

  private func place(of metric: String, isCount: Bool) -> Int {
    if let place = places[metric] { return place }
    places[metric] = metrics.count
    metrics.append(Metric(isCount: isCount))
    return metrics.count - 1
  }

  // MARK: What is watched

  /// From now on this question is answered fast for ranges that begin at most `horizon` before the newest data. What every series
  /// has kept so far is added up for it.
  package func watch(
    _ metric: MetricDefinition, filter: [String: String] = [:], groupBy: [String] = [], horizon: Duration
  ) {
    let place = place(of: metric.name, isCount: metric.type == .count)
    let shape = Shape(filter: filter, groupBy: groupBy)
    let kept = horizon + Rollup.width
    if let known = metrics[place].watches.firstIndex(where: { $0.shape == shape }) {
      guard kept > metrics[place].watches[known].horizon else { return }
      metrics[place].watches[known].horizon = kept
      return
    }
    metrics[place].watches.append(Watch(shape: shape, horizon: kept))
    let watch = metrics[place].watches.count - 1
    for series in metrics[place].series.indices { join(series, of: place, to: watch) }
  }

  private func join(_ series: Int, of metric: Int, to watch: Int) {
    let tags = metrics[metric].series[series]
    let shape = metrics[metric].watches[watch].shape
    guard shape.filter.allSatisfy({ tags[$0.key] == $0.value }) else { return }
    let groupTags = TagSet(shape.groupBy.compactMap { name in tags[name].map { .init(name: name, value: $0) } })
    let group: Int
    if let known = metrics[metric].watches[watch].places[groupTags] {
      group = known
    } else {
      group = metrics[metric].watches[watch].groups.count
      metrics[metric].watches[watch].places[groupTags] = group
      metrics[metric].watches[watch].groups.append(groupTags)
      metrics[metric].watches[watch].columns.append(SeriesColumn(isCount: metrics[metric].isCount, hasLevels: true))
    }
    let column = metrics[metric].watches[watch].columns[group]
    targets[metrics[metric].numbers[series]].append(column)
    metrics[metric].columns[series].copyPoints(0..<Int.max, into: column)
  }

  // MARK: What is forgotten

  private func advance(to slot: Int) {
    newest = slot
    if forgottenAt == .min { forgottenAt = slot }
    guard slot - forgottenAt >= Self.forgetInterval else { return }
    forgottenAt = slot
    for metric in metrics.indices {
      for column in metrics[metric].columns { column.forget(before: slot - slots(retention)) }
      for watch in metrics[metric].watches {
        for column in watch.columns { column.forget(before: slot - slots(watch.horizon)) }
      }
    }
  }

  private func slots(_ duration: Duration) -> Int { Int(duration.wholeNanoseconds / Self.width) }

  // MARK: What is asked

  package func read(_ query: SeriesQuery) -> [SeriesGroup] {
    let range = Self.slots(of: query.range)
    if let (place, watch) = watch(for: query, range) {
      return zip(metrics[place].watches[watch].groups, metrics[place].watches[watch].columns).compactMap { tags, column in
        Self.group(tags, column.points(range))
      }
    }
    return merged(query, range).map { tags, points in
      SeriesGroup(tags: tags, points: points.map { (Self.time(of: $0.slot), $0.aggregate) })
    }
  }

  /// One total for each group with data in the query's range.
  package func totals(_ query: SeriesQuery) -> [SeriesTotal] {
    let range = Self.slots(of: query.range)
    if let (place, watch) = watch(for: query, range) {
      var totals: [SeriesTotal] = []
      totals.reserveCapacity(metrics[place].watches[watch].groups.count)
      for (index, column) in metrics[place].watches[watch].columns.enumerated() {
        guard let total = column.total(range) else { continue }
        totals.append(
          SeriesTotal(
            tags: metrics[place].watches[watch].groups[index], aggregate: total.aggregate, last: Self.time(of: total.last)))
      }
      return totals
    }
    guard let place = places[query.metric] else { return [] }
    var totals: [TagSet: (aggregate: Aggregate, last: Int)] = [:]
    for (series, tags) in metrics[place].series.enumerated() {
      guard query.filter.allSatisfy({ tags[$0.key] == $0.value }),
        let total = metrics[place].columns[series].total(range)
      else { continue }
      let group = TagSet(query.groupBy.compactMap { name in tags[name].map { .init(name: name, value: $0) } })
      guard var sum = totals.removeValue(forKey: group) else {
        totals[group] = total
        continue
      }
      sum.aggregate.merge(total.aggregate)
      totals[group] = (sum.aggregate, max(sum.last, total.last))
    }
    return totals.map { SeriesTotal(tags: $0.key, aggregate: $0.value.aggregate, last: Self.time(of: $0.value.last)) }
  }

  private func watch(for query: SeriesQuery, _ range: Range<Int>) -> (metric: Int, watch: Int)? {
    guard let place = places[query.metric] else { return nil }
    for index in metrics[place].watches.indices {
      guard metrics[place].watches[index].shape.groupBy == query.groupBy,
        metrics[place].watches[index].shape.filter == query.filter
      else { continue }
      // Series remember further back than this watch: they answer.
      let horizon = metrics[place].watches[index].horizon
      return range.lowerBound < newest - slots(horizon) && retention > horizon ? nil : (place, index)
    }
    return nil
  }

  /// Of series that nobody watches: their points, merged by group and interval.
  private func merged(_ query: SeriesQuery, _ range: Range<Int>) -> [(tags: TagSet, points: [(slot: Int, aggregate: Aggregate)])]
  {
    guard let place = places[query.metric] else { return [] }
    var groups: [TagSet: SeriesColumn] = [:]
    for (series, tags) in metrics[place].series.enumerated() where query.filter.allSatisfy({ tags[$0.key] == $0.value }) {
      let group = TagSet(query.groupBy.compactMap { name in tags[name].map { .init(name: name, value: $0) } })
      let column = groups[group] ?? SeriesColumn(isCount: metrics[place].isCount, hasLevels: false)
      groups[group] = column
      metrics[place].columns[series].copyPoints(range, into: column)
    }
    return groups.compactMap { tags, column in column.isEmpty ? nil : (tags, column.points(range)) }
  }

  private static func group(_ tags: TagSet, _ points: [(slot: Int, aggregate: Aggregate)]) -> SeriesGroup? {
    points.isEmpty ? nil : SeriesGroup(tags: tags, points: points.map { (time(of: $0.slot), $0.aggregate) })
  }

  private static func time(of slot: Int) -> Timestamp { Timestamp(unixNanoseconds: Int64(slot) * width) }

  /// The slots whose start lies in `range`.
  private static func slots(of range: Range<Timestamp>) -> Range<Int> {
    let first = slot(of: range.lowerBound - .nanoseconds(1)) + 1
    return max(0, first)..<max(0, first, slot(of: range.upperBound - .nanoseconds(1)) + 1)
  }
}
