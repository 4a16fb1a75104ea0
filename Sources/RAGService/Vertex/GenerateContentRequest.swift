// The body of a generateContent request, as google-genai sends it to Vertex AI.

enum GenerateContentRequest {
  static func body(_ request: GenerationRequest) -> JSON {
    var members: [String: JSON] = ["contents": .array(request.turns.map(content))]
    if let system = request.system {
      members["systemInstruction"] = ["role": "user", "parts": [["text": .string(system)]]]
    }
    var generation: [String: JSON] = [:]
    generation["temperature"] = request.temperature.map(JSON.number)
    generation["maxOutputTokens"] = request.maxOutputTokens.map(JSON.integer)
    if !generation.isEmpty { members["generationConfig"] = .object(generation) }
    if !request.tools.isEmpty {
      members["tools"] = [
        [
          "functionDeclarations": .array(
            request.tools.map {
              ["name": .string($0.name), "description": .string($0.description), "parameters": schema($0.parameters)]
            })
        ]
      ]
    }
    if !request.labels.isEmpty { members["labels"] = .object(request.labels.mapValues { .string(labelValue($0)) }) }
    return .object(members)
  }

  private static func content(_ turn: GenerationRequest.Turn) -> JSON {
    switch turn {
    case .user(let text): return ["role": "user", "parts": [["text": .string(text)]]]
    case .model(let text, let calls):
      var parts: [JSON] = text.isEmpty ? [] : [["text": .string(text)]]
      for call in calls {
        var function: [String: JSON] = ["name": .string(call.name), "args": call.arguments]
        function["id"] = call.id.map(JSON.string)
        var part: [String: JSON] = ["functionCall": .object(function)]
        part["thoughtSignature"] = call.thoughtSignature.map(JSON.string)
        parts.append(.object(part))
      }
      return ["role": "model", "parts": .array(parts)]
    case .results(let results):
      return [
        "role": "user",
        "parts": .array(
          results.map { result in
            var response: [String: JSON] = [
              "name": .string(result.call.name), "response": ["result": result.output],
            ]
            response["id"] = result.call.id.map(JSON.string)
            return ["functionResponse": .object(response)]
          }),
      ]
    }
  }

  /// JSON Schema in the words of Google's Schema: types in capitals.
  private static func schema(_ value: JSON) -> JSON {
    switch value {
    case .object(let members):
      .object(
        Dictionary(
          uniqueKeysWithValues: members.map { key, member in
            if key == "type", let type = member.string { return (key, .string(type.uppercased())) }
            return (key, schema(member))
          }))
    case .array(let elements): .array(elements.map(schema))
    default: value
    }
  }

  /// Google Cloud label values: lowercase letters, digits, `_` and `-`, at most 63 characters.
  private static func labelValue(_ text: String) -> String {
    String(text.lowercased().prefix(63).map { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == "-" ? $0 : "_" })
  }
}
