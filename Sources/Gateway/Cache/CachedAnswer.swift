// One answer that is kept: its head with the fields that still hold when it is given again, and the bytes of its body as they came.

import LLMTelemetry
import NIOCore

struct CachedAnswer: Sendable {
  /// Status line and fields, as a provider would send them.
  private let head: ByteBuffer
  let body: ByteBuffer
  let storedAt: Timestamp
  /// What it takes of the cache's bytes: its own, and its places in tables.
  let bytes: Int

  /// Of dictionaries, links and values for each answer; so it is also a bound on their number.
  static let overhead = 512

  init(head: ResponseHead, body: ByteBuffer, storedAt: Timestamp) {
    // The head is a slice of all that was read with it: copied, it holds only itself.
    var fields = ByteBuffer()
    fields.writeStaticString("HTTP/1.1 200 OK\r\n")
    head.headers.write(into: &fields) { Self.isKept($0) }
    fields.writeStaticString("\r\n")
    self.head = fields
    self.body = body
    self.storedAt = storedAt
    bytes = fields.storageCapacity + body.storageCapacity + Self.overhead
  }

  /// `nil` for bytes that are no head, which ours never are.
  func readHead() -> ResponseHead? {
    var decoder = ResponseDecoder()
    var bytes = head
    guard case .head(let head)? = try? decoder.next(&bytes) else { return nil }
    return head
  }

  /// A cookie and what is left of a rate were said of one exchange, and would be a lie in the next.
  private static func isKept(_ name: UnsafeRawBufferPointer) -> Bool {
    !HeaderBlock.isEqual(name, "set-cookie") && !ForwardedHeaders.starts(name, "x-ratelimit-")
      && !ForwardedHeaders.starts(name, "anthropic-ratelimit-") && !HeaderBlock.isEqual(name, "retry-after")
  }
}
