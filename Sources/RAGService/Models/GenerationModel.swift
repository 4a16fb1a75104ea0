// What this service asks of a model that answers in words, whoever provides it.
import LLMTelemetry

/// A model that answers in words, piece by piece.
package protocol GenerationModel: Sendable {
  /// In the words of OpenTelemetry: `gcp.vertex_ai`, `openai`.
  var provider: String { get }
  var model: String { get }
  /// Where it runs, where that is known; the dimension `region`.
  var region: String? { get }

  /// Asks once. `onText` gets each piece of the answer as it comes; what it throws ends the exchange.
  func generate(
    _ request: GenerationRequest, headers: [(name: String, value: String)],
    onText: @escaping @Sendable (String) async throws -> Void
  ) async throws -> GenerationReply
}

package struct GenerationRequest: Sendable {
  /// The system instruction; `nil` leaves it to a gateway, which knows the prompt by its name.
  package var system: String?
  package var turns: [Turn]
  package var tools: [ToolDeclaration] = []
  package var temperature: Double?
  package var maxOutputTokens: Int?
  /// Who asked, for providers that break their bill down by labels.
  package var labels: [String: String] = [:]

  package enum Turn: Sendable {
    case user(String)
    case model(String, calls: [ToolCall])
    case results([ToolResult])
  }
}

package struct ToolDeclaration: Sendable {
  package var name: String
  package var description: String
  /// JSON Schema of the arguments, an object.
  package var parameters: JSON
}

/// A tool that the model wants to have called.
package struct ToolCall: Sendable, Equatable {
  package var id: String?
  package var name: String
  package var arguments: JSON
  /// Gemini's, which has to be sent back with the call.
  package var thoughtSignature: String?
}

package struct ToolResult: Sendable {
  package var call: ToolCall
  package var output: JSON
}

/// What came back from the model.
package struct GenerationReply: Sendable {
  package var text = ""
  package var calls: [ToolCall] = []
  package var usage = TokenUsage()
  package var finishReason: FinishReason?
  package var responseModel: String?
  /// Sources the model itself names beside its text (Gemini's `citationMetadata`).
  package var attributions: [Attribution] = []
  package var gateway = GatewayNotes()
  /// From the request to the first piece of the answer.
  package var timeToFirstToken: Duration?
  package var longestGap: Duration?
}

/// A source that the model's provider recognized in the answer.
package struct Attribution: Sendable, Equatable {
  package var uri: String?
  package var title: String?
}

/// What a gateway says of the exchange in its answer's headers; all `nil` without a gateway.
package struct GatewayNotes: Sendable {
  /// The gateway's own span: it is the record of the exchange then.
  package var spanID: SpanID?
  package var promptVersion: String?
  package var promptLabel: String?
  package var model: String?

  package init() {}

  package init(header: (String) -> String?) {
    spanID = header("x-commander-span-id").flatMap { SpanID(hexadecimal: $0) }
    promptVersion = header("x-commander-prompt-version")
    promptLabel = header("x-commander-prompt-label")
    model = header("x-commander-model")
  }
}

/// A call that gave no answer.
package struct ModelCallError: ClassifiedError, Sendable {
  package var errorClass: ErrorClass
  package var spanMessage: String
  package var httpStatus: Int?
  package var retryAfter: String?
  package var gateway = GatewayNotes()
  /// The trace of the question, for whoever has to explain the failure.
  package var traceID: TraceID?
}
