// Chat completions of an OpenAI-compatible server, streamed, with tools.
import LLMTelemetry

package struct ChatCompletionModel: GenerationModel {
  package let provider = "openai"
  package let model: String
  package let region: String? = nil
  let baseURL: String
  let caller: ServiceCaller

  package init(model: String, baseURL: String, caller: ServiceCaller) {
    self.model = model
    self.baseURL = baseURL
    self.caller = caller
  }

  package func generate(
    _ request: GenerationRequest, headers: [(name: String, value: String)],
    onText: @escaping @Sendable (String) async throws -> Void
  ) async throws -> GenerationReply {
    let answer = try await caller.post(
      baseURL + "/v1/chat/completions", Self.body(request, model: model).bytes, headers: headers)
    var reply = GenerationReply()
    var stream = StreamedAnswer(format: .openAIChat)
    var calls = CallFragments()
    do {
      for try await buffer in answer.body {
        for event in stream.events(in: buffer) {
          guard let delta = (try? JSON(parsing: event))?["choices"]?.array?.first?["delta"] else { continue }
          calls.add(delta["tool_calls"]?.array ?? [])
          if let text = delta["content"]?.string, !text.isEmpty {
            reply.text += text
            try await onText(text)
          }
        }
      }
    } catch {
      throw caller.failure(error)
    }
    try stream.finish(into: &reply, caller: caller, answer: answer)
    guard let whole = calls.whole else { throw caller.unreadable("a tool call whose arguments are no JSON", answer) }
    reply.calls = whole
    return reply
  }

  static func body(_ request: GenerationRequest, model: String) -> JSON {
    var messages: [JSON] = request.system.map { [["role": "system", "content": .string($0)]] } ?? []
    for turn in request.turns {
      switch turn {
      case .user(let text): messages.append(["role": "user", "content": .string(text)])
      case .model(let text, let calls):
        var message: [String: JSON] = ["role": "assistant", "content": text.isEmpty && !calls.isEmpty ? .null : .string(text)]
        if !calls.isEmpty {
          message["tool_calls"] = .array(
            calls.map { call in
              [
                "id": .string(call.id ?? call.name), "type": "function",
                "function": ["name": .string(call.name), "arguments": .string(call.arguments.text)],
              ]
            })
        }
        messages.append(.object(message))
      case .results(let results):
        for result in results {
          messages.append([
            "role": "tool", "tool_call_id": .string(result.call.id ?? result.call.name), "content": .string(result.output.text),
          ])
        }
      }
    }
    var body: [String: JSON] = [
      "model": .string(model), "messages": .array(messages), "stream": true, "stream_options": ["include_usage": true],
    ]
    body["temperature"] = request.temperature.map(JSON.number)
    body["max_completion_tokens"] = request.maxOutputTokens.map(JSON.integer)
    if !request.tools.isEmpty {
      body["tools"] = .array(
        request.tools.map {
          [
            "type": "function",
            "function": ["name": .string($0.name), "description": .string($0.description), "parameters": $0.parameters],
          ]
        })
    }
    return .object(body)
  }
}

/// Tool calls as a stream delivers them: a name first, then pieces of arguments that are no JSON by themselves.
struct CallFragments {
  private static let argumentLimit = 256 * 1024
  private var fragments: [Int: (id: String?, name: String, arguments: String)] = [:]

  mutating func add(_ deltas: [JSON]) {
    for (position, delta) in deltas.enumerated() {
      let index = delta["index"]?.integer ?? position
      var fragment = fragments[index] ?? (nil, "", "")
      fragment.id = delta["id"]?.string ?? fragment.id
      fragment.name += delta["function"]?["name"]?.string ?? ""
      let piece = delta["function"]?["arguments"]?.string ?? ""
      if fragment.arguments.utf8.count + piece.utf8.count <= Self.argumentLimit { fragment.arguments += piece }
      fragments[index] = fragment
    }
  }

  /// `nil` when one of them cannot be read.
  var whole: [ToolCall]? {
    var calls: [ToolCall] = []
    for (_, fragment) in fragments.sorted(by: { $0.key < $1.key }) {
      guard let arguments = fragment.arguments.isEmpty ? [:] : try? JSON(parsing: fragment.arguments.utf8) else { return nil }
      calls.append(ToolCall(id: fragment.id, name: fragment.name, arguments: arguments))
    }
    return calls
  }
}
