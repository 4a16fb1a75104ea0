// Asks the model, and lets it call tools before it answers: an agent where there are tools, else one exchange.
import LLMInstrumentation
import LLMTelemetry

struct GenerateStep: PipelineStep {
  let name: String
  let kind: SpanKind
  let caller: ModelCaller
  let tools: [any AnswerTool]
  /// Rounds of tool calls before the model has to answer.
  let rounds: Int
  private static let callsPerRound = 8

  init(caller: ModelCaller, tools: [any AnswerTool], rounds: Int) {
    name = tools.isEmpty ? "generate answer" : "answer with tools"
    kind = tools.isEmpty ? .task : .agent
    self.caller = caller
    self.tools = tools
    self.rounds = rounds
  }

  func applies(to state: AnswerState) -> Bool { state.decline == nil && state.prompt != nil }

  func run(_ state: inout AnswerState, in span: ActiveSpan) async throws {
    guard let prompt = state.prompt else { return }
    var request = GenerationRequest(
      system: prompt.system, turns: prompt.turns, temperature: caller.settings.temperature,
      maxOutputTokens: caller.settings.maxOutputTokens)
    span.record(input: [ContentMessage(role: "user", text: state.question.text)])
    for round in 0...rounds {
      // In the last round there is nothing left to call, so that every agent comes to an end.
      request.tools = round < rounds ? tools.map(\.declaration) : []
      let reply = try await caller.call(request, headers: prompt.headers, state: &state, reportsText: true)
      state.text += reply.text
      state.attributions += reply.attributions.filter { !state.attributions.contains($0) }
      state.model = reply.gateway.model ?? reply.responseModel ?? caller.model.model
      state.promptVersion = reply.gateway.promptVersion ?? caller.prompt.version
      state.promptLabel = reply.gateway.promptLabel ?? caller.prompt.label
      guard !reply.calls.isEmpty, round < rounds else { break }
      let calls = Array(reply.calls.prefix(Self.callsPerRound))
      var results: [ToolResult] = []
      for call in calls {
        let output = await use(call, question: state.standaloneQuestion, origin: state.question.origin)
        results.append(ToolResult(call: call, output: output))
        let use = ToolUse(name: call.name, arguments: call.arguments, output: output)
        state.tools.append(use)
        try await state.report(.tool(use))
      }
      request.turns.append(.model(reply.text, calls: calls))
      request.turns.append(.results(results))
    }
    if state.text.trimmingSpace.isEmpty {
      throw ModelCallError(errorClass: .providerError, spanMessage: "the model ended without an answer")
    }
    let text = state.text
    let version = state.promptVersion
    span.record(prompt: caller.prompt.name, version: version)
    span.record(output: text)
  }

  private func use(_ call: ToolCall, question: String, origin: CallOrigin) async -> JSON {
    await caller.tracer.tool(call.name) { span in
      origin.describe(span)
      span.record(input: [ContentMessage(role: "tool", text: call.arguments.text)])
      let output: JSON
      if let tool = tools.first(where: { $0.declaration.name == call.name }) {
        output = await tool.call(call.arguments, question: question)
      } else {
        output = ["error": .string("there is no tool \(call.name.prefix(100))")]
      }
      if let message = output["error"]?.string {
        span.update { $0.outcome = .failed(.invalidRequest, message: "the tool could not be used: \(message.prefix(100))") }
      }
      span.record(output: output.text)
      return output
    }
  }
}
