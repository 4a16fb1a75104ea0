// Where a span stands in its trace, and how that travels between services: W3C Trace Context and Datadog's own headers.

/// The identity of a span that other spans can be children of.
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

  /// Reads the context of a caller out of its headers; names in any case, the first of equal names counts.
  public init?(headers: some Sequence<(name: String, value: String)>) {
    var known: [String: String] = [:]
    for (name, value) in headers {
      let name = name.lowercased()
      if name.hasPrefix("x-datadog-") || name == "traceparent", known[name] == nil { known[name] = value }
    }
    self.init { known[$0] }
  }

  /// Reads the context of a caller. Datadog's headers win over `traceparent`, as in Datadog's tracers; when they lack the
  /// upper half of the trace id, a `traceparent` of the same trace supplies it. `nil` when neither is there or valid.
  ///
  /// - Parameter header: the first value of a header by its lowercase name.
  public init?(header: (String) -> String?) {
    let standard = header("traceparent").flatMap(Self.init(traceparent:))
    guard let low = header("x-datadog-trace-id").flatMap({ UInt64($0) }), low != 0,
      let spanID = header("x-datadog-parent-id").flatMap({ UInt64($0) }).flatMap(SpanID.init(bits:))
    else {
      guard let standard else { return nil }
      self = standard
      return
    }
    let sameTrace = standard.flatMap { $0.traceID.low == low ? $0.traceID.high : nil }
    let high = header("x-datadog-tags").flatMap(Self.upperHalf(inTags:)) ?? sameTrace ?? 0
    guard let traceID = TraceID(high: high, low: low) else { return nil }
    let priority = header("x-datadog-sampling-priority").flatMap { Int($0) }
    self.init(traceID: traceID, spanID: spanID, isSampled: (priority ?? 1) > 0)
  }

  /// The headers that make the receiver's spans children of this one.
  public var headers: [(name: String, value: String)] {
    var tags = isSampled ? ["_dd.p.dm=-0"] : []
    if traceID.high != 0 { tags.append("_dd.p.tid=\(traceID.high.sixteenHexadecimalDigits)") }
    var headers = [
      (name: "traceparent", value: "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")"),
      (name: "x-datadog-trace-id", value: String(traceID.low)),
      (name: "x-datadog-parent-id", value: String(spanID.bits)),
      (name: "x-datadog-sampling-priority", value: isSampled ? "1" : "0"),
    ]
    if !tags.isEmpty { headers.append((name: "x-datadog-tags", value: tags.joined(separator: ","))) }
    return headers
  }

  /// `00-<32 hex>-<16 hex>-<2 hex>`; versions after 00 may append fields, version ff is forbidden (W3C Trace Context, 3.2).
  private init?(traceparent text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].utf8.count == 2, parts[3].utf8.count == 2,
      text.utf8.allSatisfy({ !(65...90).contains($0) }),
      let version = UInt8(parts[0], radix: 16), version != 255, version != 0 || parts.count == 4,
      parts[1].utf8.count == 32, let traceID = TraceID(hexadecimal: parts[1]),
      let spanID = SpanID(hexadecimal: parts[2]), let flags = UInt8(parts[3], radix: 16)
    else { return nil }
    self.init(traceID: traceID, spanID: spanID, isSampled: flags & 1 == 1)
  }

  private static func upperHalf(inTags tags: String) -> UInt64? {
    for tag in tags.split(separator: ",") where tag.hasPrefix("_dd.p.tid=") {
      return SpanID(hexadecimal: tag.dropFirst("_dd.p.tid=".count))?.bits
    }
    return nil
  }
}
