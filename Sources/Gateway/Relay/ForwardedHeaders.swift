// Which header fields cross the gateway in each direction, written straight into what goes out.

import NIOCore
import Providers

enum ForwardedHeaders {
  /// Fields that belong to one connection (RFC 9110 section 7.6.1). By length first, which tells almost every name apart.
  static func isHopByHop(_ name: UnsafeRawBufferPointer) -> Bool {
    switch name.count {
    case 2: HeaderBlock.isEqual(name, "te")
    case 7: HeaderBlock.isEqual(name, "trailer") || HeaderBlock.isEqual(name, "upgrade")
    case 10: HeaderBlock.isEqual(name, "connection") || HeaderBlock.isEqual(name, "keep-alive")
    case 16: HeaderBlock.isEqual(name, "proxy-connection")
    case 17: HeaderBlock.isEqual(name, "transfer-encoding")
    case 18: HeaderBlock.isEqual(name, "proxy-authenticate")
    case 19: HeaderBlock.isEqual(name, "proxy-authorization")
    default: false
    }
  }

  /// Client fields that stop here: credentials for us, names for us, ids of the application's trace, and what we set ourselves.
  static func stopsHere(_ name: UnsafeRawBufferPointer) -> Bool {
    switch name.count {
    case 2: HeaderBlock.isEqual(name, "b3")
    case 4: HeaderBlock.isEqual(name, "host")
    case 6: HeaderBlock.isEqual(name, "expect")
    case 7: HeaderBlock.isEqual(name, "baggage")
    case 8: HeaderBlock.isEqual(name, "newrelic")
    case 9: HeaderBlock.isEqual(name, "x-api-key")
    case 10: HeaderBlock.isEqual(name, "tracestate") || HeaderBlock.isEqual(name, "x-b3-flags")
    case 11: HeaderBlock.isEqual(name, "traceparent") || HeaderBlock.isEqual(name, "x-b3-spanid")
    case 12:
      HeaderBlock.isEqual(name, "x-b3-traceid") || HeaderBlock.isEqual(name, "x-b3-sampled")
        || HeaderBlock.isEqual(name, "sentry-trace")
    case 13: HeaderBlock.isEqual(name, "authorization") || HeaderBlock.isEqual(name, "uber-trace-id")
    case 14: HeaderBlock.isEqual(name, "x-goog-api-key")
    case 15: HeaderBlock.isEqual(name, "accept-encoding") || HeaderBlock.isEqual(name, "x-amzn-trace-id")
    case 17: HeaderBlock.isEqual(name, "x-b3-parentspanid")
    case 21: HeaderBlock.isEqual(name, "x-cloud-trace-context")
    case 23: HeaderBlock.isEqual(name, "elastic-apm-traceparent")
    default: false
    }
  }

  /// What is passed on to a vendor that the client did not address.
  private static func isNeutral(_ name: UnsafeRawBufferPointer) -> Bool {
    HeaderBlock.isEqual(name, "user-agent") || HeaderBlock.isEqual(name, "accept")
  }

  /// The head of the request to the provider. The caller's own trace headers stop here; a provider that is to see a trace is given
  /// ours.
  static func writeRequest(_ head: RequestHead, call: PreparedCall, identity: SpanIdentity, into out: inout ByteBuffer) {
    // By reference: a local value would be a copy of all its members.
    let provider = call.provider
    out.writeStaticString("POST ")
    out.writeString(call.uri)
    out.writeStaticString(" HTTP/1.1\r\n")
    out.writeString(provider.fields)
    let keepsLength = head.headers.isOnly("content-length", call.body.readableBytes)
    let nominated = head.headers.nominatedByConnection
    head.headers.write(into: &out) { name in
      if HeaderBlock.isEqual(name, "content-length") { return keepsLength }
      // What a client tells one vendor is not for another to read.
      if call.translates, !isNeutral(name) { return false }
      if stopsHere(name) || isHopByHop(name) || starts(name, "x-commander-") || starts(name, "x-datadog-") { return false }
      return nominated.isEmpty || !nominated.contains(String(decoding: name, as: UTF8.self).lowercased())
    }
    if call.translates {
      out.writeStaticString("content-type: application/json\r\n")
      if provider.value.wireProtocol == .anthropic { out.writeStaticString("anthropic-version: 2023-06-01\r\n") }
    }
    if provider.value.propagatesTrace {
      for header in identity.outgoing.headers { writeField(header, into: &out) }
    }
    if !keepsLength { out.writeContentLength(call.body.readableBytes) }
    out.writeStaticString("\r\n")
  }

  /// Status, reason and fields of the answer for the client, without those that frame it.
  ///
  /// - Parameter keepsLength: the length the provider told holds for the client too.
  static func writeResponse(_ head: ResponseHead, replacesContentType: Bool, keepsLength: Bool, into out: inout ByteBuffer) {
    let nominated = head.headers.nominatedByConnection
    head.headers.write(behind: head.statusText ?? 0..<0, into: &out) { name in
      if HeaderBlock.isEqual(name, "content-length") { return keepsLength }
      if isHopByHop(name) { return false }
      if replacesContentType, HeaderBlock.isEqual(name, "content-type") { return false }
      return nominated.isEmpty || !nominated.contains(String(decoding: name, as: UTF8.self).lowercased())
    }
  }

  private static func writeField(_ header: (name: String, value: String), into out: inout ByteBuffer) {
    out.writeString(header.name)
    out.writeStaticString(": ")
    out.writeString(header.value)
    out.writeStaticString("\r\n")
  }

  static func starts(_ name: UnsafeRawBufferPointer, _ prefix: StaticString) -> Bool {
    name.count >= prefix.utf8CodeUnitCount
      && HeaderBlock.isEqual(UnsafeRawBufferPointer(rebasing: name[..<prefix.utf8CodeUnitCount]), prefix)
  }
}
