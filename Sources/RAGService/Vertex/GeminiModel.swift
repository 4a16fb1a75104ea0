// Gemini on Vertex AI, directly or through a gateway that speaks the same protocol; answers are streamed.
import LLMTelemetry

package struct GeminiModel: GenerationModel {
  package let provider = "gcp.vertex_ai"
  package let model: String
  package var region: String? { place.location }
  let place: VertexPlace
  let caller: ServiceCaller

  package init(model: String, place: VertexPlace, caller: ServiceCaller) {
    self.model = model
    self.place = place
    self.caller = caller
  }

  package func generate(
    _ request: GenerationRequest, headers: [(name: String, value: String)],
    onText: @escaping @Sendable (String) async throws -> Void
  ) async throws -> GenerationReply {
    let answer = try await caller.post(
      place.url(model: model, verb: "streamGenerateContent") + "?alt=sse", GenerateContentRequest.body(request).bytes,
      headers: headers)
    var reply = GenerationReply()
    var stream = StreamedAnswer(format: .googleGenerate)
    do {
      for try await buffer in answer.body {
        for event in stream.events(in: buffer) {
          guard let chunk = try? JSON(parsing: event) else { continue }
          let text = Self.read(chunk, into: &reply)
          if !text.isEmpty { try await onText(text) }
        }
      }
    } catch {
      throw caller.failure(error)
    }
    try stream.finish(into: &reply, caller: caller, answer: answer)
    return reply
  }

  /// Takes over what a chunk brings and returns its visible text.
  static func read(_ chunk: JSON, into reply: inout GenerationReply) -> String {
    guard let candidate = chunk["candidates"]?.array?.first else { return "" }
    var piece = ""
    for part in candidate["content"]?["parts"]?.array ?? [] {
      if let call = part["functionCall"], let name = call["name"]?.string {
        reply.calls.append(
          ToolCall(
            id: call["id"]?.string, name: name, arguments: call["args"] ?? [:],
            thoughtSignature: part["thoughtSignature"]?.string))
      } else if part["thought"]?.bool != true, let text = part["text"]?.string {
        piece += text
      }
    }
    let citations = candidate["citationMetadata"]?["citations"] ?? candidate["citationMetadata"]?["citationSources"]
    for citation in citations?.array ?? [] {
      let attribution = Attribution(uri: citation["uri"]?.string, title: citation["title"]?.string)
      if !reply.attributions.contains(attribution) { reply.attributions.append(attribution) }
    }
    reply.text += piece
    return piece
  }
}
