// A batch of spans as pieces of a payload: grouped by trace, decided about, and cut small enough that halves of a request differ.

import Delivery
import LLMTelemetry

/// Items hold whole traces. An item begins with the number of its traces in four bytes, which is not sent: a header needs it.
struct TraceEncoder: ~Copyable {
  /// A piece is closed when it has as many bytes: a request is made of many, and an Agent that finds one too large gets halves.
  static let pieceBytes = 32 << 10
  /// A trace of more is sent in parts, which the Agent joins.
  static let traceBytes = 256 << 10

  private let spanEncoder: AgentSpanEncoder
  private var writer = MessagePackWriter()
  private var grouping = TraceGrouping()
  private var sampler = TraceSampler()
  private var items: [DeliveryItem] = []
  private var tracesInPiece = 0
  private var spansInPiece = 0

  init(_ settings: AgentTraces.Settings) { spanEncoder = AgentSpanEncoder(settings) }

  mutating func encode(_ spans: [LLMSpan], rates: SamplingRates, now: Timestamp) -> [DeliveryItem] {
    // In place: an element of an array would be copied, with a count for each of its strings.
    spans.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { encode($0, count: buffer.count, rates: rates, now: now) } ?? []
    }
  }

  private mutating func encode(
    _ spans: UnsafePointer<LLMSpan>, count: Int, rates: SamplingRates, now: Timestamp
  ) -> [DeliveryItem] {
    grouping.begin(spans, count: count)
    let encoder = spanEncoder
    for place in grouping.traces.indices {
      grouping.load(grouping.traces[place], of: spans) { encoder.service(of: spans + $0) }
      let decision = decide(spans, rates: rates, now: now)
      append(grouping.members[...], of: spans, decision, now)
      for place in grouping.duplicates.indices { append(grouping.duplicates[place...place], of: spans, decision, now) }
    }
    closePiece()
    let finished = items
    items = []
    return finished
  }

  private mutating func decide(
    _ spans: UnsafePointer<LLMSpan>, rates: SamplingRates, now: Timestamp
  ) -> TraceDecision {
    let root = grouping.members[0]
    var isSampled = true
    var hasFailed = false
    func look(_ member: TraceGrouping.Member) {
      if !spans[member.span].isSampled { isSampled = false }
      if spans[member.span].outcome.errorClass != nil { hasFailed = true }
    }
    grouping.members.forEach(look)
    grouping.duplicates.forEach(look)
    let rate = rates.rate(
      service: spanEncoder.service(of: spans + root.span), env: spanEncoder.env(of: spans + root.span) ?? "")
    return sampler.decide(
      traceLow: spans[root.span].traceID.low, rate: rate, isSampled: isSampled, hasCaller: root.parent != 0, hasFailed: hasFailed,
      now: now)
  }

  private mutating func append(
    _ members: ArraySlice<TraceGrouping.Member>, of spans: UnsafePointer<LLMSpan>, _ decision: TraceDecision,
    _ now: Timestamp
  ) {
    var rest = members
    while !rest.isEmpty {
      if writer.count == 0 { writer.append(raw: [0, 0, 0, 0]) }
      let begin = writer.count
      let place = writer.beginArray()
      var count = 0
      while let member = rest.first, count == 0 || writer.count - begin < Self.traceBytes {
        spanEncoder.append(spans + member.span, member, decision: count == 0 ? decision : nil, now: now, to: &writer)
        rest.removeFirst()
        count += 1
      }
      writer.end(place, size: count)
      tracesInPiece += 1
      spansInPiece += count
      if writer.count >= Self.pieceBytes { closePiece() }
    }
  }

  private mutating func closePiece() {
    guard tracesInPiece > 0 else { return }
    writer.overwrite(UInt32(tracesInPiece), at: 0)
    items.append(DeliveryItem(writer.bytes(), count: spansInPiece))
    writer.removeAll()
    tracesInPiece = 0
    spansInPiece = 0
  }

  /// The body of a request, and how many traces are in it.
  static func body(_ items: [DeliveryItem]) -> (bytes: [UInt8], traces: Int) {
    let traces = items.reduce(0) { $0 + $1.bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } }
    var head = MessagePackWriter(capacity: 64)
    head.appendArray(traces)
    var body = head.bytes()
    body.reserveCapacity(body.count + items.reduce(0) { $0 + $1.bytes.count })
    for item in items { body += item.bytes.dropFirst(4) }
    return (body, traces)
  }
}
