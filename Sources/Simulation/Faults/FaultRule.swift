// A fault: which requests it strikes and what it does to them. `FaultRule+Parsing` reads the JSON form.

package struct FaultRule: Sendable, Equatable {
  package var name: String
  package var condition: Condition
  package var effect: Effect

  package init(name: String, condition: Condition = Condition(), effect: Effect) {
    self.name = name
    self.condition = condition
    self.effect = effect
  }

  /// Every part that is present must hold; an empty condition holds for every request.
  package struct Condition: Sendable, Equatable {
    package var model: String?
    /// `openai`, `anthropic`, `gemini` or `vertex`.
    package var providerProtocol: String?
    package var systemContains: String?
    package var pathContains: String?
    /// The share of matching requests that is struck, spread evenly in order of arrival: 0.25 strikes every fourth.
    package var share: Double?

    package init(
      model: String? = nil, providerProtocol: String? = nil, systemContains: String? = nil, pathContains: String? = nil,
      share: Double? = nil
    ) {
      self.model = model
      self.providerProtocol = providerProtocol
      self.systemContains = systemContains
      self.pathContains = pathContains
      self.share = share
    }
  }

  package struct Effect: Sendable, Equatable {
    /// Answers with this error status instead of a completion.
    package var status: Int?
    package var retryAfterSeconds: Int?
    /// Added before the first byte of the answer, the status line included.
    package var latency: Duration?
    /// Replaces the pace of the stream.
    package var firstToken: Duration?
    package var chunkGap: Duration?
    /// The answer consists of confident sentences that no document supports.
    package var hallucinates = false
    /// The answer is this text, whatever was asked.
    package var answer: String?
    /// Multiplies the length of the answer.
    package var lengthFactor: Double?
    /// Closes the connection after so many chunks; a request without streaming is cut in the middle of its body.
    package var cutAfterChunks: Int?
    /// Goes silent after so many chunks, without closing the connection.
    package var stallAfterChunks: Int?
    /// Ends a stream with the provider's error event after so many chunks.
    package var errorAfterChunks: Int?
    /// Answers with status 200 and a body that is not JSON.
    package var isMalformed = false
    /// Google: no candidates and a block reason; OpenAI: an empty answer that ended with `content_filter`; Anthropic: `refusal`.
    package var hasEmptyCandidates = false
    package var omitsUsage = false
    /// OpenAI streaming: the usage comes in a chunk whose `choices` are not empty.
    package var sendsUsageWithChoices = false
    /// Streams count so far in every chunk (OpenAI, where usage was asked for, and Google) or block (Anthropic), as some servers do.
    package var repeatsUsage = false

    package init() {}
  }
}
