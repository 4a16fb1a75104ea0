// Hits, errors and durations of all spans, kept and given up alike, in buckets of ten seconds: what Datadog's trace metrics are made of.

import LLMTelemetry

/// What spans are counted together by, as the Agent would. Name, type and role follow from the kind.
struct StatisticsKey: Hashable, Sendable {
  var env: String?
  var version: String?
  var service: String
  var kind: SpanKind
  var resource: String
  var httpStatus: Int
  /// A workflow where a service is entered is a server's.
  var isServer: Bool
  var isTraceRoot: Bool
  /// The value of `peer.service`, where the Agent counts by it.
  var peer: String?
}

struct StatisticsGroup: Sendable {
  var hits: Int64 = 0
  var topLevelHits: Int64 = 0
  var errors: Int64 = 0
  /// Nanoseconds.
  var duration: Int64 = 0
  var passed = LatencySketch()
  var failed = LatencySketch()

  mutating func add(nanoseconds: Int64, isError: Bool, isTopLevel: Bool) {
    hits += 1
    if isTopLevel { topLevelHits += 1 }
    let (sum, overflow) = duration.addingReportingOverflow(nanoseconds)
    duration = overflow ? .max : sum
    if isError {
      errors += 1
      failed.add(nanoseconds: nanoseconds)
    } else {
      passed.add(nanoseconds: nanoseconds)
    }
  }
}

struct StatisticsBucket: Sendable {
  static let width: Int64 = 10_000_000_000

  /// Nanoseconds; a multiple of `width`.
  var start: Int64
  var groups: [StatisticsKey: StatisticsGroup] = [:]
}

/// Counts spans by the second in which they ended.
struct SpanStatistics: Sendable {
  /// Groups of one bucket that keep the resource of their spans. Beyond them spans are counted under `other`, since a resource is text
  /// from outside: neither memory nor trace metrics grow with it.
  static let groupLimit = 1_000
  /// Beyond them what is told apart is the kind alone.
  static let groupLimitOfServices = 2_000
  static let otherResource = "other"
  /// A bucket is sent so long after its end: spans arrive when they have passed the pipeline.
  static let settling: Int64 = 3_000_000_000

  /// By start, few: one that is open and one that settles.
  private var buckets: [StatisticsBucket] = []
  /// Buckets before it are sent; what arrives for them goes into the oldest that is not.
  private var oldest: Int64 = .min

  /// Times are nanoseconds since 1970.
  ///
  /// - Parameter fallback: the sender's own service, under which is counted what has no room.
  mutating func add(
    _ key: StatisticsKey, endedAt end: Int64, duration: Int64, isError: Bool, isTopLevel: Bool, now: Int64, fallback: String
  ) {
    let current = Self.floor(now)
    let start = min(max(Self.floor(end), oldest, current - 2 * StatisticsBucket.width), max(current, oldest))
    let place: Int
    if let last = buckets.indices.last, buckets[last].start == start {
      place = last
    } else if let known = buckets.firstIndex(where: { $0.start == start }) {
      place = known
    } else {
      place = buckets.firstIndex { $0.start > start } ?? buckets.count
      buckets.insert(StatisticsBucket(start: start), at: place)
    }
    let key = Self.bounded(key, in: buckets[place].groups, fallback: fallback)
    buckets[place].groups[key, default: StatisticsGroup()].add(nanoseconds: duration, isError: isError, isTopLevel: isTopLevel)
  }

  private static func bounded(
    _ key: StatisticsKey, in groups: [StatisticsKey: StatisticsGroup], fallback: String
  ) -> StatisticsKey {
    if groups.count < groupLimit || groups[key] != nil { return key }
    var key = key
    (key.resource, key.httpStatus, key.peer) = (otherResource, 0, nil)
    if groups.count < groupLimitOfServices || groups[key] != nil { return key }
    (key.service, key.env, key.version) = (fallback, nil, nil)
    return key
  }

  /// Takes the buckets whose time is over; all of them when the program ends.
  mutating func take(now: Int64, isLast: Bool = false) -> [StatisticsBucket] {
    let isDue = { (bucket: StatisticsBucket) in isLast || bucket.start + StatisticsBucket.width + Self.settling <= now }
    let due = buckets.filter(isDue)
    buckets.removeAll(where: isDue)
    if let last = due.last { oldest = max(oldest, last.start + StatisticsBucket.width) }
    return due
  }

  private static func floor(_ time: Int64) -> Int64 {
    let rest = time % StatisticsBucket.width
    return time - (rest < 0 ? rest + StatisticsBucket.width : rest)
  }
}
