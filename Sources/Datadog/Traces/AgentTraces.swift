// The way of spans to Datadog's APM: through an Agent, in the form of its tracers (/v0.4/traces).

import Delivery
import LLMTelemetry
import Synchronization

package final class AgentTraces: Sendable {
  package struct Settings: Sendable {
    /// Of spans that name none.
    package var service: String
    package var env: String?
    /// The name of the application in LLM Observability, `ml_app`.
    package var application: String?
    /// Of this process; Datadog joins traces, metrics and profiles by it. A UUID in lowercase.
    package var runtimeID: String
    package var processID: Int?
    /// This product's version; the Agent counts traces by it.
    package var productVersion: String
    /// `Datadog-Entity-ID` of the container (`in-<inode>` or `ci-<id>`), where it is known.
    package var entityID: String?

    package init(
      service: String, env: String? = nil, application: String? = nil, runtimeID: String, processID: Int? = nil,
      productVersion: String, entityID: String? = nil
    ) {
      self.service = service
      self.env = env
      self.application = application
      self.runtimeID = runtimeID
      self.processID = processID
      self.productVersion = productVersion
      self.entityID = entityID
    }
  }

  package let lane: DeliveryLane
  /// What of spans is counted here, where the Agent leaves it to us: for its `/v0.6/stats`.
  package let statistics: DeliveryLane
  private let discovery: AgentDiscovery
  private let encoder: Mutex<TraceEncoder>
  private let sampling: Sampling
  private let now: @Sendable () -> Timestamp

  /// What the Agent said of rates, and which state of theirs that was.
  private final class Sampling: Sendable {
    private struct State {
      var rates = SamplingRates()
      var version: String?
    }
    private let state = Mutex(State())

    var rates: SamplingRates { state.withLock { $0.rates } }
    var version: String? { state.withLock { $0.version } }

    func read(_ response: DeliveryResponse) {
      // Without rates nothing has changed, and an answer that is not understood changes nothing.
      guard let rates = SamplingRates(answer: response.body) else { return }
      let version = response.header("datadog-rates-payload-version")
      state.withLock { $0 = State(rates: rates, version: version) }
    }
  }

  /// - Parameter discovery: knows the Agent's address and doors; whoever composes the program runs it.
  package init(
    _ settings: Settings, discovery: AgentDiscovery, limits: DeliveryLimits = AgentTraces.limits, send: @escaping DeliverySend,
    now: @escaping @Sendable () -> Timestamp = { .now() },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }
  ) {
    let sampling = Sampling()
    self.sampling = sampling
    self.now = now
    self.discovery = discovery
    encoder = Mutex(TraceEncoder(settings))
    let headers = Self.headers(settings)
    lane = DeliveryLane(
      name: "apm", limits: limits,
      assemble: { items in
        let (body, traces, leftTraces, leftSpans) = TraceEncoder.body(items)
        var headers = headers
        headers.append((name: "X-Datadog-Trace-Count", value: String(traces)))
        if items.first?.kind == 1 {
          headers.append((name: "Datadog-Client-Computed-Stats", value: "yes"))
          if leftTraces > 0 {
            headers.append((name: "Datadog-Client-Dropped-P0-Traces", value: String(leftTraces)))
            headers.append((name: "Datadog-Client-Dropped-P0-Spans", value: String(leftSpans)))
          }
        }
        if let version = sampling.version { headers.append((name: "Datadog-Rates-Payload-Version", value: version)) }
        return DeliveryRequest(url: discovery.agent + discovery.state.tracesPath, headers: headers, body: body)
      },
      answered: { sampling.read($0) }, send: send, sleep: sleep, jitter: jitter)
    statistics = DeliveryLane(
      name: "apm_stats", limits: Self.statisticsLimits,
      assemble: { items in
        // Each item is a payload of its own.
        DeliveryRequest(
          url: discovery.agent + AgentInfo.statisticsPath, headers: headers, body: items.first?.bytes ?? [])
      }, send: send, sleep: sleep, jitter: jitter)
  }

  private static let statisticsLimits: DeliveryLimits = {
    var limits = DeliveryLimits()
    limits.batchItems = 1
    limits.itemCapacity = 1_000
    return limits
  }()

  /// Four times a second, up to 4 MiB a request (the Agent takes 25), and at most 32 MiB for an Agent that is away.
  package static let limits: DeliveryLimits = {
    var limits = DeliveryLimits()
    limits.interval = .milliseconds(250)
    limits.batchBytes = 4 << 20
    limits.byteCapacity = 32 << 20
    return limits
  }()

  /// Encodes and returns; from any thread. What has no room is dropped and counted by the lane.
  package func add(_ spans: [LLMSpan]) {
    guard !spans.isEmpty else { return }
    let rates = sampling.rates
    let duties = TraceDuties(discovery.state.info)
    let time = now()
    lane.offer(encoder.withLock { $0.encode(spans, rates: rates, duties: duties, now: time) })
  }

  /// Sends the statistics whose ten seconds are over; called every second or so.
  package func flush() { offerStatistics(isLast: false) }

  /// Sends all statistics there are, before the lane ends.
  package func finish() { offerStatistics(isLast: true) }

  private func offerStatistics(isLast: Bool) {
    let time = now()
    statistics.offer(encoder.withLock { $0.takeStatistics(now: time, isLast: isLast) })
  }

  private static func headers(_ settings: Settings) -> [(name: String, value: String)] {
    var headers = [
      (name: "Content-Type", value: "application/msgpack"),
      (name: "Datadog-Meta-Lang", value: "swift"),
      (name: "Datadog-Meta-Lang-Version", value: languageVersion),
      (name: "Datadog-Meta-Lang-Interpreter", value: "swift"),
      (name: "Datadog-Meta-Tracer-Version", value: settings.productVersion),
      // The marks of top-level spans are ours. Whose the statistics are, the Agent says: where they are its own, it is sent what is
      // given up too.
      (name: "Datadog-Client-Computed-Top-Level", value: "yes"),
      // Without it the Agent answers 200 to what it drops.
      (name: "Datadog-Send-Real-Http-Status", value: "1"),
    ]
    if let entity = settings.entityID { headers.append((name: "Datadog-Entity-ID", value: entity)) }
    return headers
  }

  private static var languageVersion: String {
    #if compiler(>=6.4)
      "6.4"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}
