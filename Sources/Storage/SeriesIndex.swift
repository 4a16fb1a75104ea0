// All series of the file, in memory: ids for writing, and tags to filter and group by without parsing them again.

import GRDB
import LLMMetrics

struct SeriesIndex {
  private(set) var ids: [SeriesKey: Int64] = [:]
  private(set) var byMetric: [String: [Int64: TagSet]] = [:]

  var count: Int { ids.count }

  mutating func insert(_ key: SeriesKey, id: Int64) {
    ids[key] = id
    byMetric[key.metric, default: [:]][id] = key.tags
  }

  static func load(_ db: Database) throws -> SeriesIndex {
    var index = SeriesIndex()
    for row in try Row.fetchAll(db, sql: "SELECT id, metric, tags FROM series") {
      index.insert(SeriesKey(metric: row["metric"], tags: TagText.decode(row["tags"])), id: row["id"])
    }
    return index
  }

  /// The series of `query`'s metric that its filter keeps, with the group each belongs to.
  func matches(_ query: SeriesQuery) -> [Int64: TagSet] {
    (byMetric[query.metric] ?? [:]).compactMapValues { tags in
      guard query.filter.allSatisfy({ tags[$0.key] == $0.value }) else { return nil }
      return TagSet(query.groupBy.compactMap { name in tags[name].map { TagSet.Tag(name: name, value: $0) } })
    }
  }
}
