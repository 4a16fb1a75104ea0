// A chat.completions request as a value: the one form from which the requests of other vendors are built.

/// What the client asked for, in OpenAI's terms. Members that are hints are already gone.
struct ChatRequest {
  var messages: [Message] = []
  var tools: [Tool] = []
  var toolChoice: ToolChoice?
  /// `false` asks for at most one call in a turn.
  var allowsParallelToolCalls = true
  var temperature: Number?
  var topP: Number?
  var topK: Number?
  var stop: [String] = []
  var maximumTokens: Int?
  var answerCount: Int?
  var seed: Int?
  var presencePenalty: Number?
  var frequencyPenalty: Number?
  var responseFormat = ResponseFormat.text
  var reasoningEffort: ReasoningEffort?
  var metadata: [(name: String, value: String)] = []

  /// A number with its source text, which is what is sent on.
  struct Number {
    var value: Double
    var source: JSONTree
  }

  enum Message {
    case system(String)
    case user([Part])
    case assistant(text: [String], calls: [ToolCall])
    case tool(callID: String, content: [Part], path: String)
  }

  struct Part {
    var content: Content
    var path: String

    enum Content {
      case text(String)
      /// An image or a file with its bytes in base64.
      case inline(mediaType: String, base64: String, isImage: Bool, fileName: String?)
      case imageURL(String)
      /// `wav` or `mp3`.
      case audio(format: String, base64: String)
    }
  }

  struct ToolCall {
    var id: String
    var name: String
    /// Always an object.
    var arguments: JSONTree
    /// What Gemini gave with the call and wants back, as Google's own OpenAI endpoint passes it:
    /// `extra_content.google.thought_signature` (ai.google.dev/gemini-api/docs/thought-signatures).
    var thoughtSignature: String?
  }

  struct Tool {
    var name: String
    var description: String?
    var parameters: JSONTree?
    var path: String
  }

  enum ToolChoice: Equatable {
    case auto, none, required
    case named(String)
  }

  enum ResponseFormat: Equatable {
    case text
    case object
    case schema(JSONTree?)
  }
}

/// OpenAI's `reasoning_effort`: a hint.
enum ReasoningEffort: String {
  case none, minimal, low, medium, high, xhigh
}
