// The words for what a piece of work finds out, so that an application need not know the record.
import LLMTelemetry

extension ActiveSpan {
  /// Tokens of the exchange in disjoint buckets. Buckets that are `nil` keep what was recorded before: some providers tell
  /// the input at the beginning and the output at the end.
  public func record(usage: TokenUsage) { update { $0.usage.merge(usage) } }

  /// What the provider's answer says about itself.
  public func record(responseModel: String? = nil, finishReason: FinishReason? = nil, httpStatus: Int? = nil) {
    update {
      $0.responseModel = responseModel ?? $0.responseModel
      $0.finishReason = finishReason ?? $0.finishReason
      $0.httpStatus = httpStatus ?? $0.httpStatus
    }
  }

  /// Who asked, and for what. They are tags of metrics: a few hundred values each at most, and nothing that names a person.
  public func record(tenant: String? = nil, feature: String? = nil, region: String? = nil, route: String? = nil) {
    update {
      $0.dimensions.tenant = tenant ?? $0.dimensions.tenant
      $0.dimensions.feature = feature ?? $0.dimensions.feature
      $0.dimensions.region = region ?? $0.dimensions.region
      $0.dimensions.route = route ?? $0.dimensions.route
    }
  }

  /// The prompt's name and its version.
  public func record(prompt: String, version: String? = nil) {
    update {
      $0.dimensions.prompt = prompt
      $0.dimensions.promptVersion = version ?? $0.dimensions.promptVersion
    }
  }

  /// The conversation the exchange belongs to; never a tag of a metric.
  public func record(session: String) { update { $0.session = session } }

  /// What a retrieval step found.
  ///
  /// - Parameters:
  ///   - count: how many documents were found; zero is an empty search.
  ///   - topScore: similarity of the best document, 0 to 1.
  public func record(documents count: Int, topScore: Double? = nil) {
    update { $0.retrieval = RetrievalFacts(documentCount: count, topScore: topScore) }
  }

  /// What a retrieval step found, with the documents' text where content is captured.
  public func record(documents: [ContentDocument]) {
    record(documents: documents.count, topScore: documents.compactMap(\.score).max())
    content { $0.documents = documents }
  }

  /// The messages that go in. Without capture the text is not even made.
  public func record(input messages: @autoclosure () -> [ContentMessage]) {
    guard capturesContent else { return }
    let messages = messages()
    content { $0.input = messages }
  }

  /// The answer's text, or the output of a tool. Without capture the text is not even made.
  public func record(output text: @autoclosure () -> String) {
    guard capturesContent else { return }
    let text = text()
    content { $0.responseText = text }
  }

  /// What a gateway of LLM Incident Commander says in its answer's headers. It has a span of the exchange already, so this one
  /// is part of the trace and not counted a second time.
  ///
  /// - Parameter header: the first value of a header by its lowercase name.
  public func record(gateway header: (String) -> String?) {
    guard let id = header("x-commander-span-id"), SpanID(hexadecimal: id) != nil else { return }
    let version = header("x-commander-prompt-version")
    update {
      $0.accountsForExchange = false
      $0.dimensions.promptVersion = version ?? $0.dimensions.promptVersion
    }
  }

  private func content(_ change: (inout SpanContent) -> Void) {
    guard capturesContent else { return }
    update {
      var content = $0.content ?? SpanContent(input: [], output: "")
      change(&content)
      $0.content = content
    }
  }
}

extension TokenUsage {
  /// Takes over every bucket that `other` knows.
  mutating func merge(_ other: TokenUsage) {
    if other.isUnknown { return }
    input = other.input ?? input
    cacheRead = other.cacheRead ?? cacheRead
    cacheWrite = other.cacheWrite ?? cacheWrite
    cacheWriteHour = other.cacheWriteHour ?? cacheWriteHour
    inputAudio = other.inputAudio ?? inputAudio
    inputImage = other.inputImage ?? inputImage
    output = other.output ?? output
    reasoning = other.reasoning ?? reasoning
    outputAudio = other.outputAudio ?? outputAudio
    outputImage = other.outputImage ?? outputImage
    isEstimated = other.isEstimated
  }
}
