// Answers one question and leaves its trace: workflow ▶ retrieval ▶ llm.
import LLMInstrumentation
import LLMTelemetry

package struct Question: Sendable {
  package var text: String
  package var tenant: String
  package var feature: String?

  package init(text: String, tenant: String, feature: String?) {
    self.text = text
    self.tenant = tenant
    self.feature = feature
  }
}

package struct Answer: Sendable {
  package var text: String
  package var sources: [RetrievedPassage]
  package var model: String
  package var promptVersion: String?
  package var traceID: TraceID
  package var usage: TokenUsage
}

package struct QuestionAnswerer: Sendable {
  private static let passageLimit = 4

  let configuration: RAGConfiguration
  let retriever: LexicalRetriever
  let vertex: VertexClient
  let tracer: LLMTracer

  /// - Parameter caller: the trace the question belongs to; `nil` begins one.
  func answer(_ question: Question, caller: TraceContext?) async throws -> Answer {
    try await tracer.withSpan(.workflow, "answer question", parent: caller) { workflow in
      workflow.update { describe(question, in: &$0) }
      let sources = await retrieve(question)
      let (reply, model) = try await generate(question, from: sources)
      workflow.update { $0.dimensions.promptVersion = reply.gateway.promptVersion }
      return Answer(
        text: reply.text, sources: sources, model: model, promptVersion: reply.gateway.promptVersion,
        traceID: workflow.context.traceID,
        usage: reply.usage)
    }
  }

  private func retrieve(_ question: Question) async -> [RetrievedPassage] {
    await tracer.withSpan(.retrieval, "search documents") { span in
      let found = retriever.search(question.text, limit: Self.passageLimit)
      span.update {
        describe(question, in: &$0)
        $0.retrieval = RetrievalFacts(documentCount: found.count, topScore: found.first?.score)
      }
      return found
    }
  }

  private func generate(_ question: Question, from sources: [RetrievedPassage]) async throws -> (VertexReply, model: String) {
    let model = configuration.vertex.model
    return try await tracer.withSpan(.llm, "chat \(model)") { span in
      span.update {
        describe(question, in: &$0)
        $0.dimensions.provider = "gcp.vertex_ai"
        $0.dimensions.model = model
        $0.dimensions.region = configuration.vertex.location
      }
      var labels = ["tenant": question.tenant]
      labels["feature"] = question.feature
      let body = try GenerateContentRequest(
        question: question.text, evidence: sources, system: configuration.prompt.text, labels: labels
      ).json
      do {
        let reply = try await vertex.generateContent(body, headers: headers(for: question, context: span.context))
        span.update {
          record(reply.gateway, in: &$0)
          $0.usage = reply.usage
          $0.finishReason = reply.finishReason
          $0.responseModel = reply.responseModel
          $0.httpStatus = 200
        }
        return (reply, reply.gateway.model ?? reply.responseModel ?? model)
      } catch var error as ModelCallError {
        error.traceID = span.context.traceID
        span.update { [error] in
          record(error.gateway, in: &$0)
          $0.httpStatus = error.httpStatus
        }
        throw error
      }
    }
  }

  private func describe(_ question: Question, in span: inout LLMSpan) {
    span.dimensions.tenant = question.tenant
    span.dimensions.feature = question.feature
    span.dimensions.prompt = configuration.prompt.name
  }

  /// A gateway that names its span keeps the record of the exchange; a second one would count it twice.
  private func record(_ gateway: GatewayNotes, in span: inout LLMSpan) {
    span.accountsForExchange = gateway.spanID == nil
    span.dimensions.promptVersion = gateway.promptVersion
  }

  private func headers(for question: Question, context: TraceContext) -> [(name: String, value: String)] {
    var headers = context.headers
    headers.append((name: "x-commander-tenant", value: question.tenant))
    if let feature = question.feature { headers.append((name: "x-commander-feature", value: feature)) }
    // A managed prompt is named or carried, never both: the gateway puts the named one in.
    if configuration.prompt.text == nil { headers.append((name: "x-commander-prompt", value: configuration.prompt.name)) }
    return headers
  }
}
