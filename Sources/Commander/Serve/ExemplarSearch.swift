// Finds the traces that show an incident best: those in its cause that failed, were least grounded, or took longest.

import Incidents
import LLMTelemetry
import Storage

struct ExemplarSearch: Sendable {
  let store: TelemetryStore

  private static let candidates = 200
  private static let wanted = 5

  /// Trace ids, the clearest case first; empty while no span of the cause is stored.
  func traces(of incident: Incident) throws -> [String] {
    var filter = SpanFilter()
    for (name, value) in incident.cause?.dimensions ?? [:] {
      if let dimension = Dimension(rawValue: name) { filter.dimensions[dimension] = value }
    }
    filter.kinds = [.llm]
    filter.onlyTraffic = true
    filter.range = incident.onsetAt..<Timestamp(unixNanoseconds: .max)
    let spans = try store.spans(filter, limit: Self.candidates).spans
    var traces: [TraceID] = []
    for span in spans.sorted(by: { Self.weight($0) > Self.weight($1) }) where !traces.contains(span.traceID) {
      traces.append(span.traceID)
      if traces.count == Self.wanted { break }
    }
    return traces.map(\.description)
  }

  /// Failures before ungrounded answers before slow ones.
  private static func weight(_ span: LLMSpan) -> Double {
    (span.outcome.countsAsError ? 1_000 : 0) + (span.risk.ungrounded ?? 0) * 100 + min(span.duration.inSeconds, 99)
  }
}
