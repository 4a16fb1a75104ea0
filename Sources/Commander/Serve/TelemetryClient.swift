// The HTTP client that telemetry leaves through.

import AsyncHTTPClient
import Delivery
import NIOCore
import NIOPosix

enum TelemetryClient {
  /// Bytes of an answer that are read; more says nothing that is used.
  private static let answerLimit = 64 << 10

  /// One for the process, which ends with it: a client must be shut down, and a start that is refused has no place to do so.
  /// Redirects are not followed: a body must not go where it was not sent.
  static let client: HTTPClient = {
    var settings = HTTPClient.Configuration()
    settings.redirectConfiguration = .disallow
    settings.timeout.connect = .seconds(5)
    settings.timeout.read = .seconds(10)
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
  }()

  static let send = DeliveryDeadline.bounded { outgoing in
    do { return try await exchange(outgoing) } catch { throw words(error) }
  }

  /// An error's own text may hold an address, and an address a credential.
  private static func words(_ error: any Error) -> DeliveryFailure {
    if let failure = error as? DeliveryFailure { return failure }
    if error is IOError || error is NIOConnectionError {
      return DeliveryFailure("no connection: nobody listens there, or it was refused")
    }
    switch error as? HTTPClientError {
    case .connectTimeout?: return DeliveryFailure("no connection within 5 s; is it there, and reachable from here?")
    case .deadlineExceeded?, .readTimeout?: return DeliveryFailure("no answer within 10 s")
    case .remoteConnectionClosed?: return DeliveryFailure("the connection was closed before an answer")
    default: return DeliveryFailure("no answer: \(type(of: error))")
    }
  }

  private static func exchange(_ outgoing: DeliveryRequest) async throws -> DeliveryResponse {
    var request = HTTPClientRequest(url: outgoing.url)
    request.method = .RAW(value: outgoing.method)
    for (name, value) in outgoing.headers { request.headers.add(name: name, value: value) }
    if !outgoing.body.isEmpty { request.body = .bytes(outgoing.body) }
    let response = try await client.execute(request, timeout: .seconds(10))
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
