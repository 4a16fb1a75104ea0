// Reads an ExportTraceServiceRequest in JSON: protobuf's mapping, but with ids in hexadecimal (OTLP specification, "JSON Protobuf
// Encoding"). Names are lowerCamelCase, 64-bit numbers text or numbers, enums numbers; what is not known is skipped.

import LLMTelemetry
import Providers

enum OTLPJSON {
  /// As `OTLPBinary.read`. Throws an `UnreadableRequest`.
  static func read(
    _ bytes: UnsafeRawBufferPointer, limits: OTLPLimits, visit: ([OTLPAttribute], OTLPSpan) -> Void
  ) throws -> Int {
    guard let request = JSONTree(parsing: bytes) else { throw UnreadableRequest(reason: "the body is not JSON") }
    guard request.members != nil else { throw UnreadableRequest(reason: "the body is not a JSON object") }
    var count = 0
    for resourceSpans in try elements(request, "resourceSpans") {
      let resource = attributes(resourceSpans["resource"], limits)
      for scopeSpans in try elements(resourceSpans, "scopeSpans") {
        for span in try elements(scopeSpans, "spans") {
          count += 1
          if count <= limits.spans { visit(resource, try self.span(span, limits)) }
        }
      }
    }
    return max(0, count - limits.spans)
  }

  private static func elements(_ parent: JSONTree, _ name: String) throws -> [JSONTree] {
    guard let value = parent.present(name) else { return [] }
    guard let elements = value.elements else { throw UnreadableRequest(reason: "\(name) is not an array") }
    return elements
  }

  private static func span(_ tree: JSONTree, _ limits: OTLPLimits) throws -> OTLPSpan {
    guard tree.members != nil else { throw UnreadableRequest(reason: "an element of spans is not an object") }
    var span = OTLPSpan()
    // Zero ids and ids of another length are left out, for which the span is rejected.
    span.traceID = tree["traceId"]?.text.flatMap { $0.utf8.count == 32 ? TraceID(hexadecimal: $0) : nil }
    span.spanID = tree["spanId"]?.text.flatMap { SpanID(hexadecimal: $0) }
    span.parentSpanID = tree["parentSpanId"]?.text.flatMap { SpanID(hexadecimal: $0) }
    span.traceState = tree["traceState"]?.text ?? ""
    span.name = tree["name"]?.text ?? ""
    span.kind = tree["kind"].flatMap { number($0) }.flatMap(OTLPSpan.Kind.init) ?? .unspecified
    span.startUnixNanoseconds = tree["startTimeUnixNano"].flatMap(unsigned) ?? 0
    span.endUnixNanoseconds = tree["endTimeUnixNano"].flatMap(unsigned) ?? 0
    span.attributes = attributes(tree, limits)
    for event in try elements(tree, "events").prefix(limits.events) {
      span.events.append(
        OTLPEvent(
          name: event["name"]?.text ?? "", unixNanoseconds: event["timeUnixNano"].flatMap(unsigned) ?? 0,
          attributes: attributes(event, limits)))
    }
    if let status = tree.present("status") {
      span.isError = status["code"].flatMap { number($0) } == 2
      span.statusMessage = status["message"]?.text ?? ""
    }
    return span
  }

  private static func attributes(_ parent: JSONTree?, _ limits: OTLPLimits) -> [OTLPAttribute] {
    (parent?["attributes"]?.elements ?? []).prefix(limits.attributes).map { attribute($0, limits, depth: 0) }
  }

  private static func attribute(_ tree: JSONTree, _ limits: OTLPLimits, depth: Int) -> OTLPAttribute {
    OTLPAttribute(
      key: tree["key"]?.text ?? "", value: tree["value"].map { value($0, limits, depth: depth) } ?? .other)
  }

  private static func value(_ tree: JSONTree, _ limits: OTLPLimits, depth: Int) -> OTLPValue {
    guard let member = tree.members?.first else { return .other }
    switch member.name {
    case "stringValue": return member.value.text.map(OTLPValue.text) ?? .other
    case "boolValue": return member.value.boolean.map(OTLPValue.flag) ?? .other
    case "intValue": return number(member.value).map { .integer(Int64($0)) } ?? .other
    case "doubleValue":
      // NaN and the infinities are text in protobuf's JSON.
      return (member.value.double ?? member.value.text.flatMap { Double($0) }).map(OTLPValue.double) ?? .other
    case "arrayValue":
      guard depth < limits.depth else { return .other }
      return .list(
        (member.value["values"]?.elements ?? []).prefix(limits.attributes).map { value($0, limits, depth: depth + 1) })
    case "kvlistValue":
      guard depth < limits.depth else { return .other }
      return .members(
        (member.value["values"]?.elements ?? []).prefix(limits.attributes).map { attribute($0, limits, depth: depth + 1) })
    default: return .other
    }
  }

  private static func number(_ tree: JSONTree) -> Int? { tree.integer ?? tree.text.flatMap { Int($0) } }

  private static func unsigned(_ tree: JSONTree) -> UInt64? {
    switch tree {
    case .number(let source), .string(let source): UInt64(source)
    default: nil
    }
  }
}
