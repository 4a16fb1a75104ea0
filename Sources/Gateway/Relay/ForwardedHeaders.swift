// Which header fields cross the gateway in each direction, written straight into what goes out.

import NIOCore
import Providers

enum ForwardedHeaders {
  /// Fields that belong to one connection (RFC 9110 section 7.6.1).
  private static let hopByHop: [StaticString] = [
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
  ]

  /// Client fields that stop here: credentials for us, names for us, ids of the application's trace, and what we set ourselves.
  private static let stopsHere: [StaticString] = [
    "authorization", "x-goog-api-key", "x-api-key", "host", "content-length", "accept-encoding", "expect", "traceparent",
    "tracestate", "baggage",
  ]

  private static let fromClient = NameTable(hopByHop + stopsHere)
  private static let translated = NameTable(["user-agent", "accept"])
  private static let fromProvider = NameTable(hopByHop + ["content-length"])

  /// The head of the request to the provider. Compression is refused, since usage must be read from the answer.
  static func writeRequest(_ headers: HeaderBlock, call: PreparedCall, into out: inout ByteBuffer) {
    let provider = call.provider.value
    out.writeStaticString("POST ")
    out.writeString(call.uri)
    out.writeStaticString(" HTTP/1.1\r\nhost: ")
    out.writeString(provider.authority)
    out.writeStaticString("\r\n")
    let nominated = headers.nominatedByConnection
    headers.forEach { name, value in
      // What a client tells one vendor is not for another to read.
      if call.translates, !translated.contains(name) { return }
      if fromClient.contains(name) || starts(name, "x-commander-") || starts(name, "x-datadog-") { return }
      if !nominated.isEmpty, nominated.contains(String(decoding: name, as: UTF8.self).lowercased()) { return }
      out.writeField(name, value)
    }
    if call.translates {
      out.writeStaticString("content-type: application/json\r\n")
      if provider.wireProtocol == .anthropic { out.writeStaticString("anthropic-version: 2023-06-01\r\n") }
    }
    out.writeStaticString("accept-encoding: identity\r\n")
    if let header = provider.credentialHeader {
      out.writeString(header.name)
      out.writeStaticString(": ")
      out.writeString(header.value)
      out.writeStaticString("\r\n")
    }
    out.writeStaticString("content-length: ")
    out.writeDecimal(call.body.readableBytes)
    out.writeStaticString("\r\n\r\n")
  }

  /// The fields of the answer for the client, without those that frame it.
  static func writeResponse(_ headers: HeaderBlock, replacesContentType: Bool, into out: inout ByteBuffer) {
    let nominated = headers.nominatedByConnection
    headers.forEach { name, value in
      if fromProvider.contains(name) { return }
      if replacesContentType, HeaderBlock.isEqual(name, "content-type") { return }
      if !nominated.isEmpty, nominated.contains(String(decoding: name, as: UTF8.self).lowercased()) { return }
      out.writeField(name, value)
    }
  }

  private static func starts(_ name: UnsafeRawBufferPointer, _ prefix: StaticString) -> Bool {
    name.count >= prefix.utf8CodeUnitCount
      && HeaderBlock.isEqual(UnsafeRawBufferPointer(rebasing: name[..<prefix.utf8CodeUnitCount]), prefix)
  }

  /// Names by length, since almost every name is told apart by that.
  private struct NameTable {
    private let byLength: [[StaticString]]

    init(_ names: [StaticString]) {
      var table = [[StaticString]](repeating: [], count: 24)
      for name in names { table[name.utf8CodeUnitCount].append(name) }
      byLength = table
    }

    func contains(_ name: UnsafeRawBufferPointer) -> Bool {
      guard name.count < byLength.count else { return false }
      for candidate in byLength[name.count] where HeaderBlock.isEqual(name, candidate) { return true }
      return false
    }
  }
}
