// Trace context on the wire: Datadog's headers and W3C Trace Context, in and out.

/// The place in a trace that the next span hangs under.
public struct TraceContext: Hashable, Sendable {
  public var traceID: TraceID
  public var spanID: SpanID
  public var isSampled: Bool

  public init(traceID: TraceID, spanID: SpanID, isSampled: Bool = true) {
    self.traceID = traceID
    self.spanID = spanID
    self.isSampled = isSampled
  }

  /// Reads a context from request headers: Datadog's when present and valid, else W3C's, else `nil`.
  ///
  /// - Parameter header: the first value of a header by its lowercase name.
  public static func extract(_ header: (String) -> String?) -> TraceContext? {
    datadog(header) ?? w3c(header("traceparent"))
  }

  /// The headers that carry this context, in both forms.
  public var headers: [(name: String, value: String)] {
    let priority = isSampled ? "1" : "0"
    return [
      ("traceparent", "00-\(traceID)-\(spanID)-0\(priority)"),
      ("x-datadog-trace-id", String(traceID.low)),
      ("x-datadog-parent-id", String(spanID.bits)),
      ("x-datadog-sampling-priority", priority),
      ("x-datadog-tags", "_dd.p.tid=\(traceID.high.sixteenHexadecimalDigits)"),
    ]
  }

  private static func datadog(_ header: (String) -> String?) -> TraceContext? {
    guard let low = header("x-datadog-trace-id").flatMap({ UInt64($0) }), low != 0,
      let span = header("x-datadog-parent-id").flatMap({ UInt64($0) }).flatMap({ SpanID(bits: $0) })
    else { return nil }
    let upper = header("x-datadog-tags")?.split(separator: ",").first { $0.hasPrefix("_dd.p.tid=") }?.dropFirst(10)
    let high = upper.flatMap { $0.utf8.count == 16 ? UInt64($0, radix: 16) : nil } ?? 0
    guard let trace = TraceID(high: high, low: low) else { return nil }
    let isSampled = header("x-datadog-sampling-priority").flatMap { Int($0) }.map { $0 > 0 } ?? true
    return TraceContext(traceID: trace, spanID: span, isSampled: isSampled)
  }

  private static func w3c(_ traceparent: String?) -> TraceContext? {
    guard let parts = traceparent?.split(separator: "-", omittingEmptySubsequences: false), parts.count >= 4, parts[0].utf8.count == 2,
      parts[0] != "ff", parts[0] != "00" || parts.count == 4, parts[1].utf8.count == 32,
      let trace = TraceID(hexadecimal: parts[1]), let span = SpanID(hexadecimal: parts[2]), let flags = UInt8(parts[3], radix: 16)
    else { return nil }
    return TraceContext(traceID: trace, spanID: span, isSampled: flags & 1 == 1)
  }
}
