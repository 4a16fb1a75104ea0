// Spans for tests of traces, and payloads read back.

import Delivery
import LLMTelemetry
import Synchronization

@testable import Datadog

enum TraceSamples {
  static let now = Timestamp(unixSeconds: 1_795_464_236)

  static let settings = AgentTraces.Settings(
    service: "gateway", env: "test", application: "gw-app", runtimeID: "00000000-0000-4000-8000-000000000001", processID: 7,
    productVersion: "1.2.3")

  static func id(_ bits: UInt64) -> SpanID { SpanID(bits: bits) ?? .random() }
  static func trace(_ low: UInt64, high: UInt64 = 0x6b04_9c2c_0000_0000) -> TraceID {
    TraceID(high: high, low: low) ?? .random()
  }

  static func span(
    trace: UInt64 = 42, id: UInt64 = 1, parent: UInt64? = nil, kind: SpanKind = .llm, service: String? = "gateway",
    outcome: Outcome = .ok
  ) -> LLMSpan {
    var span = LLMSpan(
      traceID: self.trace(trace), spanID: self.id(id), parentSpanID: parent.flatMap { SpanID(bits: $0) }, kind: kind,
      name: "chat gemini-2.5-flash", start: now, duration: .milliseconds(250), outcome: outcome)
    span.dimensions.service = service
    return span
  }

  /// Everything a span can say.
  static func full() -> LLMSpan {
    var span = span(trace: 3_365_330_052_195_923_707, id: 13_865_808_760_608_378_649, parent: 7)
    span.dimensions.env = "prod"
    span.dimensions.version = "1.0"
    span.dimensions.provider = "google"
    span.dimensions.model = "gemini-2.5-pro"
    span.dimensions.route = "chat"
    span.dimensions.tenant = "acme"
    span.dimensions.feature = "search"
    span.dimensions.prompt = "answer"
    span.dimensions.promptVersion = "v3"
    span.dimensions.region = "us-central1"
    span.responseModel = "gemini-2.5-pro-001"
    span.session = "s1"
    span.virtualKey = "web"
    span.finishReason = .stop
    span.httpStatus = 200
    span.isStreaming = true
    span.timeToFirstToken = .milliseconds(120)
    span.longestGap = .milliseconds(30)
    span.usage = TokenUsage(input: 6, cacheRead: 4, cacheWrite: 2, output: 3, reasoning: 2)
    span.serviceTier = .priority
    span.cost = .exact(Nanodollars(1_500_000), priceVersion: "p")
    span.attempts = 2
    span.fallbackFrom = "gemini-2.5-ultra"
    span.risk[.ungrounded] = 0.25
    span.retrieval = RetrievalFacts(documentCount: 3, topScore: 0.5)
    return span
  }

  /// The payload of one request with all of `spans`.
  static func payload(
    _ spans: [LLMSpan], rates: SamplingRates = SamplingRates(), settings: AgentTraces.Settings = settings, now: Timestamp = now
  ) -> [UInt8] {
    var encoder = TraceEncoder(settings)
    return TraceEncoder.body(encoder.encode(spans, rates: rates, now: now)).bytes
  }

  /// The traces of the payload, spans as maps.
  static func traces(
    _ spans: [LLMSpan], rates: SamplingRates = SamplingRates(), settings: AgentTraces.Settings = settings
  ) throws -> [[MessagePackValue]] {
    try (MessagePackReader.value(payload(spans, rates: rates, settings: settings)).elements ?? []).map { $0.elements ?? [] }
  }

  /// The one request that a sink makes of `spans` when it ends.
  static func sent(_ spans: [LLMSpan]) async -> DeliveryRequest {
    let agent = ScriptedAgent([.status(200)])
    var settings = settings
    settings.entityID = "in-1"
    let sink = agent.sink(settings)
    sink.add(spans)
    sink.lane.shutDown()
    await sink.lane.run()
    return agent.requests.first ?? DeliveryRequest(url: "", headers: [], body: [])
  }
}

/// An Agent that answers by script, the last answer again and again, and remembers what it was sent.
final class ScriptedAgent: Sendable {
  enum Answer: Sendable {
    case status(Int, headers: [(name: String, value: String)] = [], body: String = "")
    /// The connection ends without an answer: nobody listens, or it died in between.
    case nothing
  }
  struct NoAnswer: Error {}
  private struct State {
    var answers: [Answer]
    var requests: [DeliveryRequest] = []
    var pauses: [Duration] = []
    var pausesLeft: Int
  }
  private let state: Mutex<State>

  /// - Parameter pauses: after as many pauses of the lane the program ends.
  init(_ answers: [Answer], pauses: Int = 0) { state = Mutex(State(answers: answers, pausesLeft: pauses)) }

  var requests: [DeliveryRequest] { state.withLock { $0.requests } }
  var pauses: [Duration] { state.withLock { $0.pauses } }
  /// The spans of every request, whether it was answered or not.
  func spans() throws -> [[MessagePackValue]] {
    try requests.map { try (MessagePackReader.value($0.body).elements ?? []).flatMap { $0.elements ?? [] } }
  }

  func send(_ request: DeliveryRequest) throws -> DeliveryResponse {
    let answer = state.withLock { state in
      state.requests.append(request)
      return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
    }
    switch answer {
    case .status(let status, let headers, let body):
      return DeliveryResponse(status: status, headers: headers, body: Array(body.utf8))
    case .nothing: throw NoAnswer()
    }
  }

  func sink(
    _ settings: AgentTraces.Settings = TraceSamples.settings, limits: DeliveryLimits = AgentTraces.limits,
    whilePausing: @escaping @Sendable (Int) -> Void = { _ in }
  ) -> AgentTraces {
    var limits = limits
    // The watch over the last words sleeps for real, so that it never cuts a test short.
    limits.patience = .seconds(60)
    let patience = limits.patience
    return AgentTraces(
      settings, discovery: AgentDiscovery(agent: "http://agent:8126/", send: { try self.send($0) }), limits: limits,
      send: { try self.send($0) }, now: { TraceSamples.now },
      sleep: { duration in
        if duration == patience { return try await Task.sleep(for: duration) }
        let (number, isLeft) = self.state.withLock { state in
          state.pauses.append(duration)
          state.pausesLeft -= 1
          return (state.pauses.count, state.pausesLeft >= 0)
        }
        whilePausing(number)
        if !isLeft { throw CancellationError() }
      }, jitter: { 1 })
  }
}
