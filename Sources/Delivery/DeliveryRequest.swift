// One HTTP exchange that carries telemetry, and what its answer means. Pure: whoever composes the program supplies the HTTP client.

/// What is sent. The headers hold credentials: it has no description, so that none reaches a log by accident.
package struct DeliveryRequest: Sendable {
  package var method: String
  package var url: String
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]

  package init(method: String = "POST", url: String, headers: [(name: String, value: String)], body: [UInt8]) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
  }
}

package struct DeliveryResponse: Sendable {
  package var status: Int
  package var headers: [(name: String, value: String)]
  /// At most the first 64 KiB.
  package var body: [UInt8]

  package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The first value of a header, by its lowercase name.
  package func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}

/// Sends one request. Throws when there is no answer: nobody listens, the name is unknown, the time is up. It bounds its own time.
package typealias DeliverySend = @Sendable (DeliveryRequest) async throws -> DeliveryResponse

/// Why there was no answer, in words without addresses and credentials, for a page.
package struct DeliveryFailure: Error {
  package let words: String
  package init(_ words: String) { self.words = words }
}

/// What follows an answer.
package enum DeliveryVerdict: Equatable, Sendable {
  case accepted
  /// Too much at once: halves may pass.
  case tooLarge
  /// Later, not before `after` when the receiver said so.
  case retry(after: Duration?)
  /// Never: the same bytes would be refused again.
  case refused

  package init(_ response: DeliveryResponse) {
    switch response.status {
    case 200..<300: self = .accepted
    case 413: self = .tooLarge
    case 408, 425, 429, 500..<600: self = .retry(after: Self.pause(response))
    default: self = .refused
    }
  }

  /// `Retry-After` in seconds, or Datadog's `X-RateLimit-Reset`; a date is not read, since ours would be compared with a clock that
  /// is not. No more than five minutes are believed.
  private static func pause(_ response: DeliveryResponse) -> Duration? {
    let text = response.header("retry-after") ?? response.header("x-ratelimit-reset")
    return text.flatMap { Int($0) }.map { .seconds(min(max($0, 0), 300)) }
  }
}
