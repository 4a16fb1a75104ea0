// `POST /ask` and `POST /ask/stream`: what is answered, piece by piece or at once, and how a failure is told.
import Foundation
import Hummingbird
import LLMTelemetry
import Logging

struct AskRoutes: Sendable {
  let answerer: QuestionAnswerer
  let admission: Admission
  let readiness: Readiness
  let tenant: String
  let logger: Logger

  /// `POST /ask`
  func ask(_ request: Request) async -> Response {
    let began = ContinuousClock.now
    do throws(Refusal) {
      let question = try await AskRequest.read(request, defaultTenant: tenant)
      let place = try enter()
      defer { withExtendedLifetime(place) {} }
      switch await answer(question, in: request, began: began) {
      case .success(let reply): return .json(reply)
      case .failure(let failure): return failure.response
      }
    } catch {
      return .refusal(error)
    }
  }

  /// `POST /ask/stream`: server-sent events `sources`, `tool`, `text`, and at the end `answer` or `error`.
  func stream(_ request: Request) async -> Response {
    let began = ContinuousClock.now
    let question: Question
    let place: Admission.Place
    do throws(Refusal) {
      question = try await AskRequest.read(request, defaultTenant: tenant)
      place = try enter()
    } catch {
      return .refusal(error)
    }
    let wantsFacts = request.uri.queryParameters["facts"] == "1"
    let (events, sender) = AsyncStream.makeStream(of: ByteBuffer.self)
    let work = Task {
      let outcome = await answer(question, in: request, began: began) { progress in
        // A reader that has left cancels this task; nobody should pay for the rest of the answer.
        try Task.checkCancellation()
        switch progress {
        case .sources(let passages): sender.yield(Self.event("sources", ["sources": AnswerReply.sources(passages)]))
        case .tool(let use): sender.yield(Self.event("tool", ToolReply(use)))
        case .text(let piece): sender.yield(Self.event("text", ["text": piece]))
        }
      }
      switch outcome {
      case .success(var reply):
        if wantsFacts { reply.facts = PageFacts.list(reply).map { .init(name: $0.name, value: $0.value) } }
        sender.yield(Self.event("answer", reply))
      case .failure(let failure): sender.yield(Self.event("error", failure.body))
      }
      sender.finish()
      withExtendedLifetime(place) {}
    }
    // Called when the events are read to their end, and when their reader is gone.
    sender.onTermination = { _ in work.cancel() }
    return Response(status: .ok, headers: Self.streamHeaders, body: ResponseBody(asyncSequence: events))
  }

  private static func event(_ name: String, _ value: some Encodable) -> ByteBuffer {
    var buffer = ByteBuffer(string: "event: \(name)\ndata: ")
    var data = value.replyBytes
    buffer.writeBuffer(&data)
    buffer.writeString("\n\n")
    return buffer
  }

  private static let streamHeaders: HTTPFields = {
    var headers: HTTPFields = [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"]
    // A proxy that collects an answer before it passes it on would undo the streaming.
    if let name = HTTPFields.Element.Name("x-accel-buffering") { headers[name] = "no" }
    return headers
  }()

  func enter() throws(Refusal) -> Admission.Place {
    guard readiness.state == .ready else {
      throw Refusal(
        status: .serviceUnavailable, errorClass: "not_ready",
        message: "the service is \(readiness.state.word); come again shortly", retryAfter: "2")
    }
    guard let place = admission.enter() else {
      throw Refusal(
        status: .serviceUnavailable, errorClass: "overloaded",
        message: "as many questions as this service takes are being answered; come again shortly", retryAfter: "1")
    }
    return place
  }

  struct Failure: Error {
    var status: HTTPResponse.Status
    var body: ErrorReply
    var retryAfter: String?

    var response: Response {
      var response = Response.json(body, status: status)
      if let retryAfter { response.headers[.retryAfter] = retryAfter }
      return response
    }
  }

  func answer(
    _ question: Question, in request: Request, began: ContinuousClock.Instant,
    report: @escaping @Sendable (AnswerProgress) async throws -> Void = { _ in }
  ) async -> Result<AnswerReply, Failure> {
    let incoming = TraceContext.extract { name in request.headers.first { $0.name.canonicalName == name }?.value }
    do {
      let answer = try await answerer.answer(question, caller: incoming, report: report)
      let latency = ContinuousClock.now - began
      logger.info(
        "answered",
        metadata: [
          "trace_id": "\(answer.traceID)", "tenant": "\(question.origin.tenant)", "model": "\(answer.model)",
          "latency_ms": "\(Int(latency.inSeconds * 1000))", "declined": "\(answer.decline?.rawValue ?? "no")",
          "grounding": "\(answer.grounding.verdict)",
        ])
      return .success(AnswerReply(answer, session: question.origin.session, latency: latency))
    } catch let error as ModelCallError {
      let traceID = error.traceID?.description
      logger.warning(
        "not answered",
        metadata: [
          "trace_id": "\(traceID ?? "")", "tenant": "\(question.origin.tenant)", "error_class": "\(error.errorClass.rawValue)",
          "reason": "\(error.spanMessage)",
        ])
      return .failure(
        Failure(
          status: Self.status(of: error.errorClass),
          body: ErrorReply(class: error.errorClass.rawValue, message: error.spanMessage, traceID: traceID),
          retryAfter: error.retryAfter))
    } catch {
      let traceID = incoming?.traceID.description
      let isCancelled = error is CancellationError
      logger.log(
        level: isCancelled ? .info : .error, isCancelled ? "the reader left" : "not answered",
        metadata: ["trace_id": "\(traceID ?? "")", "reason": "\((error as? IndexError)?.description ?? "\(type(of: error))")"])
      return .failure(
        Failure(
          status: .internalServerError,
          body: ErrorReply(class: "internal", message: "the question could not be processed", traceID: traceID)))
    }
  }

  /// What the caller may try again is 503; what was refused or broken upstream is 502.
  private static func status(of errorClass: ErrorClass) -> HTTPResponse.Status {
    switch errorClass {
    case .rateLimited, .quotaExhausted, .overloaded: .serviceUnavailable
    case .timeout: .gatewayTimeout
    default: .badGateway
    }
  }
}
