// Which spans are wanted, and where the next page starts.

import GRDB
import LLMTelemetry

/// All conditions must hold; an empty filter wants every span.
package struct SpanFilter: Hashable, Sendable {
  package var dimensions: [Dimension: String] = [:]
  package var traceID: TraceID?
  /// By the time a span started.
  package var range: Range<Timestamp>?
  package var kinds: Set<SpanKind> = []
  /// Only failures that are the service's; those the client cancelled are not.
  package var onlyErrors = false
  package var minimumUngrounded: Double?
  /// Only spans that count in metrics.
  package var onlyTraffic = false

  package init() {}

  /// The table to select from. The few spans of a trace are found by their sequence numbers, and then sorted; SQLite would rather
  /// read all spans in the order of their index, and ask of each whether it is one of them.
  var source: String { traceID == nil ? "spans" : "spans NOT INDEXED" }

  /// The SQL condition and its arguments.
  var condition: (sql: String, arguments: StatementArguments) {
    var parts: [String] = []
    var arguments = StatementArguments()
    func require(_ sql: String, _ values: any DatabaseValueConvertible...) {
      parts.append(sql)
      arguments += StatementArguments(values)
    }
    for (dimension, value) in dimensions.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      require("\(Self.expression(dimension)) = ?", value)
    }
    if let traceID {
      require(
        TraceBlocks.condition, TraceBlocks.fingerprint(traceID.low), Int64(bitPattern: traceID.low),
        Int64(bitPattern: traceID.high))
    }
    if let range { require("start >= ? AND start < ?", range.lowerBound.unixNanoseconds, range.upperBound.unixNanoseconds) }
    if !kinds.isEmpty {
      parts.append("kind IN (\(kinds.map { _ in "?" }.joined(separator: ", ")))")
      arguments += StatementArguments(kinds.map(\.rawValue).sorted())
    }
    if onlyErrors {
      require("error_class NOT IN (?, ?)", ErrorClass.cancelled.rawValue, ErrorClass.withheld.rawValue)
    }
    if let minimumUngrounded { require("ungrounded >= ?", minimumUngrounded) }
    if onlyTraffic { parts.append("accounts_for_exchange AND of_judge IS NULL") }
    return (parts.isEmpty ? "1" : parts.joined(separator: " AND "), arguments)
  }

  /// Column names are the dimensions' raw names but for those a span derives.
  private static func expression(_ dimension: Dimension) -> String {
    switch dimension {
    case .spanKind: "kind"
    case .cache:
      """
      CASE WHEN attempts = 0 AND accounts_for_exchange AND error_class IS NULL THEN 'gateway' \
      WHEN cache_read_tokens > 0 THEN 'hit' WHEN cache_read_tokens = 0 THEN 'miss' END
      """
    case .service, .env, .version, .provider, .model, .route, .tenant, .feature, .prompt, .promptVersion, .region, .finishReason,
      .errorClass, .override:
      dimension.rawValue
    }
  }
}

/// A place between two spans in the order newest first.
package struct SpanCursor: Hashable, Sendable {
  package let start: Timestamp
  /// Tells spans of the same nanosecond apart.
  package let sequence: Int64

  package init(start: Timestamp, sequence: Int64) {
    self.start = start
    self.sequence = sequence
  }
}

package struct SpanPage: Sendable {
  /// Newest first, by start.
  package let spans: [LLMSpan]
  /// Where the next page begins; `nil` on the last one.
  package let next: SpanCursor?
}
