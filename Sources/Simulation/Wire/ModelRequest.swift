// What a provider needs to know of a request before it answers: which model, which texts, which tools.

/// The part of a request that decides the answer.
struct ModelRequest: Sendable {
  /// Whether the model thinks before it answers.
  enum Thinking: Sendable { case asTheModelDoes, on, off }

  var model: String
  /// All system text; empty when there is none.
  var system = ""
  /// The texts of the conversation in order, without the system text.
  var turns: [String] = []
  /// The text of the last turn of the user: what is answered.
  var question = ""
  var maxTokens: Int?
  var isStreaming = false
  /// OpenAI: the caller asked for a usage chunk at the end of the stream.
  var includesUsage = false
  var thinking = Thinking.asTheModelDoes
  /// How many answers are asked for: `n`, `candidateCount`.
  var answerCount = 1
  var tools: [OfferedTool] = []
  var toolChoice = ToolChoice.automatic
  /// What a tool answered, where the last turn is its result.
  var toolResult: String?
  var imageCount = 0
  var audioCount = 0
  /// Anthropic: tokens up to the last `cache_control` mark, and whether that mark asks for an hour.
  var markedTokens = 0
  var isMarkedForAnHour = false
  /// OpenAI: the service tier that the caller asked for.
  var serviceTier: String?
  /// The texts of an embeddings request.
  var embeddingInputs: [EmbeddingInput] = []
  var embeddingDimensions: Int?
  var wantsBase64 = false

  init(model: String) { self.model = model }

  /// Why a request cannot be answered, in words a provider would use.
  struct Invalid: Error {
    var message: String
    var parameter: String?
  }

  /// OpenAI, Anthropic: the model named by the body.
  static func model(in body: JSONValue) throws(Invalid) -> String {
    guard let model = body["model"]?.string, !model.isEmpty else {
      throw Invalid(message: "you must provide a model parameter", parameter: "model")
    }
    return model
  }

  mutating func addTurn(_ text: String, isFromUser: Bool) {
    turns.append(text)
    if isFromUser { question = text }
    toolResult = nil
  }

  mutating func addToolResult(_ text: String) {
    turns.append(text)
    toolResult = text
  }
}
