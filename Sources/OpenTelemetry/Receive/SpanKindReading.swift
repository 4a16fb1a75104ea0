// What a span of another program stands for, or that it has nothing to do with models.

import LLMTelemetry

enum SpanKindReading {
  private static let vectorStores: Set<String> = [
    "pinecone", "qdrant", "chroma", "chromadb", "weaviate", "milvus", "lancedb", "marqo", "vespa",
  ]

  /// `nil` for a span that no convention of GenAI is about.
  static func kind(_ facts: AttributeFacts, _ span: OTLPSpan) -> SpanKind? {
    if let own = facts[.kind]?.text { return SpanKind(rawValue: own) ?? .task }
    if let operation = facts[.operation]?.text { return byOperation(operation, hasModel: facts[.requestModel] != nil) }
    if let kind = facts[.openInferenceKind]?.text { return byOpenInference(kind, isRoot: span.parentSpanID == nil) }
    switch facts[.requestType]?.text {
    case "chat", "completion", "unknown": return .llm
    case "embedding": return .embedding
    case "rerank": return .task
    default: break
    }
    switch facts[.traceloopKind]?.text {
    case "workflow": return .workflow
    case "agent": return .agent
    case "tool": return .tool
    case .some: return .task
    case nil: break
    }
    // The first conventions had no operation.
    if facts[.provider] != nil, facts[.requestModel] != nil || facts[.responseModel] != nil { return .llm }
    if let store = facts[.databaseSystem]?.text, vectorStores.contains(store.lowercased()) {
      let operation = (facts[.databaseOperation]?.text ?? span.name).lowercased()
      return operation.contains("query") || operation.contains("search") ? .retrieval : nil
    }
    return nil
  }

  private static func byOperation(_ operation: String, hasModel: Bool) -> SpanKind {
    switch operation {
    case "chat", "generate_content", "text_completion": .llm
    case "embeddings": .embedding
    case "retrieval": .retrieval
    case "execute_tool": .tool
    case "invoke_agent", "create_agent": .agent
    case "invoke_workflow": .workflow
    // What is to come: a call when it names a model.
    default: hasModel ? .llm : .task
    }
  }

  private static func byOpenInference(_ kind: String, isRoot: Bool) -> SpanKind {
    switch kind.uppercased() {
    case "LLM": .llm
    case "EMBEDDING": .embedding
    case "RETRIEVER": .retrieval
    case "TOOL": .tool
    case "AGENT": .agent
    case "CHAIN": isRoot ? .workflow : .task
    default: .task
    }
  }
}
