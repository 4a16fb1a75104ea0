// Spans with everything a span can have, from a seed.

import LLMTelemetry
import TestSeries

struct SampleSpans {
  var generator: SplitMix

  init(seed: UInt64) { generator = SplitMix(state: seed) }

  private mutating func maybe<Value>(_ value: @autoclosure () -> Value) -> Value? {
    Bool.random(using: &generator) ? value() : nil
  }

  private mutating func word(_ words: [String]) -> String? {
    let word = words.randomElement(using: &generator)
    return Bool.random(using: &generator) ? word : nil
  }

  private mutating func number() -> Int? {
    let number = Int.random(in: 0...200_000, using: &generator)
    return Bool.random(using: &generator) ? number : nil
  }

  mutating func next() -> LLMSpan {
    let kind = SpanKind.allCases.randomElement(using: &generator) ?? .llm
    let start = Timestamp(unixNanoseconds: 1_795_000_000_123_456_789 + Int64.random(in: 0...1_000_000_000, using: &generator))
    var span = LLMSpan(
      traceID: .random(at: start, using: &generator), spanID: .random(using: &generator),
      parentSpanID: maybe(SpanID.random()), kind: kind,
      name: ["chat gpt-4o", "generate_content gemini-2.5-pro", "é"][
        Int.random(in: 0..<3, using: &generator)],
      start: start, duration: .nanoseconds(Int64.random(in: 0...90_000_000_000, using: &generator)))
    span.dimensions.service = word(["checkout", "rag"])
    span.dimensions.env = word(["prod", "staging"])
    span.dimensions.version = word(["1.2.3"])
    span.dimensions.provider = word(["openai", "gcp.vertex_ai", "anthropic"])
    span.dimensions.model = word(["gpt-4o", "gemini-2.5-pro"])
    span.dimensions.route = word(["answers"])
    span.dimensions.tenant = word(["acme", "Zoë \"&\" Söhne"])
    span.dimensions.feature = word(["search"])
    span.dimensions.prompt = word(["rag-answer"])
    span.dimensions.promptVersion = word(["42"])
    span.dimensions.region = word(["us-central1"])
    span.virtualKey = word(["team-a"])
    span.responseModel = word(["gpt-4o-2024-11-20"])
    if span.dimensions.model == nil { span.responseModel = nil }
    if Bool.random(using: &generator) {
      let errorClass = ErrorClass.allCases.randomElement(using: &generator) ?? .timeout
      span.outcome = .failed(errorClass, message: "it went wrong")
    }
    span.finishReason = FinishReason.allCases.filter { $0 != .contentFilter }.randomElement(using: &generator)
    span.httpStatus = maybe(503)
    span.isStreaming = Bool.random(using: &generator)
    if span.isStreaming { span.timeToFirstToken = .nanoseconds(Int64.random(in: 0...9_000_000_000, using: &generator)) }
    span.longestGap = maybe(.nanoseconds(123_456_789))
    span.usage = TokenUsage(
      input: number(), cacheRead: number(), cacheWrite: number(), cacheWriteHour: number(), output: number(),
      reasoning: number())
    span.usage.inputAudio = number()
    span.usage.outputImage = number()
    span.usage.isEstimated = !span.usage.isUnknown && Bool.random(using: &generator)
    span.serviceTier = maybe(.flex)
    span.cost =
      [
        .unknown, .exact(Nanodollars(1_234_567), priceVersion: "2026-11"), .partial(Nanodollars(5), priceVersion: "x"),
        .estimated(Nanodollars(0), priceVersion: "y"),
      ].randomElement(using: &generator) ?? .unknown
    span.attempts = Int.random(in: 0...3, using: &generator)
    span.fallbackFrom = word(["gpt-5"])
    for scorer in RiskScorer.allCases where Bool.random(using: &generator) { span.risk[scorer] = 0.25 }
    span.session = word(["conversation-7"])
    span.accountsForExchange = Bool.random(using: &generator)
    if kind == .retrieval { span.retrieval = RetrievalFacts(documentCount: 3, topScore: maybe(0.75)) }
    if Bool.random(using: &generator) { span.content = content(kind) }
    return span
  }

  private mutating func content(_ kind: SpanKind) -> SpanContent {
    let input = [ContentMessage(role: "user", text: "Wie spät ist es?\n\"jetzt\" \u{1}")]
    switch kind {
    case .tool: return SpanContent(input: input, output: "halb {acht}")
    case .retrieval:
      return SpanContent(
        input: input, output: "", documents: [ContentDocument(id: "a", name: "Uhr", text: "Zeit", score: 0.5), .init(text: "b")])
    case .llm, .embedding, .agent, .workflow, .task:
      return SpanContent(
        input: [ContentMessage(role: "system", text: "Be brief.")] + input + [ContentMessage(role: "tool", text: "{\"t\":1}")],
        output: "halb acht")
    }
  }
}
