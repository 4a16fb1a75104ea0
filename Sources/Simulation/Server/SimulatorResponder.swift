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
    if let response = try await GoogleIdentity(simulator: simulator).respond(to: request, body: body) { return response }
    let credential = Credential(request)
    if request.method == .get,
      let list = ModelListRequest(path: path, isAnthropic: credential.isAnthropic, isGoogle: credential.isGoogle)
    {
      return try await respond(to: request, in: list.providerProtocol, credential: credential) {
        Response(json: try ModelList.answer(in: list.providerProtocol, model: list.model))
      }
    }
    guard request.method == .post, let endpoint = ModelEndpoint(path: path) else {
      let message = "\(request.method.rawValue) \(path) was not found."
      return ProviderError(status: 404, message: message).response(in: Self.shape(ofPath: path))
    }
    do {
      try check(credential, for: endpoint.providerProtocol)
      if endpoint.providerProtocol == .anthropic, request.header("anthropic-version") == nil {
        throw ProviderError(status: 400, message: "anthropic-version: header is required")
      }
      return try await answer(request, endpoint: endpoint, body: body)
    } catch let error as ProviderError {
      return error.response(in: endpoint.errorShape(status: error.status))
    }
  }

  private func answer(_ request: Request, endpoint: ModelEndpoint, body: ByteBuffer) async throws -> Response {
    let modelRequest = try parse(body, endpoint: endpoint)
    let effect = simulator.faults.effect(on: modelRequest, providerProtocol: endpoint.providerProtocol, path: request.uri.path)
    try await suffer(effect) { endpoint.errorShape(status: $0) }
    // The simulated providers have every model but those that say they are not there.
    if modelRequest.model.hasPrefix("no-such-") {
      throw ProviderError(unknownModel: modelRequest.model, in: endpoint.providerProtocol)
    }
    let answer = SimulatedModel.answer(to: modelRequest, seed: SimulatedModel.seed(of: body.readableBytesView), effect: effect)
    let isEventStream = request.uri.queryParameters["alt"] == "sse"
    let delivery = Delivery(
      pace: simulator.pace, effect: effect, failure: endpoint.streamFailure(isEventStream: isEventStream))
    let embeddings = EmbeddingAnswer(request: modelRequest, effect: effect)
    let wire: WireAnswer =
      switch endpoint.method {
      case .chatCompletions: OpenAIAnswer(request: modelRequest, answer: answer, effect: effect).wire
      case .responses: ResponsesAnswer(request: modelRequest, answer: answer, effect: effect).wire
      case .messages: AnthropicAnswer(request: modelRequest, answer: answer, effect: effect).wire
      case .messageTokenCount: .document(AnthropicAnswer.tokenCount(of: modelRequest))
      case .generateContent, .streamGenerateContent:
        GoogleAnswer(
          request: modelRequest, answer: answer, effect: effect, isVertex: endpoint.providerProtocol == .vertex
        ).wire(isEventStream: isEventStream)
      case .countTokens: .document(GoogleAnswer.tokenCount(of: modelRequest))
      case .embeddings: .document(embeddings.openAI)
      case .embedContent: .document(embeddings.embedContent)
      case .batchEmbedContents: .document(embeddings.batchEmbedContents)
      case .predict: .document(embeddings.predict)
      }
    return try await delivery.response(wire)
  }

  /// Answers what needs no model; the faults strike here too.
  private func respond(
    to request: Request, in providerProtocol: ProviderProtocol, credential: Credential, _ body: () throws -> Response
  ) async throws -> Response {
    do {
      try check(credential, for: providerProtocol)
      let effect = simulator.faults.effect(
        on: ModelRequest(model: ""), providerProtocol: providerProtocol, path: request.uri.path)
      try await suffer(effect) { _ in providerProtocol.errorShape }
      return try body()
    } catch let error as ProviderError {
      return error.response(in: providerProtocol.errorShape)
    }
  }

  private func suffer(_ effect: FaultRule.Effect, shape: (Int) -> ErrorShape) async throws {
    if let latency = effect.latency { try await Task.sleep(for: latency) }
    if let status = effect.status {
      throw ProviderError(injected: status, retryAfterSeconds: effect.retryAfterSeconds, in: shape(status))
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
      return try ModelRequest(json, endpoint: endpoint)
    } catch {
      throw ProviderError(status: 400, message: error.message, parameter: error.parameter)
    }
  }

  private func check(_ credential: Credential, for providerProtocol: ProviderProtocol) throws {
    guard let text = credential.text(for: providerProtocol) else { throw ProviderError(missingCredentialIn: providerProtocol) }
    // Any credential is good that does not call itself bad; a token that looks like one of ours must be one.
    guard !text.hasPrefix("bad-"), simulator.tokens.accepts(text) else {
      throw ProviderError(refusedCredentialIn: providerProtocol)
    }
  }

  private static func shape(ofPath path: String) -> ErrorShape {
    if path.hasPrefix("/v1/messages") { return .anthropic }
    return path.contains("/models/") || path.hasPrefix("/v1beta") ? .google : .openAI
  }
}

extension ModelRequest {
  fileprivate init(_ body: JSONValue, endpoint: ModelEndpoint) throws(Invalid) {
    let model = endpoint.model ?? ""
    switch endpoint.method {
    case .chatCompletions: try self.init(chatCompletion: body)
    case .responses: try self.init(responses: body)
    case .embeddings: try self.init(embeddings: body)
    case .messages:
      try self.init(anthropic: body, model: endpoint.model, countsOnly: false)
      if endpoint.isStreamPath { isStreaming = true }
    case .messageTokenCount: try self.init(anthropic: body, model: nil, countsOnly: true)
    case .generateContent, .streamGenerateContent, .countTokens:
      try self.init(google: body, model: model, isStreaming: endpoint.isStreamPath)
    case .embedContent, .batchEmbedContents: try self.init(embedContent: body, model: model)
    case .predict: try self.init(predict: body, model: model)
    }
  }
}
