// The HTTP client that telemetry leaves through.

import AsyncHTTPClient
import Delivery
import NIOCore
import ServiceLifecycle

enum TelemetryClient {
  /// How long a receiver may take to answer.
  static let timeout: TimeAmount = .seconds(10)
  /// Bytes of an answer that are read; more says nothing that is used.
  private static let answerLimit = 64 << 10

  /// Redirects are not followed: a body must not go where it was not sent.
  static func make() -> HTTPClient {
    var settings = HTTPClient.Configuration()
    settings.redirectConfiguration = .disallow
    settings.timeout.connect = .seconds(5)
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
  }

  static func send(through client: HTTPClient) -> DeliverySend {
    { outgoing in
      var request = HTTPClientRequest(url: outgoing.url)
      request.method = .RAW(value: outgoing.method)
      for (name, value) in outgoing.headers { request.headers.add(name: name, value: value) }
      if !outgoing.body.isEmpty { request.body = .bytes(outgoing.body) }
      let response = try await client.execute(request, timeout: timeout)
      var body: [UInt8] = []
      for try await part in response.body {
        body.append(contentsOf: part.readableBytesView.prefix(answerLimit - body.count))
        // Leaving the loop ends the connection; an answer this long is not one of ours.
        if body.count >= answerLimit { break }
      }
      return DeliveryResponse(
        status: Int(response.status.code), headers: response.headers.map { (name: $0.name, value: $0.value) }, body: body)
    }
  }
}

/// Closes the client; started before every lane, so that it ends after them.
struct TelemetryClientService: Service {
  let client: HTTPClient

  func run() async throws {
    try? await gracefulShutdown()
    try await client.shutdown()
  }
}
