// A request being read off a client's connection.

import LLMTelemetry
import NIOCore

/// By reference, so that nothing of it is copied on its way to a decision. Of one event loop.
final class IncomingRequest {
  let head: RequestHead
  var body = ByteBuffer()
  let started: NIODeadline
  let start: Timestamp

  init(head: RequestHead, started: NIODeadline, start: Timestamp) {
    self.head = head
    self.started = started
    self.start = start
  }
}
