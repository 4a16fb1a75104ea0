// A batch of spans as pieces of a payload: grouped by trace, decided about, and cut small enough that halves of a request differ.

import Delivery
import LLMTelemetry

/// What the Agent leaves to us.
struct TraceDuties: Equatable, Sendable {
  /// Statistics of all spans; traces that are given up are then left out.
  var statistics = false
  /// Spans are counted by whom they call, too.
  var peers = false

  init() {}

  init(_ info: AgentInfo?) {
    guard let info else { return }
    statistics = info.takesStatistics
    peers = info.peerTags.contains("peer.service")
  }
}

/// Items hold whole traces. An item begins with three numbers in four bytes each, which are not sent: how many traces are in it, and how
/// many traces and spans were left out before it. Headers need them.
struct TraceEncoder: ~Copyable {
  /// A piece is closed when it has as many bytes: a request is made of many, and an Agent that finds one too large gets halves.
  static let pieceBytes = 32 << 10
  /// A trace of more is sent in parts, which the Agent joins.
  static let traceBytes = 256 << 10
  private static let headBytes = 12

  private let spanEncoder: AgentSpanEncoder
  private var writer = MessagePackWriter()
  private var grouping = TraceGrouping()
  private var sampler = TraceSampler()
  private var items: [DeliveryItem] = []
  private var tracesInPiece = 0
  private var spansInPiece = 0
  private var statistics = SpanStatistics()
  private var payload: StatisticsPayload
  private var duties = TraceDuties()
  /// Left out since the last piece.
  private var leftTraces = 0
  private var leftSpans = 0

  init(_ settings: AgentTraces.Settings) {
    spanEncoder = AgentSpanEncoder(settings)
    payload = StatisticsPayload(settings)
  }

  mutating func encode(
    _ spans: [LLMSpan], rates: SamplingRates, duties: TraceDuties = TraceDuties(), now: Timestamp
  ) -> [DeliveryItem] {
    self.duties = duties
    // In place: an element of an array would be copied, with a count for each of its strings.
    return spans.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { encode($0, count: buffer.count, rates: rates, now: now) } ?? []
    }
  }

  /// Statistics whose time is over, as bodies of requests.
  mutating func takeStatistics(now: Timestamp, isLast: Bool = false) -> [DeliveryItem] {
    payload.items(statistics.take(now: now.unixNanoseconds, isLast: isLast))
  }

  private mutating func encode(
    _ spans: UnsafePointer<LLMSpan>, count: Int, rates: SamplingRates, now: Timestamp
  ) -> [DeliveryItem] {
    grouping.begin(spans, count: count)
    let encoder = spanEncoder
    for place in grouping.traces.indices {
      grouping.load(grouping.traces[place], of: spans) { encoder.service(of: spans + $0) }
      let (decision, hasFailed) = decide(spans, rates: rates, now: now)
      if duties.statistics {
        for member in grouping.members { tally(spans + member.span, member, now) }
        for member in grouping.duplicates { tally(spans + member.span, member, now) }
        // What failed goes to the Agent even when it is given up: it keeps some of each kind of failure.
        if !decision.priority.isKept, !hasFailed {
          leftTraces += 1
          leftSpans += grouping.members.count + grouping.duplicates.count
          continue
        }
      }
      append(grouping.members[...], of: spans, decision, now)
      for place in grouping.duplicates.indices { append(grouping.duplicates[place...place], of: spans, decision, now) }
    }
    closePiece()
    let finished = items
    items = []
    return finished
  }

  private mutating func tally(_ span: UnsafePointer<LLMSpan>, _ member: TraceGrouping.Member, _ now: Timestamp) {
    let words = SpanWords(span.pointee.kind)
    guard member.isTopLevel || words.isMeasured else { return }
    let duration = max(0, span.pointee.duration.wholeNanoseconds)
    let start = span.pointee.start.unixNanoseconds
    let (end, isBeyond) = start.addingReportingOverflow(duration)
    statistics.add(
      spanEncoder.statisticsKey(of: span, member, words, peers: duties.peers),
      // What is too early is a mistake, and ended now, as in the trace.
      endedAt: start < AgentSpanEncoder.earliestStart || isBeyond ? now.unixNanoseconds : end, duration: duration,
      isError: span.pointee.outcome.countsAsError, isTopLevel: member.isTopLevel, now: now.unixNanoseconds,
      fallback: spanEncoder.service)
  }

  private mutating func decide(
    _ spans: UnsafePointer<LLMSpan>, rates: SamplingRates, now: Timestamp
  ) -> (decision: TraceDecision, hasFailed: Bool) {
    let root = grouping.members[0]
    // The root's word, else whoever has one.
    var given = spans[root.span].sampling
    var hasFailed = false
    func look(_ member: TraceGrouping.Member) {
      given = given ?? spans[member.span].sampling
      if spans[member.span].outcome.errorClass != nil { hasFailed = true }
    }
    grouping.members.forEach(look)
    grouping.duplicates.forEach(look)
    let rate = rates.rate(
      service: spanEncoder.service(of: spans + root.span), env: spanEncoder.env(of: spans + root.span) ?? "")
    let decision = sampler.decide(
      traceLow: spans[root.span].traceID.low, rate: rate, given: given, hasFailed: hasFailed, now: now)
    return (decision, hasFailed)
  }

  private mutating func append(
    _ members: ArraySlice<TraceGrouping.Member>, of spans: UnsafePointer<LLMSpan>, _ decision: TraceDecision,
    _ now: Timestamp
  ) {
    var rest = members
    while !rest.isEmpty {
      if writer.count == 0 { writer.append(raw: [UInt8](repeating: 0, count: Self.headBytes)) }
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
    writer.overwrite(UInt32(clamping: leftTraces), at: 4)
    writer.overwrite(UInt32(clamping: leftSpans), at: 8)
    items.append(DeliveryItem(writer.bytes(), count: spansInPiece, kind: duties.statistics ? 1 : 0))
    writer.removeAll()
    leftTraces = 0
    leftSpans = 0
    tracesInPiece = 0
    spansInPiece = 0
  }

  /// The body of a request, and what its headers tell of it.
  static func body(_ items: [DeliveryItem]) -> (bytes: [UInt8], traces: Int, leftTraces: Int, leftSpans: Int) {
    func sum(_ place: Int) -> Int {
      items.reduce(0) { $0 + $1.bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    }
    let traces = sum(0)
    var head = MessagePackWriter(capacity: 64)
    head.appendArray(traces)
    var body = head.bytes()
    body.reserveCapacity(body.count + items.reduce(0) { $0 + $1.bytes.count })
    for item in items { body += item.bytes.dropFirst(headBytes) }
    return (body, traces, sum(4), sum(8))
  }
}
