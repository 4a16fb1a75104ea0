// Holds the spans of a trace until its root has ended, as Datadog's tracers do: only together they show where a service was entered.

import LLMTelemetry

/// Pure; time is an argument. Children end before their parents, so that the root's end is that of the trace. A trace that was begun
/// elsewhere has no root here and is over when nothing more has ended for a while.
struct TraceAssembly {
  /// Spans that are held in all. Beyond it the traces that have waited longest go, a tenth of all at once, so that their order is
  /// looked for seldom.
  static let spanLimit = 10_000
  static let patience: Duration = .seconds(5)

  private struct Part {
    var spans: [LLMSpan] = []
    var lastEnd: Timestamp
  }

  private var parts: [TraceID: Part] = [:]
  private(set) var count = 0

  /// Takes spans that ended and gives those whose trace is complete, each trace in one piece.
  mutating func add(_ spans: [LLMSpan], now: Timestamp) -> [LLMSpan] {
    var complete: [LLMSpan] = []
    for span in spans {
      parts[span.traceID, default: Part(lastEnd: now)].spans.append(span)
      parts[span.traceID]?.lastEnd = now
      count += 1
      if span.parentSpanID == nil { take(span.traceID, into: &complete) }
    }
    if count > Self.spanLimit {
      for (trace, _) in parts.sorted(by: { $0.value.lastEnd < $1.value.lastEnd }) where count > Self.spanLimit * 9 / 10 {
        take(trace, into: &complete)
      }
    }
    return complete
  }

  /// Gives the traces in which nothing has ended for a while; all of them when the program ends.
  mutating func release(now: Timestamp, isLast: Bool = false) -> [LLMSpan] {
    var due: [LLMSpan] = []
    for (trace, part) in parts.sorted(by: { $0.value.lastEnd < $1.value.lastEnd })
    where isLast || now - part.lastEnd >= Self.patience { take(trace, into: &due) }
    return due
  }

  private mutating func take(_ trace: TraceID, into spans: inout [LLMSpan]) {
    guard let part = parts.removeValue(forKey: trace) else { return }
    count -= part.spans.count
    spans += part.spans
  }
}
