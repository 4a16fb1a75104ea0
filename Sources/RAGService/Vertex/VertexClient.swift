// Asks Gemini on Vertex AI, directly or through a gateway that speaks the same protocol.
import AsyncHTTPClient
import Foundation
import LLMTelemetry
import NIOCore
import Providers

/// What came back from the model.
struct VertexReply: Sendable {
  var text: String
  var usage: TokenUsage
  var finishReason: FinishReason?
  var responseModel: String?
  var gateway: GatewayNotes
}

/// What a gateway says of the exchange in its answer's headers; all `nil` without a gateway.
struct GatewayNotes: Sendable {
  /// The gateway's own span: it is the record of the exchange then.
  var spanID: SpanID?
  var promptVersion: String?
  var model: String?
}

/// A call that gave no answer.
struct ModelCallError: ClassifiedError, Sendable {
  var errorClass: ErrorClass
  var spanMessage: String
  var httpStatus: Int?
  var retryAfter: String?
  var gateway = GatewayNotes()
  /// The trace of the question, for whoever has to explain the failure.
  var traceID: TraceID?
}

struct VertexClient: Sendable {
  private static let timeout = TimeAmount.seconds(60)
  private static let responseLimit = 8 * 1024 * 1024

  let configuration: RAGConfiguration.Vertex
  let httpClient: HTTPClient

  func generateContent(_ body: [UInt8], headers: [(name: String, value: String)]) async throws -> VertexReply {
    let vertex = configuration
    var request = HTTPClientRequest(
      url:
        "\(vertex.baseURL)/v1/projects/\(vertex.project)/locations/\(vertex.location)/publishers/google/models/\(vertex.model):generateContent"
    )
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    request.headers.add(name: "authorization", value: "Bearer \(vertex.bearerToken)")
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    request.body = .bytes(ByteBuffer(bytes: body))
    let response: HTTPClientResponse
    let answer: ByteBuffer
    do {
      response = try await httpClient.execute(request, timeout: Self.timeout)
      answer = try await response.body.collect(upTo: Self.responseLimit)
    } catch {
      throw Self.transportError(error)
    }
    return try Self.reply(status: Int(response.status.code), header: { response.headers.first(name: $0) }, body: answer)
  }

  static func reply(status: Int, header: (String) -> String?, body: ByteBuffer) throws(ModelCallError) -> VertexReply {
    let gateway = GatewayNotes(
      spanID: header("x-commander-span-id").flatMap { SpanID(hexadecimal: $0) },
      promptVersion: header("x-commander-prompt-version"),
      model: header("x-commander-model"))
    var meter = ResponseMeter(bodyFormat: .googleGenerate, framing: .document, captureLimit: responseLimit)
    body.withUnsafeReadableBytes { meter.consume($0, at: .now(), stripsUsage: false, relay: { _ in }) }
    _ = meter.finish(at: .now(), stripsUsage: false)
    func failure(_ errorClass: ErrorClass, _ message: String) -> ModelCallError {
      ModelCallError(
        errorClass: errorClass, spanMessage: message, httpStatus: status, retryAfter: header("retry-after"), gateway: gateway)
    }
    if let errorClass = ErrorClassification.errorClass(status: status, failure: meter.error) {
      throw failure(errorClass, "Vertex AI answered \(status): \(meter.error?.message ?? "without an error body")")
    }
    if let reason = meter.blockReason { throw failure(.blocked, "Vertex AI refused the prompt: \(reason)") }
    // The meter reads what it can of a body that is cut short; half an answer must not pass for a whole one.
    let isWhole = (try? JSONSerialization.jsonObject(with: Data(body.readableBytesView))) != nil
    guard isWhole, meter.finishReason != nil || !meter.text.isEmpty else {
      throw failure(.providerError, "Vertex AI answered \(status) with a body that holds no answer")
    }
    return VertexReply(
      text: meter.text, usage: meter.usage, finishReason: meter.finishReason, responseModel: meter.responseModel, gateway: gateway
    )
  }

  private static func transportError(_ error: any Error) -> any Error {
    if error is CancellationError { return error }
    return switch error as? HTTPClientError {
    case .cancelled: CancellationError()
    case .connectTimeout, .readTimeout, .deadlineExceeded:
      ModelCallError(errorClass: .timeout, spanMessage: "no answer from Vertex AI in time")
    default: ModelCallError(errorClass: .network, spanMessage: "the connection to Vertex AI failed: \(type(of: error))")
    }
  }
}
