// `POST /ask`: what is accepted, what is answered, and how a failure of the model is told.
import Foundation
import Hummingbird
import LLMTelemetry
import Logging

struct AskRoute: Sendable {
  private static let bodyLimit = 64 * 1024
  private static let questionLimit = 4000
  private static let nameLimit = 100

  let answerer: QuestionAnswerer
  let logger: Logger

  private struct Ask: Decodable {
    var question: String
    var tenant: String?
    var feature: String?
  }

  private struct Reply: Encodable {
    struct Source: Encodable {
      var id: String
      var title: String
      var score: Double
    }
    struct Usage: Encodable {
      var input: Int?
      var cache_read: Int?
      var output: Int?
      var reasoning: Int?
    }
    var answer: String
    var sources: [Source]
    var model: String
    var prompt_version: String?
    var trace_id: String
    var usage: Usage
    var latency_ms: Double
  }

  private struct Failure: Encodable {
    struct Body: Encodable {
      var `class`: String
      var message: String
      var trace_id: String?
    }
    var error: Body
  }

  func respond(to request: Request) async -> Response {
    let began = ContinuousClock.now
    let question: Question
    switch await self.question(in: request) {
    case .success(let accepted): question = accepted
    case .failure(let refusal):
      return json(Failure(error: .init(class: "invalid_request", message: refusal.message)), status: refusal.status)
    }
    let incoming = TraceContext.extract { name in request.headers.first { $0.name.canonicalName == name }?.value }
    do {
      let answer = try await answerer.answer(question, caller: incoming)
      let latency = (ContinuousClock.now - began).inSeconds * 1000
      logger.info(
        "answered",
        metadata: [
          "trace_id": "\(answer.traceID)", "tenant": "\(question.tenant)", "model": "\(answer.model)",
          "latency_ms": "\(Int(latency))",
        ])
      return json(
        Reply(
          answer: answer.text,
          sources: answer.sources.map {
            .init(id: $0.passage.id, title: $0.passage.title, score: ($0.score * 1000).rounded() / 1000)
          },
          model: answer.model, prompt_version: answer.promptVersion, trace_id: answer.traceID.description,
          usage: .init(
            input: answer.usage.input, cache_read: answer.usage.cacheRead, output: answer.usage.output,
            reasoning: answer.usage.reasoning),
          latency_ms: (latency * 10).rounded() / 10),
        status: .ok)
    } catch let error as ModelCallError {
      let traceID = error.traceID?.description
      logger.warning(
        "not answered",
        metadata: [
          "trace_id": "\(traceID ?? "")", "tenant": "\(question.tenant)", "error_class": "\(error.errorClass.rawValue)",
          "reason": "\(error.spanMessage)",
        ])
      let body = Failure(error: .init(class: error.errorClass.rawValue, message: error.spanMessage, trace_id: traceID))
      var response = json(body, status: status(of: error.errorClass))
      if let retryAfter = error.retryAfter { response.headers[.retryAfter] = retryAfter }
      return response
    } catch {
      logger.error(
        "not answered", metadata: ["trace_id": "\(incoming?.traceID.description ?? "")", "reason": "\(type(of: error))"])
      return json(
        Failure(
          error: .init(class: "internal", message: "the question could not be processed", trace_id: incoming?.traceID.description)
        ),
        status: .internalServerError)
    }
  }

  private struct Refusal: Error {
    var status = HTTPResponse.Status.badRequest
    var message: String
  }

  private func question(in request: Request) async -> Result<Question, Refusal> {
    let body: ByteBuffer
    do {
      body = try await request.body.collect(upTo: Self.bodyLimit)
    } catch {
      return .failure(
        Refusal(status: .contentTooLarge, message: "the body is larger than 64 KB or broke off; send a shorter question"))
    }
    guard let ask = try? JSONDecoder().decode(Ask.self, from: Data(body.readableBytesView)) else {
      return .failure(Refusal(message: "the body is not {\"question\": text}; tenant and feature are optional texts"))
    }
    let text = ask.question.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty, text.count <= Self.questionLimit else {
      return .failure(Refusal(message: "the question is empty or longer than 4,000 characters; shorten it"))
    }
    // Tenant and feature become header values and metric tags.
    for (key, value) in [("tenant", ask.tenant), ("feature", ask.feature)] {
      if let value,
        value.isEmpty || value.count > Self.nameLimit
          || !value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-/".contains($0)) })
      {
        return .failure(Refusal(message: "\(key) may have 1 to 100 letters, digits and . _ - /"))
      }
    }
    return .success(Question(text: text, tenant: ask.tenant ?? answerer.configuration.tenant, feature: ask.feature))
  }

  /// What the caller may try again is 503; what was refused or broken upstream is 502.
  private func status(of errorClass: ErrorClass) -> HTTPResponse.Status {
    switch errorClass {
    case .rateLimited, .quotaExhausted, .overloaded, .timeout: .serviceUnavailable
    default: .badGateway
    }
  }

  private func json(_ value: some Encodable, status: HTTPResponse.Status) -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = (try? encoder.encode(value)).map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
    return Response(status: status, headers: [.contentType: "application/json; charset=utf-8"], body: .init(byteBuffer: body))
  }
}
