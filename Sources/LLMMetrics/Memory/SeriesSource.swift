// Where an evaluation reads series: point by point, or a window at once where whoever keeps them can do that cheaply.

import LLMTelemetry

package struct SeriesSource {
  package let read: SeriesReader
  /// One total for each group with data; what `read` gives, merged.
  package let totals: (SeriesQuery) throws -> [SeriesTotal]

  package init(_ read: @escaping SeriesReader) {
    self.read = read
    totals = { query in
      try read(query).compactMap { group in
        guard let total = group.total, let last = group.points.last?.start else { return nil }
        return SeriesTotal(tags: group.tags, aggregate: total, last: last)
      }
    }
  }

  package init(_ memory: SeriesMemory) {
    read = memory.read
    totals = memory.totals
  }
}
