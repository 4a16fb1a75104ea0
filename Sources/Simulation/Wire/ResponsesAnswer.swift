// The answer of OpenAI's responses on the wire: one response object, or the events from its creation to its completion.

struct ResponsesAnswer {
  var request: ModelRequest
  var answer: SimulatedAnswer
  var effect: FaultRule.Effect

  var wire: WireAnswer {
    guard request.isStreaming else { return .document(response(output: output, isFinished: true), pieceCount: answer.pieceCount) }
    return .namedEvents(events)
  }

  private var events: [JSONValue] {
    var events = EventList()
    events.append("response.created", [("response", response(output: [], isFinished: false))])
    events.append("response.in_progress", [("response", response(output: [], isFinished: false))])
    for (index, item) in output.enumerated() {
      let place: [(String, JSONValue)] = [("output_index", .integer(index))]
      switch item["type"]?.string {
      case "function_call":
        events.append("response.output_item.added", place + [("item", functionCall(arguments: "", status: "in_progress"))])
        let itemID: [(String, JSONValue)] = [("item_id", item["id"] ?? nil)] + place
        for piece in answer.first.toolCall?.argumentPieces ?? [] {
          events.append("response.function_call_arguments.delta", itemID + [("delta", .string(piece))])
        }
        events.append(
          "response.function_call_arguments.done",
          itemID + [("name", item["name"] ?? nil), ("arguments", item["arguments"] ?? nil)])
      case "message":
        events.append("response.output_item.added", place + [("item", message(content: [], status: "in_progress"))])
        let part: [(String, JSONValue)] = [("item_id", item["id"] ?? nil)] + place + [("content_index", 0)]
        events.append("response.content_part.added", part + [("part", textPart(""))])
        for piece in answer.first.pieces {
          events.append("response.output_text.delta", part + [("delta", .string(piece)), ("logprobs", [])])
        }
        events.append("response.output_text.done", part + [("text", .string(answer.text)), ("logprobs", [])])
        events.append("response.content_part.done", part + [("part", textPart(answer.text))])
      default:
        events.append("response.output_item.added", place + [("item", item)])
      }
      events.append("response.output_item.done", place + [("item", item)])
    }
    events.append(
      incompleteReason == nil ? "response.completed" : "response.incomplete",
      [("response", response(output: output, isFinished: true))])
    return events.values
  }

  /// The events so far; each has a number and carries its name as `type`.
  private struct EventList {
    var values: [JSONValue] = []

    mutating func append(_ type: String, _ members: [(String, JSONValue)]) {
      let head: [(String, JSONValue)] = [("type", .string(type)), ("sequence_number", .integer(values.count))]
      values.append(.object(head + members))
    }
  }

  private var incompleteReason: String? {
    if answer.isBlocked { return "content_filter" }
    return answer.first.isCutByLimit ? "max_output_tokens" : nil
  }

  private var output: [JSONValue] {
    var items: [JSONValue] = []
    if answer.reasoningTokens > 0 {
      items.append(["id": .string("rs_" + answer.mark), "type": "reasoning", "summary": []])
    }
    if answer.isBlocked { return items }
    if let call = answer.first.toolCall {
      items.append(functionCall(arguments: call.arguments.text, status: "completed"))
    } else {
      items.append(message(content: [textPart(answer.text)], status: incompleteReason == nil ? "completed" : "incomplete"))
    }
    return items
  }

  private func message(content: JSONValue, status: String) -> JSONValue {
    [
      "id": .string("msg_" + answer.mark), "type": "message", "status": .string(status), "role": "assistant", "content": content,
    ]
  }

  private func textPart(_ text: String) -> JSONValue {
    ["type": "output_text", "annotations": [], "logprobs": [], "text": .string(text)]
  }

  private func functionCall(arguments: String, status: String) -> JSONValue {
    [
      "id": .string("fc_" + answer.mark), "type": "function_call", "status": .string(status), "arguments": .string(arguments),
      "call_id": .string("call_" + answer.mark), "name": .string(answer.first.toolCall?.name ?? ""),
    ]
  }

  private func response(output: [JSONValue], isFinished: Bool) -> JSONValue {
    let reason = isFinished ? incompleteReason : nil
    let status = isFinished ? (reason == nil ? "completed" : "incomplete") : "in_progress"
    var members: [(String, JSONValue)] = [
      ("id", .string("resp_" + answer.mark)), ("object", "response"), ("created_at", .integer(answer.createdSeconds)),
      ("status", .string(status)), ("background", false), ("error", nil),
      ("incomplete_details", reason.map { ["reason": .string($0)] } ?? nil),
      ("instructions", request.system.isEmpty ? nil : .string(request.system)),
      ("max_output_tokens", request.maxTokens.map(JSONValue.integer) ?? nil), ("model", .string(request.model)),
      ("output", .array(output)), ("parallel_tool_calls", true), ("previous_response_id", nil),
      ("reasoning", ["effort": nil, "summary": nil]),
      ("service_tier", .string(OpenAIAnswer.usedTier(for: request.serviceTier ?? "auto"))), ("store", false),
      ("temperature", 1), ("text", ["format": ["type": "text"]]), ("tool_choice", "auto"),
      (
        "tools",
        .array(
          request.tools.map {
            ["type": "function", "name": .string($0.name), "description": nil, "parameters": $0.schema, "strict": false]
          })
      ),
      ("top_p", 1), ("truncation", "disabled"),
    ]
    members.append(("usage", isFinished && !effect.omitsUsage ? usage : nil))
    members.append(("metadata", [:]))
    return .object(members)
  }

  /// Cached tokens are inside input_tokens, reasoning tokens inside output_tokens.
  private var usage: JSONValue {
    let output = answer.outputTokens + answer.reasoningTokens
    return [
      "input_tokens": .integer(answer.promptTokens),
      "input_tokens_details": ["cached_tokens": .integer(answer.cachedTokens), "cache_write_tokens": 0],
      "output_tokens": .integer(output), "output_tokens_details": ["reasoning_tokens": .integer(answer.reasoningTokens)],
      "total_tokens": .integer(answer.promptTokens + output),
    ]
  }
}
