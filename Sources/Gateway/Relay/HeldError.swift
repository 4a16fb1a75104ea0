// A provider's error answer, kept until it is decided whether the client gets to see it.

import LLMTelemetry
import NIOCore
import Providers

struct HeldError {
  let head: ResponseHead
  private(set) var body = ByteBuffer()
  /// An error message is small; what is beyond this is no message, and is not kept.
  private static let limit = 256 << 10

  init(head: ResponseHead) { self.head = head }

  mutating func append(_ bytes: ByteBuffer) {
    guard body.readableBytes + bytes.readableBytes <= Self.limit else { return }
    if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
  }

  /// What went wrong in our vocabulary, one line about it, and when to try again.
  func meaning(wireProtocol: WireProtocol) -> GatewayFailure {
    var meter = ResponseMeter(errorsOf: wireProtocol)
    body.withUnsafeReadableBytes { meter.consume($0, at: Timestamp(unixSeconds: 0), stripsUsage: false) { _ in } }
    _ = meter.finish(at: Timestamp(unixSeconds: 0), stripsUsage: false)
    let errorClass = ErrorClassification.errorClass(status: head.status, failure: meter.error) ?? .providerError
    let message = meter.error?.message ?? ""
    return GatewayFailure(
      status: head.status, errorClass: errorClass, message: message.isEmpty ? "the provider answered \(head.status)" : message,
      retryAfter: RetryAfter.read(head.headers) ?? meter.error?.retryAfter)
  }
}
