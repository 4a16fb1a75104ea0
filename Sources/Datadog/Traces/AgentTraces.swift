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
    encoder = Mutex(TraceEncoder(settings))
    let headers = Self.headers(settings)
    lane = DeliveryLane(
      name: "apm", limits: limits,
      assemble: { items in
        let (body, traces) = TraceEncoder.body(items)
        var headers = headers
        headers.append((name: "X-Datadog-Trace-Count", value: String(traces)))
        if let version = sampling.version { headers.append((name: "Datadog-Rates-Payload-Version", value: version)) }
        return DeliveryRequest(url: discovery.agent + discovery.state.tracesPath, headers: headers, body: body)
      },
      answered: { sampling.read($0) }, send: send, sleep: sleep, jitter: jitter)
  }

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
    let time = now()
    lane.offer(encoder.withLock { $0.encode(spans, rates: rates, now: time) })
  }

  private static func headers(_ settings: Settings) -> [(name: String, value: String)] {
    var headers = [
      (name: "Content-Type", value: "application/msgpack"),
      (name: "Datadog-Meta-Lang", value: "swift"),
      (name: "Datadog-Meta-Lang-Version", value: languageVersion),
      (name: "Datadog-Meta-Lang-Interpreter", value: "swift"),
      (name: "Datadog-Meta-Tracer-Version", value: settings.productVersion),
      // The marks of top-level spans are ours; statistics are the Agent's, so it is sent what is given up too.
      (name: "Datadog-Client-Computed-Top-Level", value: "true"),
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
