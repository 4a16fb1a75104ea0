// Sends JSON to a service over HTTP and tells every way in which that can fail in one vocabulary.
import AsyncHTTPClient
import Foundation
import LLMTelemetry
import NIOCore
import NIOHTTP1
import Providers

/// One service that is called with JSON: Vertex AI, a gateway, an OpenAI-compatible server.
package struct ServiceCaller: Sendable {
  /// What the service is called in messages: `Vertex AI`.
  package let name: String
  let credential: ServiceCredential
  let httpClient: HTTPClient
  let timeout: Duration
  private static let documentLimit = 64 * 1024 * 1024

  package init(name: String, credential: ServiceCredential, httpClient: HTTPClient, timeout: Duration) {
    self.name = name
    self.credential = credential
    self.httpClient = httpClient
    self.timeout = timeout
  }

  /// An answer whose status is a success; its body is still to come.
  struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: HTTPClientResponse.Body
    var gateway: GatewayNotes { GatewayNotes { headers.first(name: $0) } }
  }

  /// Posts `body` and waits for the head of the answer. A status that is no success throws with what the body says of it.
  func post(_ url: String, _ body: [UInt8], headers: [(name: String, value: String)]) async throws -> Answer {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    request.headers.add(name: "user-agent", value: "rag-service")
    for (name, value) in try await credential.headers() + headers { request.headers.add(name: name, value: value) }
    request.body = .bytes(ByteBuffer(bytes: body))
    let response: HTTPClientResponse
    do {
      response = try await httpClient.execute(request, timeout: .nanoseconds(timeout.wholeNanoseconds))
    } catch {
      throw failure(error)
    }
    let answer = Answer(status: Int(response.status.code), headers: response.headers, body: response.body)
    guard (200..<300).contains(answer.status) else { throw try await refusal(answer) }
    return answer
  }

  /// The whole body of a successful answer.
  func document(_ answer: Answer) async throws -> [UInt8] {
    do {
      return Array(try await answer.body.collect(upTo: Self.documentLimit).readableBytesView)
    } catch {
      throw failure(error)
    }
  }

  private func refusal(_ answer: Answer) async throws -> ModelCallError {
    let bytes = try await document(answer)
    var meter = ResponseMeter(errorsOf: .vertex)
    bytes.withUnsafeBytes { meter.consume($0, at: .now(), stripsUsage: false, relay: { _ in }) }
    _ = meter.finish(at: .now(), stripsUsage: false)
    return ModelCallError(
      errorClass: ErrorClassification.errorClass(status: answer.status, failure: meter.error) ?? .providerError,
      spanMessage: "\(name) answered \(answer.status): \(meter.error?.message ?? "without an error body")",
      httpStatus: answer.status, retryAfter: answer.headers.first(name: "retry-after"), gateway: answer.gateway)
  }

  /// An error of the connection in the vocabulary of calls.
  func failure(_ error: any Error) -> any Error {
    if error is ModelCallError || error is CancellationError { return error }
    return switch error as? HTTPClientError {
    case .cancelled: CancellationError()
    case .connectTimeout, .readTimeout, .deadlineExceeded:
      ModelCallError(errorClass: .timeout, spanMessage: "no answer from \(name) in time")
    default: ModelCallError(errorClass: .network, spanMessage: "the connection to \(name) failed: \(type(of: error))")
    }
  }

  func unreadable(_ what: String, _ answer: Answer) -> ModelCallError {
    ModelCallError(
      errorClass: .providerError, spanMessage: "\(name) answered \(answer.status) with \(what)", httpStatus: answer.status,
      gateway: answer.gateway)
  }
}
