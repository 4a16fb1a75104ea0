// Spans as a gateway with some tenants, models and prompt versions leaves them: a tenth of them failed, a third streamed.

import LLMTelemetry

enum BenchSpans {
  /// What ingest takes at once.
  static let batchSize = 1000
  /// Distinct spans; more than fit the caches nearest to a core, as in a process that does other work.
  static let count = 8000

  private static let models = [
    ("openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18"), ("openai", "gpt-4o", "gpt-4o-2024-08-06"),
    ("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929"), ("gcp.vertex_ai", "gemini-2.5-flash", "gemini-2.5-flash"),
    ("gcp.gemini", "gemini-2.5-pro", "gemini-2.5-pro"),
  ]
  private static let errors: [(ErrorClass, String)] = [
    (.rateLimited, "Rate limit reached for requests; try again in 20 s."),
    (.timeout, "Provider \"openai\" sent nothing for 60 s."),
    (.overloaded, "The model is overloaded. Please try again later."), (.invalidRequest, "max_tokens must be at least 1"),
  ]

  /// - Parameter isMixed: every tenant uses every model, feature and prompt version alike, which are 900 combinations and the worst there
  ///   is for what keeps series apart. Else tenants have habits, as in life, which are 80.
  static func make(withContent: Bool = false, isMixed: Bool) -> [[LLMSpan]] {
    var random = Generator(state: 7)
    let start = Timestamp.now()
    let spans = (0..<count).map { number in span(number, start, withContent: withContent, isMixed: isMixed, &random) }
    return stride(from: 0, to: count, by: batchSize).map { Array(spans[$0..<min($0 + batchSize, count)]) }
  }

  static func span(
    _ number: Int, _ start: Timestamp, withContent: Bool, isMixed: Bool, _ random: inout Generator
  ) -> LLMSpan {
    // A tenant has its feature and its model, of which one call in ten goes elsewhere; one in ten tries the next prompt version.
    let tenant = Int.random(in: 0..<20, using: &random)
    let isElsewhere = Int.random(in: 0..<10, using: &random) == 0
    let habit = isMixed ? Int.random(in: 0..<models.count, using: &random) : isElsewhere ? tenant + 1 : tenant
    let (provider, model, answered) = models[habit % models.count]
    var span = LLMSpan(
      traceID: .random(at: start, using: &random), spanID: .random(using: &random), parentSpanID: .random(using: &random),
      kind: .llm,
      name: "chat \(model)", start: start + .microseconds(number * 20),
      duration: .microseconds(Int.random(in: 200_000..<4_000_000, using: &random)))
    span.dimensions.service = "storefront"
    span.dimensions.env = "production"
    span.dimensions.version = "2026.11.3"
    span.dimensions.provider = provider
    span.dimensions.model = model
    span.dimensions.route = "chat"
    span.dimensions.tenant = "tenant-\(tenant)"
    span.dimensions.feature =
      ["search", "returns-assistant", "summaries"][isMixed ? Int.random(in: 0..<3, using: &random) : tenant % 3]
    span.dimensions.prompt = "answer-from-documents"
    span.dimensions.promptVersion =
      isMixed
      ? String(42 + Int.random(in: 0..<3, using: &random)) : Int.random(in: 0..<10, using: &random) == 0 ? "43" : "42"
    span.virtualKey = "storefront-production"
    span.session = "conversation-\(Int.random(in: 0..<100_000, using: &random))"
    if Int.random(in: 0..<10, using: &random) == 0 {
      let (errorClass, message) = errors[Int.random(in: 0..<errors.count, using: &random)]
      span.outcome = .failed(errorClass, message: message)
      span.httpStatus = 429
      return span
    }
    span.responseModel = answered
    span.httpStatus = 200
    span.finishReason = .stop
    span.usage = TokenUsage(
      input: Int.random(in: 50..<4000, using: &random), cacheRead: number % 2 == 0 ? 1024 : 0,
      output: Int.random(in: 10..<800, using: &random))
    if number % 3 == 0 {
      span.isStreaming = true
      span.timeToFirstToken = .milliseconds(Int.random(in: 80..<900, using: &random))
      span.longestGap = .milliseconds(Int.random(in: 5..<200, using: &random))
    }
    if withContent { span.content = SpanContent(requestBody: body(model), responseText: answer) }
    return span
  }

  /// About two kilobytes in and one out, as a question with a few documents has.
  private static func body(_ model: String) -> [UInt8] {
    let document =
      "Customers may return any unused item within 30 days of delivery for a full refund. Refunds are issued to the original payment "
      + "method within 5 business days after the warehouse has received the item. Shipping costs of $4.90 are not refunded unless the "
      + "item arrived damaged; see order 10428-A of 2026-11-03 for an example.\\n"
    let documents = String(repeating: document, count: 5)
    return Array(
      #"{"model":"\#(model)","messages":[{"role":"system","content":"Answer from the documents only.\n\#(documents)"},{"role":"user","content":"I am jane@example.com. Can I send back the lamp I bought on 3 November?"}],"temperature":0.2}"#
        .utf8)
  }

  private static let answer = String(
    repeating: "Yes. An unused item can be returned within 30 days of delivery, and the refund takes 5 business days. ", count: 10
  )

  /// SplitMix64: the same spans in every run.
  struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }
}
