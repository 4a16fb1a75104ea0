// The two lists that travel with a trace id: W3C's `tracestate` with Datadog's member in it, and Datadog's `x-datadog-tags`.

/// What may stand in a header; everything else becomes `_`, so that no value can end a header or begin another.
enum HeaderText {
  static func value(_ text: String) -> String { replacing(text) { (0x20...0x7e).contains($0) } }

  static func replacing(_ text: String, unless allowed: (UInt8) -> Bool) -> String {
    String(decoding: text.utf8.map { allowed($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
  }
}

extension TraceContext {
  /// W3C Trace Context 3.3.1.1: a list has at most 32 members, of which one is ours.
  private static let foreignMembers = 31
  /// Beyond what the specification asks everybody to carry (512), and no more.
  private static let foreignBytes = 2048
  /// What Datadog's tracers allow their member.
  private static let ownBytes = 256

  /// Datadog's member: `dd=p:<parent>;s:<priority>;o:<origin>;t.<tag>:<value>`. The flag of `traceparent` has the last word: a
  /// service in between that knows nothing of Datadog may have changed it.
  mutating func read(traceState text: String) {
    var foreign: [Substring] = []
    var bytes = 0
    for part in text.split(separator: ",") {
      let member = part.trimmingBlanks
      if member.hasPrefix("dd=") {
        readOwn(member.dropFirst(3))
      } else if member.contains("="), foreign.count < Self.foreignMembers, bytes + member.utf8.count < Self.foreignBytes {
        foreign.append(member)
        bytes += member.utf8.count + 1
      }
    }
    if !foreign.isEmpty { foreignState = foreign.joined(separator: ",") }
  }

  private mutating func readOwn(_ member: Substring) {
    var decided: SamplingPriority?
    for field in member.split(separator: ";") {
      guard let colon = field.firstIndex(of: ":") else { continue }
      let name = field[..<colon]
      let value = String(field[field.index(after: colon)...].map { $0 == "~" ? "=" : $0 })
      switch name {
      case "s": decided = SamplingPriority(header: value)
      case "o": origin = value
      case "t.tid": break
      case _ where name.hasPrefix("t."):
        DatadogTags.add(Tag(name: String(name.dropFirst(2)), value: value), to: &tags)
      default: break
      }
    }
    if let decided, decided.isKept == isSampled {
      priority = decided
    } else {
      // Another one decided, whom we do not know.
      tags.removeAll { $0.name == "dm" }
    }
  }

  /// What Datadog's member of a `tracestate` says of the decision, for those who get that header without a `traceparent`: OTLP passes
  /// it on with each span.
  public static func sampling(inTraceState text: String) -> SamplingDecision? {
    guard let member = text.split(separator: ",").map(\.trimmingBlanks).first(where: { $0.hasPrefix("dd=") }) else { return nil }
    var priority: SamplingPriority?
    var mechanism: SamplingMechanism?
    for field in member.dropFirst(3).split(separator: ";") {
      if field.hasPrefix("s:") { priority = SamplingPriority(header: field.dropFirst(2)) }
      if field.hasPrefix("t.dm:") { mechanism = SamplingMechanism(field.dropFirst(5)) }
    }
    return priority.map { SamplingDecision($0, by: mechanism) }
  }

  /// Ours first, because we were the last to write (W3C Trace Context 3.5).
  var traceState: String {
    var own = "dd=p:\(spanID)"
    if let priority { own += ";s:\(priority.rawValue)" }
    if let origin, !origin.isEmpty { own += ";o:\(Self.memberValue(origin))" }
    let upperHalf = traceID.high == 0 ? [] : [Tag(name: "tid", value: traceID.high.sixteenHexadecimalDigits)]
    for tag in tags + upperHalf {
      let field = ";t.\(Self.memberName(tag.name)):\(Self.memberValue(tag.value))"
      if own.utf8.count + field.utf8.count <= Self.ownBytes { own += field }
    }
    guard let foreign = foreignState.map(HeaderText.value), !foreign.isEmpty else { return own }
    return own + "," + foreign
  }

  private static func memberName(_ text: String) -> String {
    HeaderText.replacing(text) { (0x21...0x7e).contains($0) && !",;:=".utf8.contains($0) }
  }

  private static func memberValue(_ text: String) -> String {
    String(HeaderText.replacing(text) { (0x20...0x7d).contains($0) && !",;".utf8.contains($0) }.map { $0 == "=" ? "~" : $0 })
  }
}

/// `x-datadog-tags`: `_dd.p.dm=-1,_dd.p.tid=<16 hex>`.
struct DatadogTags {
  /// What Datadog's tracers accept and send.
  private static let maximumBytes = 512
  private static let prefix = "_dd.p."

  private(set) var tags: [TraceContext.Tag] = []
  private(set) var upperHalf: UInt64?

  /// A list that is too long is none: cut anywhere, it would say something else.
  init(_ text: String) {
    guard text.utf8.count <= Self.maximumBytes else { return }
    for item in text.split(separator: ",") {
      guard item.hasPrefix(Self.prefix), let equals = item.firstIndex(of: "=") else { continue }
      let name = item[..<equals].dropFirst(Self.prefix.count)
      let value = item[item.index(after: equals)...]
      if name == "tid" {
        upperHalf = SpanID(hexadecimal: value)?.bits
      } else {
        Self.add(TraceContext.Tag(name: String(name), value: String(value)), to: &tags)
      }
    }
  }

  /// Keeps the first of a name; a decision maker that is none (`-1`, `-4` …) is left out.
  static func add(_ tag: TraceContext.Tag, to tags: inout [TraceContext.Tag]) {
    guard !tag.name.isEmpty, !tag.value.isEmpty, !tags.contains(where: { $0.name == tag.name }) else { return }
    if tag.name == "dm" {
      guard tag.value.utf8.first == UInt8(ascii: "-"), let number = Int(tag.value.dropFirst()), (0...99).contains(number) else {
        return
      }
    }
    tags.append(tag)
  }

  /// Empty when there is nothing to say. The trace id goes before everything else when not all has room.
  static func text(_ tags: [TraceContext.Tag], upperHalf: UInt64) -> String {
    let tid = upperHalf == 0 ? nil : "\(prefix)tid=\(upperHalf.sixteenHexadecimalDigits)"
    let all = tags.map { "\(prefix)\(name($0.name))=\(value($0.value))" } + (tid.map { [$0] } ?? [])
    let text = all.joined(separator: ",")
    return text.utf8.count <= maximumBytes ? text : tid ?? ""
  }

  private static func name(_ text: String) -> String {
    HeaderText.replacing(text) { (0x21...0x7e).contains($0) && !",=".utf8.contains($0) }
  }

  private static func value(_ text: String) -> String {
    HeaderText.replacing(text) { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: ",") }
  }
}

extension Substring {
  fileprivate var trimmingBlanks: Substring {
    var part = self
    while let first = part.first, first == " " || first == "\t" { part.removeFirst() }
    while let last = part.last, last == " " || last == "\t" { part.removeLast() }
    return part
  }
}
