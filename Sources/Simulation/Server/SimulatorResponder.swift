// Turns an HTTP request into the answer of a provider: credentials, faults, the model, and the wire form.
import Hummingbird

struct SimulatorResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let simulator: ProviderSimulator
  private static let bodyLimit = 16 * 1024 * 1024

  func respond(to request: Request, context: Context) async throws -> Response {
    let path = request.uri.path
    let body = try await request.body.collect(upTo: Self.bodyLimit)
    if path.hasPrefix("/_simulator/") {
      return SimulatorControl(simulator: simulator).respond(method: request.method, path: path, body: body)
    }
    simulator.requestLog.append(request, body: body)
    if request.method == .get, path == "/v1/models" {
      guard hasCredential(request, for: .openAI) else { return missingCredential(in: .openAI) }
      return Response(json: OpenAIAnswer.models)
    }
    guard let endpoint = ModelEndpoint(path: path), request.method == .post else {
      let isGoogle = path.contains("/models/") || path.hasPrefix("/v1beta")
      return ProviderError(status: 404, message: "\(request.method.rawValue) \(path) was not found.").response(
        in: isGoogle ? .gemini : .openAI)
    }
    guard hasCredential(request, for: endpoint.providerProtocol) else { return missingCredential(in: endpoint.providerProtocol) }
    do {
      return try await answer(request, endpoint: endpoint, body: body)
    } catch let error as ProviderError {
      return error.response(in: endpoint.providerProtocol)
    }
  }

  private func answer(_ request: Request, endpoint: ModelEndpoint, body: ByteBuffer) async throws -> Response {
    let modelRequest = try parse(body, endpoint: endpoint)
    if endpoint.method == .countTokens { return Response(json: GoogleAnswer.tokenCount(of: modelRequest)) }
    let effect = simulator.faults.effect(on: modelRequest, providerProtocol: endpoint.providerProtocol, path: request.uri.path)
    if let latency = effect.latency { try await Task.sleep(for: latency) }
    if let status = effect.status {
      throw ProviderError(injected: status, retryAfterSeconds: effect.retryAfterSeconds, in: endpoint.providerProtocol)
    }
    let answer = SimulatedModel.answer(to: modelRequest, seed: SimulatedModel.seed(of: body.readableBytesView), effect: effect)
    let delivery = Delivery(pace: simulator.pace, effect: effect)
    switch endpoint.method {
    case .chatCompletions:
      let wire = OpenAIAnswer(model: modelRequest.model, answer: answer, effect: effect)
      guard modelRequest.isStreaming else { return try await delivery.single(wire.body, pieces: answer.pieces.count) }
      let events = wire.events(includesUsage: modelRequest.includesUsage)
      return delivery.stream(
        events.map { "data: \($0.text)\n\n" }, end: "data: [DONE]\n\n", contentType: "text/event-stream; charset=utf-8")
    case .generateContent:
      let wire = GoogleAnswer(
        model: modelRequest.model, answer: answer, effect: effect, isVertex: endpoint.providerProtocol == .vertex)
      return try await delivery.single(wire.body, pieces: answer.pieces.count)
    case .streamGenerateContent, .countTokens:
      let wire = GoogleAnswer(
        model: modelRequest.model, answer: answer, effect: effect, isVertex: endpoint.providerProtocol == .vertex)
      if request.uri.queryParameters["alt"] == "sse" {
        return delivery.stream(wire.chunks.map { "data: \($0.text)\r\n\r\n" }, end: "", contentType: "text/event-stream")
      }
      let chunks = wire.chunks.enumerated().map { ($0 == 0 ? "[" : ",\r\n") + $1.text }
      return delivery.stream(chunks, end: "\n]\n", contentType: "application/json; charset=UTF-8")
    }
  }

  private func parse(_ body: ByteBuffer, endpoint: ModelEndpoint) throws -> ModelRequest {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: body.readableBytesView)
    } catch {
      throw ProviderError(status: 400, message: "We could not parse the JSON body of your request.")
    }
    do throws(ModelRequest.Invalid) {
      guard let model = endpoint.model else { return try ModelRequest(openAI: json) }
      return try ModelRequest(google: json, model: model, isStreaming: endpoint.method == .streamGenerateContent)
    } catch {
      throw ProviderError(status: 400, message: error.message, parameter: error.parameter)
    }
  }

  /// Any credential is good, as long as it is there.
  private func hasCredential(_ request: Request, for providerProtocol: ProviderProtocol) -> Bool {
    let bearer = request.headers[.authorization].map { $0.hasPrefix("Bearer ") && $0.count > 7 } ?? false
    guard providerProtocol == .gemini else { return bearer }
    let header = request.headers.first { $0.name.canonicalName == "x-goog-api-key" }?.value
    let query = request.uri.queryParameters["key"].map(String.init)
    return bearer || [header, query].contains { $0?.isEmpty == false }
  }

  private func missingCredential(in providerProtocol: ProviderProtocol) -> Response {
    let message =
      providerProtocol.isGoogle
      ? "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential."
      : "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
    return ProviderError(status: 401, message: message).response(in: providerProtocol)
  }
}
