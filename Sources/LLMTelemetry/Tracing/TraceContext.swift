// Trace context on the wire: Datadog's headers and W3C Trace Context, in and out.

/// The place in a trace that the next span hangs under.
public struct TraceContext: Hashable, Sendable {
  public var traceID: TraceID
  public var spanID: SpanID
  /// The decision of whoever began the trace; passed on, and no reason to leave a span out of the metrics.
  public var isSampled: Bool

  public init(traceID: TraceID, spanID: SpanID, isSampled: Bool = true) {
    self.traceID = traceID
    self.spanID = spanID
    self.isSampled = isSampled
  }

  /// Reads a context from request headers: Datadog's when present and valid, as Datadog's tracers do, else W3C's, else `nil`.
  /// When Datadog's lack the upper half of the trace id, a `traceparent` of the same trace supplies it.
  ///
  /// - Parameter header: the first value of a header by its lowercase name.
  public static func extract(_ header: (String) -> String?) -> TraceContext? {
    let w3c = header("traceparent").flatMap(Self.init(traceparent:))
    guard let low = header("x-datadog-trace-id").flatMap({ UInt64($0) }), low != 0,
      let span = header("x-datadog-parent-id").flatMap({ UInt64($0) }).flatMap({ SpanID(bits: $0) })
    else { return w3c }
    let sameTrace = w3c.flatMap { $0.traceID.low == low ? $0.traceID.high : nil }
    let high = header("x-datadog-tags").flatMap(Self.upperHalf(inTags:)) ?? sameTrace ?? 0
    guard let trace = TraceID(high: high, low: low) else { return w3c }
    let isSampled = header("x-datadog-sampling-priority").flatMap { Int($0) }.map { $0 > 0 } ?? true
    return TraceContext(traceID: trace, spanID: span, isSampled: isSampled)
  }

  /// The headers that carry this context, in both forms.
  public var headers: [(name: String, value: String)] {
    let priority = isSampled ? "1" : "0"
    var headers = [
      (name: "traceparent", value: "00-\(traceID)-\(spanID)-0\(priority)"),
      (name: "x-datadog-trace-id", value: String(traceID.low)),
      (name: "x-datadog-parent-id", value: String(spanID.bits)),
      (name: "x-datadog-sampling-priority", value: priority),
    ]
    if traceID.high != 0 {
      headers.append((name: "x-datadog-tags", value: "_dd.p.tid=\(traceID.high.sixteenHexadecimalDigits)"))
    }
    return headers
  }

  /// `00-<32 hex>-<16 hex>-<2 hex>` in lowercase; versions after 00 may append fields, version ff is forbidden
  /// (W3C Trace Context, 3.2).
  private init?(traceparent text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].utf8.count == 2, parts[3].utf8.count == 2,
      text.utf8.allSatisfy({ !(65...90).contains($0) }),
      let version = UInt8(parts[0], radix: 16), version != 255, version != 0 || parts.count == 4,
      parts[1].utf8.count == 32, let trace = TraceID(hexadecimal: parts[1]),
      let span = SpanID(hexadecimal: parts[2]), let flags = UInt8(parts[3], radix: 16)
    else { return nil }
    self.init(traceID: trace, spanID: span, isSampled: flags & 1 == 1)
  }

  private static func upperHalf(inTags tags: String) -> UInt64? {
    for tag in tags.split(separator: ",") where tag.hasPrefix("_dd.p.tid=") {
      return SpanID(hexadecimal: tag.dropFirst("_dd.p.tid=".count))?.bits
    }
    return nil
  }
}
