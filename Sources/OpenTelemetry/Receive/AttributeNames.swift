// The attribute names that are read, for each meaning the newest first: OpenTelemetry's GenAI conventions from 1.27 to 1.42,
// OpenInference, Traceloop (OpenLLMetry), and our own for what none of them has.

/// What an attribute means to a span of ours.
enum Meaning: Int, CaseIterable {
  case kind, operation, openInferenceKind, traceloopKind, requestType, provider, requestModel, responseModel
  case inputTokens, outputTokens, totalTokens, cacheRead, cacheWrite, reasoning
  case inputAudio, inputImage, outputAudio, outputImage
  case bucketInput, bucketCacheRead, bucketCacheWrite, bucketCacheWriteHour, bucketInputAudio, bucketInputImage
  case bucketOutput, bucketReasoning, bucketOutputAudio, bucketOutputImage, bucketsEstimated
  case finishReasons, timeToFirstToken, longestGap, isStreaming, serviceTier
  case errorType, httpStatus, serverAddress, serverPort
  case service, env, version, region, route, tenant, feature, prompt, promptVersion, session, virtualKey
  case viaGateway, accounts, attempts, fallbackFrom, cost, costExactness, priceVersion
  case databaseSystem, databaseOperation, documentCount, topScore

  /// An earlier name wins over a later one when a span has both, as senders in transition do.
  var names: [String] {
    switch self {
    case .kind: ["commander.kind"]
    case .operation: ["gen_ai.operation.name"]
    case .openInferenceKind: ["openinference.span.kind"]
    case .traceloopKind: ["traceloop.span.kind"]
    case .requestType: ["llm.request.type"]
    case .provider: ["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "llm.vendor"]
    case .requestModel:
      ["gen_ai.request.model", "llm.request.model", "llm.model_name", "embedding.model_name", "reranker.model_name"]
    case .responseModel: ["gen_ai.response.model", "llm.response.model"]
    case .inputTokens:
      ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens", "llm.token_count.prompt"]
    case .outputTokens:
      [
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens",
        "llm.token_count.completion",
      ]
    case .totalTokens: ["gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total"]
    case .cacheRead:
      [
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "llm.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read",
      ]
    case .cacheWrite:
      [
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens", "llm.usage.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write",
      ]
    case .reasoning:
      [
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "llm.usage.reasoning_tokens",
        "llm.token_count.completion_details.reasoning",
      ]
    case .inputAudio: ["gen_ai.usage.audio.input_tokens", "llm.token_count.prompt_details.audio"]
    case .inputImage: ["gen_ai.usage.image.input_tokens"]
    case .outputAudio: ["gen_ai.usage.audio.output_tokens", "llm.token_count.completion_details.audio"]
    case .outputImage: ["gen_ai.usage.image.output_tokens"]
    case .bucketInput: ["commander.tokens.input"]
    case .bucketCacheRead: ["commander.tokens.cache_read"]
    case .bucketCacheWrite: ["commander.tokens.cache_write"]
    case .bucketCacheWriteHour: ["commander.tokens.cache_write_1h"]
    case .bucketInputAudio: ["commander.tokens.input_audio"]
    case .bucketInputImage: ["commander.tokens.input_image"]
    case .bucketOutput: ["commander.tokens.output"]
    case .bucketReasoning: ["commander.tokens.reasoning"]
    case .bucketOutputAudio: ["commander.tokens.output_audio"]
    case .bucketOutputImage: ["commander.tokens.output_image"]
    case .bucketsEstimated: ["commander.tokens.estimated"]
    case .finishReasons:
      [
        "commander.finish_reason", "gen_ai.response.finish_reasons", "gen_ai.completion.0.finish_reason",
        "llm.response.finish_reason", "llm.response.stop_reason", "llm.output_messages.0.message.finish_reason",
      ]
    case .timeToFirstToken:
      ["gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token", "gen_ai.latency.time_to_first_token"]
    case .longestGap: ["commander.longest_gap"]
    case .isStreaming: ["gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming"]
    case .serviceTier:
      [
        "openai.response.service_tier", "gen_ai.openai.response.service_tier", "openai.request.service_tier",
        "gen_ai.openai.request.service_tier", "commander.service_tier",
      ]
    case .errorType: ["error.type"]
    case .httpStatus: ["http.response.status_code", "http.status_code"]
    case .serverAddress: ["server.address", "net.peer.name"]
    case .serverPort: ["server.port", "net.peer.port"]
    case .service: ["service.name"]
    case .env: ["deployment.environment.name", "deployment.environment"]
    case .version: ["service.version"]
    case .region: ["commander.region", "cloud.region"]
    case .route: ["commander.route"]
    case .tenant: ["commander.tenant", "tenant.id", "traceloop.association.properties.tenant"]
    case .feature: ["commander.feature", "traceloop.association.properties.feature"]
    case .prompt: ["commander.prompt", "gen_ai.prompt.name", "traceloop.prompt.key"]
    case .promptVersion:
      ["commander.prompt_version", "gen_ai.prompt.version", "llm.prompt_template.version", "traceloop.prompt.version"]
    case .session: ["gen_ai.conversation.id", "session.id", "traceloop.association.properties.session_id"]
    case .virtualKey: ["commander.virtual_key"]
    case .viaGateway: ["commander.gateway"]
    case .accounts: ["commander.accounts_for_exchange"]
    case .attempts: ["commander.attempts"]
    case .fallbackFrom: ["commander.fallback_from"]
    case .cost: ["commander.cost_nanodollars"]
    case .costExactness: ["commander.cost_exactness"]
    case .priceVersion: ["commander.price_version"]
    case .databaseSystem: ["db.system.name", "db.system"]
    case .databaseOperation: ["db.operation.name", "db.operation"]
    case .documentCount: ["commander.retrieval.documents"]
    case .topScore: ["commander.retrieval.top_score"]
    }
  }

  fileprivate static let byName: [String: (meaning: Meaning, rank: UInt8)] = {
    var table: [String: (meaning: Meaning, rank: UInt8)] = [:]
    for meaning in allCases {
      for (rank, name) in meaning.names.enumerated() { table[name] = (meaning, UInt8(rank)) }
    }
    return table
  }()
}

/// What the attributes of a span and its resource say, by meaning. `user.*` is not read: it names persons.
struct AttributeFacts {
  private var values = [OTLPValue?](repeating: nil, count: Meaning.allCases.count)

  init(resource: [OTLPAttribute], span: [OTLPAttribute]) {
    // The span knows better than its resource.
    read(resource)
    read(span)
  }

  private mutating func read(_ attributes: [OTLPAttribute]) {
    var ranks = [UInt8](repeating: .max, count: values.count)
    for attribute in attributes {
      guard let (meaning, rank) = Meaning.byName[attribute.key], rank < ranks[meaning.rawValue] else { continue }
      if case .other = attribute.value { continue }
      ranks[meaning.rawValue] = rank
      values[meaning.rawValue] = attribute.value
    }
  }

  subscript(_ meaning: Meaning) -> OTLPValue? { values[meaning.rawValue] }

  /// A text that can be a tag: not empty, without line breaks, at most 200 characters.
  func word(_ meaning: Meaning) -> String? {
    guard let text = self[meaning]?.text, !text.isEmpty else { return nil }
    guard text.utf8.count <= 200, text.utf8.allSatisfy({ $0 >= 0x20 }) else {
      return String(text.prefix(200).filter { !$0.isNewline })
    }
    return text
  }

  /// A count; what is below zero is none.
  func count(_ meaning: Meaning) -> Int? { self[meaning]?.integer.flatMap { $0 >= 0 ? $0 : nil } }
}
