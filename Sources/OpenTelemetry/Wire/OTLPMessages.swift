// The part of opentelemetry-proto that is read: one span with its attributes and events, and the resource it comes from.

import LLMTelemetry

/// An attribute's value.
indirect enum OTLPValue: Equatable, Sendable {
  case text(String)
  case flag(Bool)
  case integer(Int64)
  case double(Double)
  case list([OTLPValue])
  case members([OTLPAttribute])
  /// Bytes, or nothing at all: no convention here has them.
  case other
}

struct OTLPAttribute: Equatable, Sendable {
  var key: String
  var value: OTLPValue
}

struct OTLPEvent: Equatable, Sendable {
  var name = ""
  var unixNanoseconds: UInt64 = 0
  var attributes: [OTLPAttribute] = []
}

/// A span as it came.
struct OTLPSpan: Equatable, Sendable {
  enum Kind: Int, Sendable {
    case unspecified, `internal`, server, client, producer, consumer
  }

  var traceID: TraceID?
  var spanID: SpanID?
  var parentSpanID: SpanID?
  /// The header of that name: Datadog's member of it says what was decided about the trace.
  var traceState = ""
  var name = ""
  var kind = Kind.unspecified
  var startUnixNanoseconds: UInt64 = 0
  var endUnixNanoseconds: UInt64 = 0
  var attributes: [OTLPAttribute] = []
  var events: [OTLPEvent] = []
  var isError = false
  var statusMessage = ""
}

/// How much of a request is read. What is beyond an attribute's or event's limit is left out; a span beyond its own is rejected.
struct OTLPLimits: Sendable {
  var spans = 20_000
  var attributes = 512
  var events = 256
  /// Of lists and key-value lists within each other.
  var depth = 12
}

/// The request cannot be read at all. The text is for the sender.
struct UnreadableRequest: Error {
  var reason: String
}

extension OTLPValue {
  var text: String? {
    switch self {
    case .text(let text): text
    case .integer(let number): String(number)
    case .flag(let flag): flag ? "true" : "false"
    case .double(let number): "\(number)"
    case .list, .members, .other: nil
    }
  }

  /// Counts come as numbers, from some senders as floating point or as text.
  var integer: Int? {
    switch self {
    case .integer(let number): Int(exactly: number)
    case .double(let number): Int(exactly: number.rounded())
    case .text(let text): Int(text)
    case .flag, .list, .members, .other: nil
    }
  }

  var double: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .double(let number): number.isFinite ? number : nil
    case .text(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
    case .flag, .list, .members, .other: nil
    }
  }

  var flag: Bool? {
    switch self {
    case .flag(let flag): flag
    case .text("true"), .text("True"): true
    case .text("false"), .text("False"): false
    default: nil
    }
  }

  /// A list's elements; a single value is a list of one.
  var elements: [OTLPValue] {
    switch self {
    case .list(let values): values
    case .other: []
    default: [self]
    }
  }

  subscript(_ key: String) -> OTLPValue? {
    guard case .members(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }
}

extension [OTLPAttribute] {
  subscript(_ key: String) -> OTLPValue? { first { $0.key == key }?.value }
}
