// What the simulated model said and what it is billed for, before any vendor's form.

struct SimulatedAnswer: Sendable {
  /// One of the answers that were asked for.
  struct Choice: Sendable {
    var text = ""
    /// Instead of a text.
    var toolCall: ToolCall?
    var isCutByLimit = false

    /// Tokens of what is visible.
    var tokens: Int { SimulatedModel.tokenCount(of: text) + (toolCall?.tokens ?? 0) }

    /// The text in pieces of a few words, as a stream delivers it; at least one piece.
    var pieces: [String] {
      var pieces: [String] = []
      var piece = ""
      var words = 0
      for character in text {
        piece.append(character)
        if character == " " { words += 1 }
        if words == 4 {
          pieces.append(piece)
          piece = ""
          words = 0
        }
      }
      if !piece.isEmpty || pieces.isEmpty { pieces.append(piece) }
      return pieces
    }
  }

  /// Empty when the answer was blocked.
  var choices: [Choice] = []
  var promptTokens = 0
  /// Parts of `promptTokens`.
  var cachedTokens = 0
  var imageTokens = 0
  var audioTokens = 0
  /// Anthropic: the part of `promptTokens` that the caller marked to be cached.
  var markedTokens = 0
  var isMarkedForAnHour = false
  var reasoningTokens = 0
  var isBlocked = false
  var seed: UInt64 = 0

  /// The first choice: the only one that Anthropic and responses have.
  var first: Choice { choices.first ?? Choice() }
  var text: String { first.text }
  /// Tokens of everything visible.
  var outputTokens: Int { choices.reduce(0) { $0 + $1.tokens } }
  /// How many pieces a stream of it has: what a body in one piece takes as long as.
  var pieceCount: Int { choices.reduce(0) { $0 + ($1.toolCall?.argumentPieces.count ?? $1.pieces.count) } }
  /// For ids that are the same for the same request.
  var mark: String { String(seed, radix: 36) }
  /// Derived from the request and not from the clock, for the same reason.
  var createdSeconds: Int { 1_760_000_000 + Int(seed % 10_000_000) }
}
