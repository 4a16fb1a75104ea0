// What is wrong with a payload for /v0.4/traces, by the rules of the Agent's normaliser and stricter: the Agent drops or changes in
// silence what it does not like, and receivers for tests take nearly everything. Pure.

/// One fault, and where.
struct TraceFault: Equatable, Sendable, CustomStringConvertible {
  enum Kind: Equatable, Sendable {
    case notMessagePack(String)
    case wrongType(String)
    case missing(String)
    case unknownKey(String)
    case repeatedKey(String)
    case emptyTrace
    case zeroID(String)
    case mixedTraceIDs
    case duplicateSpanID
    case cyclicParents
    case startBefore2000
    case negativeDuration
    case endBeyondTime
    case empty(String)
    case tooLong(String)
    case errorFlag
    case statusCode(String)
    case notFinite(String)
    case upperHalf(String)
    case priority
  }

  var kind: Kind
  /// Places of the trace in the payload and of the span in the trace.
  var trace: Int?
  var span: Int?

  var description: String { "trace \(trace.map(String.init) ?? "-"), span \(span.map(String.init) ?? "-"): \(kind)" }
}

enum TracePayloadCheck {
  private static let known: Set<String> = [
    "service", "name", "resource", "type", "trace_id", "span_id", "parent_id", "start", "duration", "error", "meta", "metrics",
    "meta_struct", "span_links", "span_events",
  ]

  /// Nothing when the Agent takes the payload as it is.
  static func faults(in payload: [UInt8]) -> [TraceFault] {
    do throws(MessagePackError) {
      return faults(in: try MessagePackReader.value(payload))
    } catch {
      return [TraceFault(kind: .notMessagePack(error.description))]
    }
  }

  static func faults(in payload: MessagePackValue) -> [TraceFault] {
    guard let traces = payload.elements else { return [TraceFault(kind: .wrongType("payload"))] }
    var faults: [TraceFault] = []
    for (place, trace) in traces.enumerated() {
      guard let spans = trace.elements else {
        faults.append(TraceFault(kind: .wrongType("trace"), trace: place))
        continue
      }
      if spans.isEmpty { faults.append(TraceFault(kind: .emptyTrace, trace: place)) }
      for (index, span) in spans.enumerated() {
        faults += SpanCheck.kinds(of: span).map { TraceFault(kind: $0, trace: place, span: index) }
      }
      faults += relations(of: spans).map { TraceFault(kind: $0.kind, trace: place, span: $0.span) }
      // The Agent looks for the decision in the trace, and takes one that has none for a trace of a very old tracer.
      if !spans.isEmpty, !spans.contains(where: { $0["metrics"]?["_sampling_priority_v1"] != nil }) {
        faults.append(TraceFault(kind: .missing("metrics._sampling_priority_v1"), trace: place))
      }
    }
    return faults
  }

  private static func relations(of spans: [MessagePackValue]) -> [(kind: TraceFault.Kind, span: Int)] {
    var found: [(kind: TraceFault.Kind, span: Int)] = []
    var parents: [UInt64: UInt64] = [:]
    let first = spans.first?["trace_id"]
    for (index, span) in spans.enumerated() {
      if span["trace_id"] != first { found.append((.mixedTraceIDs, index)) }
      guard let id = span["span_id"]?.unsigned else { continue }
      if parents.updateValue(span["parent_id"]?.unsigned ?? 0, forKey: id) != nil { found.append((.duplicateSpanID, index)) }
    }
    for (index, span) in spans.enumerated() {
      guard let id = span["span_id"]?.unsigned, id != 0 else { continue }
      // Whoever is above itself meets itself within as many steps as there are spans.
      var above = parents[id]
      for _ in spans.indices {
        guard let parent = above, parent != id else { break }
        above = parents[parent]
      }
      if above == id { found.append((.cyclicParents, index)) }
    }
    return found
  }

  private enum SpanCheck {
    static func kinds(of span: MessagePackValue) -> [TraceFault.Kind] {
      guard case .map(let entries) = span else { return [.wrongType("span")] }
      var kinds: [TraceFault.Kind] = []
      var seen: Set<String> = []
      for entry in entries {
        guard let key = entry.key.text else {
          kinds.append(.wrongType("key"))
          continue
        }
        if !seen.insert(key).inserted { kinds.append(.repeatedKey(key)) }
        if !known.contains(key) { kinds.append(.unknownKey(key)) }
      }
      for (key, limit) in [("service", 100), ("name", 100), ("type", 100), ("resource", 5000)] {
        kinds += text(key, span[key], limit: limit)
      }
      for key in ["trace_id", "span_id"] { kinds += identifier(key, span[key]) }
      if let parent = span["parent_id"], parent.unsigned == nil { kinds.append(.wrongType("parent_id")) }
      kinds += times(start: span["start"], duration: span["duration"])
      if let error = span["error"], error != .uint(0), error != .uint(1) { kinds.append(.errorFlag) }
      kinds += meta(span["meta"]) + metrics(span["metrics"]) + structures(span["meta_struct"])
      for key in ["span_links", "span_events"] {
        if let value = span[key], value.elements == nil { kinds.append(.wrongType(key)) }
      }
      return kinds
    }

    private static func text(_ key: String, _ value: MessagePackValue?, limit: Int) -> [TraceFault.Kind] {
      guard let value else { return key == "type" ? [] : [.missing(key)] }
      guard let text = value.text else { return [.wrongType(key)] }
      if text.isEmpty { return key == "type" ? [] : [.empty(key)] }
      return text.utf8.count > limit ? [.tooLong(key)] : []
    }

    private static func identifier(_ key: String, _ value: MessagePackValue?) -> [TraceFault.Kind] {
      guard let value else { return [.missing(key)] }
      guard let id = value.unsigned else { return [.wrongType(key)] }
      return id == 0 ? [.zeroID(key)] : []
    }

    private static func times(start: MessagePackValue?, duration: MessagePackValue?) -> [TraceFault.Kind] {
      var kinds: [TraceFault.Kind] = []
      var begin: Int64?
      switch start {
      case nil: kinds.append(.missing("start"))
      case .int: kinds.append(.startBefore2000)
      case .uint(let number):
        begin = Int64(exactly: number)
        if begin == nil { kinds.append(.wrongType("start")) }
        if let begin, begin < AgentSpanEncoder.earliestStart { kinds.append(.startBefore2000) }
      default: kinds.append(.wrongType("start"))
      }
      switch duration {
      case nil: kinds.append(.missing("duration"))
      case .int: kinds.append(.negativeDuration)
      case .uint(let number):
        guard let length = Int64(exactly: number) else { return kinds + [.wrongType("duration")] }
        if let begin, begin.addingReportingOverflow(length).overflow { kinds.append(.endBeyondTime) }
      default: kinds.append(.wrongType("duration"))
      }
      return kinds
    }

    private static func meta(_ value: MessagePackValue?) -> [TraceFault.Kind] {
      guard let value else { return [] }
      guard case .map(let entries) = value else { return [.wrongType("meta")] }
      var kinds = names(of: entries, in: "meta")
      for entry in entries {
        guard let key = entry.key.text else { continue }
        guard let text = entry.value.text else {
          kinds.append(.wrongType("meta.\(key)"))
          continue
        }
        if key.utf8.count > 200 || text.utf8.count > 25_000 { kinds.append(.tooLong("meta.\(key)")) }
        if key == "http.status_code", !(Int(text).map { (100...599).contains($0) } ?? false) { kinds.append(.statusCode(text)) }
        if key == "_dd.p.tid", !isUpperHalf(text) { kinds.append(.upperHalf(text)) }
      }
      return kinds
    }

    private static func isUpperHalf(_ text: String) -> Bool {
      text.utf8.count == 16 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        && text.utf8.contains { $0 != UInt8(ascii: "0") }
    }

    private static func metrics(_ value: MessagePackValue?) -> [TraceFault.Kind] {
      guard let value else { return [] }
      guard case .map(let entries) = value else { return [.wrongType("metrics")] }
      var kinds = names(of: entries, in: "metrics")
      for entry in entries {
        guard let key = entry.key.text else { continue }
        guard let number = entry.value.number else {
          kinds.append(.wrongType("metrics.\(key)"))
          continue
        }
        if !number.isFinite { kinds.append(.notFinite("metrics.\(key)")) }
        if key == "_sampling_priority_v1", ![-1, 0, 1, 2].contains(number) { kinds.append(.priority) }
      }
      return kinds
    }

    private static func structures(_ value: MessagePackValue?) -> [TraceFault.Kind] {
      guard let value else { return [] }
      guard case .map(let entries) = value else { return [.wrongType("meta_struct")] }
      return names(of: entries, in: "meta_struct")
        + entries.compactMap { entry in
          if case .binary = entry.value { nil } else { .wrongType("meta_struct.\(entry.key.text ?? "")") }
        }
    }

    private static func names(of entries: [MessagePackValue.Entry], in map: String) -> [TraceFault.Kind] {
      var seen: Set<String> = []
      return entries.compactMap { entry in
        guard let key = entry.key.text else { return .wrongType("\(map) key") }
        return seen.insert(key).inserted ? nil : .repeatedKey("\(map).\(key)")
      }
    }
  }
}
