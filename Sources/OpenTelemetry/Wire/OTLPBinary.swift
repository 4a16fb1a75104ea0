// Reads an ExportTraceServiceRequest in protobuf: field numbers are opentelemetry-proto 1.x, where they never change.

import LLMTelemetry

enum OTLPBinary {
  /// Gives each span with its resource's attributes to `visit`, one at a time, so that a request is never in memory as a whole.
  ///
  /// - Returns: the number of spans beyond the limit.
  static func read(
    _ bytes: UnsafeRawBufferPointer, limits: OTLPLimits, visit: ([OTLPAttribute], OTLPSpan) -> Void
  ) throws(MalformedProtobuf) -> Int {
    var count = 0
    var request = ProtobufReader(bytes)
    while let field = try request.next() {
      guard field.number == 1, let resourceSpans = field.value.bytes else { continue }
      // A resource may come after its spans, so it is looked for first.
      let resource = try self.resource(resourceSpans, limits)
      var group = ProtobufReader(resourceSpans)
      while let field = try group.next() {
        guard field.number == 2, let scopeSpans = field.value.bytes else { continue }
        var scope = ProtobufReader(scopeSpans)
        while let field = try scope.next() {
          guard field.number == 2, let span = field.value.bytes else { continue }
          count += 1
          if count <= limits.spans { visit(resource, try self.span(span, limits)) }
        }
      }
    }
    return max(0, count - limits.spans)
  }

  private static func resource(
    _ bytes: UnsafeRawBufferPointer, _ limits: OTLPLimits
  ) throws(MalformedProtobuf) -> [OTLPAttribute] {
    var attributes: [OTLPAttribute] = []
    var group = ProtobufReader(bytes)
    while let field = try group.next() {
      guard field.number == 1, let resource = field.value.bytes else { continue }
      var reader = ProtobufReader(resource)
      while let field = try reader.next() {
        if field.number == 1 { try append(field.value.bytes, to: &attributes, limits) }
      }
    }
    return attributes
  }

  private static func span(_ bytes: UnsafeRawBufferPointer, _ limits: OTLPLimits) throws(MalformedProtobuf) -> OTLPSpan {
    var span = OTLPSpan()
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: span.traceID = field.value.bytes.flatMap(traceID)
      case 2: span.spanID = field.value.bytes.flatMap(spanID)
      case 3: span.traceState = field.value.text ?? ""
      case 4: span.parentSpanID = field.value.bytes.flatMap(spanID)
      case 5: span.name = field.value.text ?? ""
      case 6: span.kind = field.value.varint.flatMap { Int(exactly: $0) }.flatMap(OTLPSpan.Kind.init) ?? .unspecified
      case 7: span.startUnixNanoseconds = field.value.fixed64 ?? 0
      case 8: span.endUnixNanoseconds = field.value.fixed64 ?? 0
      case 9: try append(field.value.bytes, to: &span.attributes, limits)
      case 11:
        if span.events.count < limits.events, let bytes = field.value.bytes { span.events.append(try event(bytes, limits)) }
      case 15:
        guard let bytes = field.value.bytes else { break }
        var status = ProtobufReader(bytes)
        while let field = try status.next() {
          if field.number == 2 { span.statusMessage = field.value.text ?? "" }
          if field.number == 3 { span.isError = field.value.varint == 2 }
        }
      default: break
      }
    }
    return span
  }

  private static func event(_ bytes: UnsafeRawBufferPointer, _ limits: OTLPLimits) throws(MalformedProtobuf) -> OTLPEvent {
    var event = OTLPEvent()
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: event.unixNanoseconds = field.value.fixed64 ?? 0
      case 2: event.name = field.value.text ?? ""
      case 3: try append(field.value.bytes, to: &event.attributes, limits)
      default: break
      }
    }
    return event
  }

  private static func append(
    _ bytes: UnsafeRawBufferPointer?, to attributes: inout [OTLPAttribute], _ limits: OTLPLimits
  ) throws(MalformedProtobuf) {
    guard let bytes, attributes.count < limits.attributes else { return }
    attributes.append(try attribute(bytes, limits, depth: 0))
  }

  private static func attribute(
    _ bytes: UnsafeRawBufferPointer, _ limits: OTLPLimits, depth: Int
  ) throws(MalformedProtobuf) -> OTLPAttribute {
    var result = OTLPAttribute(key: "", value: .other)
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      if field.number == 1 { result.key = field.value.text ?? "" }
      if field.number == 2, let bytes = field.value.bytes { result.value = try value(bytes, limits, depth: depth) }
    }
    return result
  }

  private static func value(
    _ bytes: UnsafeRawBufferPointer, _ limits: OTLPLimits, depth: Int
  ) throws(MalformedProtobuf) -> OTLPValue {
    var result = OTLPValue.other
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)): result = .text(String(decoding: bytes, as: UTF8.self))
      case (2, .varint(let flag)): result = .flag(flag != 0)
      case (3, .varint(let number)): result = .integer(Int64(bitPattern: number))
      case (4, .fixed64(let bits)): result = .double(Double(bitPattern: bits))
      case (5, .bytes(let bytes)): result = depth < limits.depth ? try list(bytes, limits, depth: depth + 1) : .other
      case (6, .bytes(let bytes)): result = depth < limits.depth ? try members(bytes, limits, depth: depth + 1) : .other
      default: break
      }
    }
    return result
  }

  private static func list(
    _ bytes: UnsafeRawBufferPointer, _ limits: OTLPLimits, depth: Int
  ) throws(MalformedProtobuf) -> OTLPValue {
    var values: [OTLPValue] = []
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      guard field.number == 1, let bytes = field.value.bytes, values.count < limits.attributes else { continue }
      values.append(try value(bytes, limits, depth: depth))
    }
    return .list(values)
  }

  private static func members(
    _ bytes: UnsafeRawBufferPointer, _ limits: OTLPLimits, depth: Int
  ) throws(MalformedProtobuf) -> OTLPValue {
    var members: [OTLPAttribute] = []
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      guard field.number == 1, let bytes = field.value.bytes, members.count < limits.attributes else { continue }
      members.append(try attribute(bytes, limits, depth: depth))
    }
    return .members(members)
  }

  private static func traceID(_ bytes: UnsafeRawBufferPointer) -> TraceID? {
    guard bytes.count == 16 else { return nil }
    return TraceID(
      high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
      low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }

  private static func spanID(_ bytes: UnsafeRawBufferPointer) -> SpanID? {
    guard bytes.count == 8 else { return nil }
    return SpanID(bits: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
  }
}
