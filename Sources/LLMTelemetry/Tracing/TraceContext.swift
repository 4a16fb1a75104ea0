// Trace context on the wire: Datadog's headers and W3C Trace Context, in and out.

/// The place in a trace that the next span hangs under, and what travels with the trace.
public struct TraceContext: Hashable, Sendable {
  /// What Datadog's tracers pass on with a trace: `dm`, who decided about keeping it; `usr.id`; others of theirs.
  public struct Tag: Hashable, Sendable {
    /// Without `_dd.p.`.
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  public var traceID: TraceID
  public var spanID: SpanID
  /// The decision of whoever began the trace; passed on, and no reason to leave a span out of the metrics. `nil`: none was made.
  public var priority: SamplingPriority?
  /// Where a trace began that is no service's: `rum`, `synthetics`.
  public var origin: String?
  /// In the order they came; the upper half of the trace id (`tid`) is not among them.
  public var tags: [Tag] = []
  /// The members of `tracestate` that are other vendors', in their order; they are passed on.
  public var foreignState: String?

  public init(traceID: TraceID, spanID: SpanID, priority: SamplingPriority?) {
    self.traceID = traceID
    self.spanID = spanID
    self.priority = priority
  }

  public init(traceID: TraceID, spanID: SpanID, isSampled: Bool = true) {
    self.init(traceID: traceID, spanID: spanID, priority: isSampled ? .autoKeep : .autoReject)
  }

  /// False when whoever began the trace gave it up.
  public var isSampled: Bool {
    get { priority?.isKept ?? true }
    set { if newValue != isSampled || priority == nil { priority = newValue ? .autoKeep : .autoReject } }
  }

  /// The decision as a span keeps it: the priority, and who made it when the trace says so.
  public var sampling: SamplingDecision? {
    priority.map { priority in
      SamplingDecision(priority, by: tags.first { $0.name == "dm" }.flatMap { SamplingMechanism($0.value) })
    }
  }

  /// The same trace, with another span as the parent of what follows.
  public func child(_ spanID: SpanID = .random()) -> TraceContext {
    var child = self
    child.spanID = spanID
    return child
  }

  /// Reads a context from request headers: Datadog's when present and valid, as Datadog's tracers do, else W3C's, else `nil`.
  /// When Datadog's lack the upper half of the trace id or a decision, a `traceparent` of the same trace supplies it, and its
  /// `tracestate` is passed on.
  ///
  /// - Parameter header: the value of a header by its lowercase name; of `tracestate` all values, joined by commas.
  public static func extract(_ header: (String) -> String?) -> TraceContext? {
    var w3c = header("traceparent").flatMap(Self.init(traceparent:))
    if w3c != nil, let state = header("tracestate") { w3c?.read(traceState: state) }
    guard let low = header("x-datadog-trace-id").flatMap(Self.decimal),
      let span = header("x-datadog-parent-id").flatMap(Self.decimal).flatMap({ SpanID(bits: $0) })
    else { return w3c }
    let tags = header("x-datadog-tags").map(DatadogTags.init) ?? DatadogTags("")
    let sameTrace = w3c.flatMap { standard in
      standard.traceID.low == low && tags.upperHalf.map({ $0 == standard.traceID.high }) ?? true ? standard : nil
    }
    guard let trace = TraceID(high: tags.upperHalf ?? sameTrace?.traceID.high ?? 0, low: low) else { return w3c }
    let priority = header("x-datadog-sampling-priority").flatMap { SamplingPriority(header: $0) }
    var context = TraceContext(traceID: trace, spanID: span, priority: priority ?? sameTrace?.priority)
    context.origin = header("x-datadog-origin")
    context.tags = tags.tags
    context.foreignState = sameTrace?.foreignState
    return context
  }

  /// The headers that carry this context, in both forms.
  public var headers: [(name: String, value: String)] {
    var headers = [
      (name: "traceparent", value: "00-\(traceID)-\(spanID)-0\(isSampled ? 1 : 0)"),
      (name: "tracestate", value: traceState),
      (name: "x-datadog-trace-id", value: String(traceID.low)),
      (name: "x-datadog-parent-id", value: String(spanID.bits)),
    ]
    if let priority { headers.append((name: "x-datadog-sampling-priority", value: String(priority.rawValue))) }
    if let origin = origin.map(HeaderText.value), !origin.isEmpty { headers.append((name: "x-datadog-origin", value: origin)) }
    let tags = DatadogTags.text(tags, upperHalf: traceID.high)
    if !tags.isEmpty { headers.append((name: "x-datadog-tags", value: tags)) }
    return headers
  }

  /// `00-<32 hex>-<16 hex>-<2 hex>` in lowercase; versions after 00 may append fields, version ff is forbidden
  /// (W3C Trace Context, 3.2). A trace whose lower half is zero has no id at Datadog, and is none here.
  private init?(traceparent text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].utf8.count == 2, parts[3].utf8.count == 2,
      text.utf8.allSatisfy({ !(65...90).contains($0) }),
      let version = UInt8(parts[0], radix: 16), version != 255, version != 0 || parts.count == 4,
      parts[1].utf8.count == 32, let trace = TraceID(hexadecimal: parts[1]), trace.low != 0,
      let span = SpanID(hexadecimal: parts[2]), let flags = UInt8(parts[3], radix: 16)
    else { return nil }
    self.init(traceID: trace, spanID: span, isSampled: flags & 1 == 1)
  }

  /// An id that is not zero; `UInt64(_:)` takes a leading `+`, which a wire id must not have.
  private static func decimal(_ text: String) -> UInt64? {
    guard text.utf8.first != UInt8(ascii: "+"), let number = UInt64(text), number != 0 else { return nil }
    return number
  }
}
