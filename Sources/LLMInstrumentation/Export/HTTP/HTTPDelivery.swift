// How a lane of an instrumented application reaches its receiver: async-http-client, with a limit on time and on the answer.
import AsyncHTTPClient
import Delivery
import NIOCore

package enum HTTPDelivery {
  private static let timeout = TimeAmount.seconds(10)
  private static let answerLimit = 64 * 1024

  /// The client of exporters. It makes no spans: each delivery would leave one that has to be delivered. It lives as long as the
  /// program, on the event loops that all of its clients share.
  package static let client: HTTPClient = {
    var configuration = HTTPClient.Configuration()
    configuration.tracing.tracer = nil
    configuration.timeout.connect = .seconds(5)
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  package static func send(through client: HTTPClient) -> DeliverySend {
    DeliveryDeadline.bounded { delivery in
      var request = HTTPClientRequest(url: delivery.url)
      request.method = .init(rawValue: delivery.method)
      for (name, value) in delivery.headers { request.headers.add(name: name, value: value) }
      request.body = .bytes(ByteBuffer(bytes: delivery.body))
      let response = try await client.execute(request, timeout: timeout)
      let body = try await response.body.collect(upTo: answerLimit)
      return DeliveryResponse(
        status: Int(response.status.code), headers: response.headers.map { (name: $0.name, value: $0.value) },
        body: Array(body.readableBytesView))
    }
  }
}
