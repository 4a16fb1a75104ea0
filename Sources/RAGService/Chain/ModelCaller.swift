// One exchange with the model inside its span: what it took, what it cost, and whether a gateway keeps the record.
import LLMInstrumentation
import LLMTelemetry
import Pricing
import SemanticRisk

struct ModelCaller: Sendable {
  struct Settings: Sendable, Hashable {
    var temperature: Double?
    var maxOutputTokens: Int?
  }

  let model: any GenerationModel
  let tracer: LLMTracer
  let prices: PriceBook
  let scoring: RiskScoring
  let prompt: RAGConfiguration.Prompt
  let settings: Settings

  /// Counts the exchange into `state`.
  func call(
    _ request: GenerationRequest, headers: [(name: String, value: String)], state: inout AnswerState, reportsText: Bool
  ) async throws -> GenerationReply {
    let origin = state.question.origin
    let report = state.report
    var labelled = request
    labelled.labels = origin.labels
    let asked = labelled
    // The answer is scored against what it was made from; a short call beside it is no answer.
    let (question, evidence) = (state.question.text, reportsText ? state.evidence : nil)
    let (reply, cost) = try await tracer.chat(model: model.model, provider: model.provider) { span -> (GenerationReply, Cost) in
      origin.describe(span)
      span.update {
        $0.dimensions.region = model.region
        $0.isStreaming = true
      }
      if reportsText { span.record(prompt: prompt.name, version: prompt.version) }
      span.record(input: asked.messages)
      do {
        let reply = try await model.generate(asked, headers: origin.headers(for: span) + headers) { piece in
          if reportsText { try await report(.text(piece)) }
        }
        span.update {
          Self.record(reply.gateway, in: &$0)
          $0.usage = reply.usage
          $0.finishReason = reply.finishReason
          $0.responseModel = reply.responseModel
          $0.httpStatus = 200
          $0.timeToFirstToken = reply.timeToFirstToken
          $0.longestGap = reply.longestGap
        }
        span.record(output: reply.text)
        if let evidence, reply.gateway.spanID == nil, reply.calls.isEmpty {
          let exchange = RiskExchange(system: asked.system ?? "", question: question, context: evidence, answer: reply.text)
          let scores = scoring.score(exchange).scores
          span.update { $0.risk = scores }
        }
        return (reply, price(of: reply, span: span))
      } catch let error as ModelCallError {
        span.update {
          Self.record(error.gateway, in: &$0)
          $0.httpStatus = error.httpStatus
        }
        throw error
      }
    }
    state.usage.add(reply.usage)
    state.cost.add(cost)
    return reply
  }

  /// A gateway that names its span keeps the record of the exchange; a second one would count it twice.
  private static func record(_ gateway: GatewayNotes, in span: inout LLMSpan) {
    span.accountsForExchange = gateway.spanID == nil
    span.dimensions.promptVersion = gateway.promptVersion ?? span.dimensions.promptVersion
  }

  private func price(of reply: GenerationReply, span: ActiveSpan) -> Cost {
    var record = LLMSpan(
      traceID: span.context.traceID, spanID: span.context.spanID, kind: .llm, name: "", start: .now(), duration: .zero)
    record.dimensions.model = reply.gateway.model ?? model.model
    record.responseModel = reply.responseModel
    record.usage = reply.usage
    record.finishReason = reply.finishReason
    return prices.cost(of: record)
  }
}

extension GenerationRequest {
  /// As they are shown where content is captured.
  var messages: [ContentMessage] {
    (system.map { [ContentMessage(role: "system", text: $0)] } ?? [])
      + turns.flatMap { turn -> [ContentMessage] in
        switch turn {
        case .user(let text): [ContentMessage(role: "user", text: text)]
        case .model(let text, let calls):
          [ContentMessage(role: "assistant", text: text + calls.map { "\n\($0.name)(\($0.arguments.text))" }.joined())]
        case .results(let results): results.map { ContentMessage(role: "tool", text: $0.output.text) }
        }
      }
  }
}
