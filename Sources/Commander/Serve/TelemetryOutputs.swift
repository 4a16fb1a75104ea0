// Every road by which telemetry leaves the commander, built from the configuration: sinks for ingest, services, and how each is doing.

import AsyncHTTPClient
import Compression
import Console
import Datadog
import Delivery
import Foundation
import Ingest
import LLMMetrics
import LLMTelemetry
import OpenTelemetry
import ServiceLifecycle

struct TelemetryOutputs: Sendable {
  /// How one road is doing, and what it lost since it was last asked.
  struct Road: Sendable {
    /// The word in tags.
    let name: String
    let health: @Sendable () -> RoadHealth
    let takeDrops: @Sendable () -> [(reason: String, count: Int)]
  }

  private(set) var sinks: [IngestSink] = []
  /// Roads that wait for a receiver when they end.
  private var lanes: [any Service] = []
  /// What feeds a lane until the end.
  private var feeders: [any Service] = []
  private(set) var roads: [Road] = []
  private(set) var prometheus: PrometheusRegistry?
  private(set) var events: EventSink?

  /// In the order they start; they stop in reverse, after what feeds them.
  var services: [any Service] { (lanes.isEmpty ? [] : [TogetherService(services: lanes)]) + feeders }

  /// - Parameter dogStatsD: made by the caller, since an address may be wrong.
  init(_ configuration: CommanderConfiguration, dogStatsD: DogStatsDClient?) {
    let datadog = configuration.datadog
    let send = TelemetryClient.send
    if let dogStatsD, datadog.metrics == .dogstatsd || datadog.events == .dogstatsd {
      addDogStatsD(dogStatsD, sendsMetrics: datadog.metrics == .dogstatsd)
    }
    if datadog.metrics == .agentless { addAgentlessMetrics(configuration, send: send) }
    if let agent = datadog.agent, datadog.traces == .agent || datadog.llmObservability == .agent {
      let discovery = AgentDiscovery(agent: agent, send: send)
      lanes.append(DiscoveryService(discovery: discovery))
      if datadog.traces == .agent { addTraces(configuration, discovery: discovery, send: send) }
      if datadog.llmObservability == .agent {
        let proxy: @Sendable () -> String? = { discovery.state.info?.eventProxyPath.map { String($0.dropFirst()) } }
        addObservability(configuration, intake: .agent(url: agent, proxy: proxy), send: send)
      }
    }
    if datadog.llmObservability == .agentless, let key = datadog.apiKey {
      addObservability(configuration, intake: .agentless(site: datadog.intakeSite, apiKey: { key }), send: send)
    }
    if datadog.logs == .agentless { addLogs(configuration, send: send) }
    addEvents(configuration, dogStatsD: dogStatsD, send: send)
    if let url = configuration.openTelemetry.traces { addOTLP(url, configuration.openTelemetry.headers, send: send) }
    if configuration.openTelemetry.prometheus { addPrometheus() }
  }

  // MARK: Datadog

  private mutating func addDogStatsD(_ client: DogStatsDClient, sendsMetrics: Bool) {
    feeders.append(FlushService(interval: .seconds(1), flush: { client.flush() }, finish: { client.flush() }))
    if sendsMetrics {
      sinks.append(IngestSink(name: "dogstatsd", batch: { client.add($0.measurements) }))
    }
    let earlier = Difference()
    roads.append(
      Road(
        name: "dogstatsd",
        health: {
          let statistics = client.statistics
          return RoadHealth(
            name: "Metrics to the Datadog Agent", unit: "datagrams", delivered: statistics.datagramsSent, waiting: 0,
            dropped: Dictionary(uniqueKeysWithValues: statistics.dropped.map { ($0.key.rawValue, $0.value) }),
            problem: client.unresolved ?? (statistics.isLosing ? "nobody takes the datagrams" : nil))
        },
        takeDrops: {
          earlier.take(Dictionary(uniqueKeysWithValues: client.statistics.dropped.map { ($0.key.rawValue, $0.value) }))
        }))
  }

  private mutating func addAgentlessMetrics(_ configuration: CommanderConfiguration, send: @escaping DeliverySend) {
    guard let key = configuration.datadog.apiKey else { return }
    let metrics = AgentlessMetrics(
      intake: .datadog(site: configuration.datadog.intakeSite, apiKey: { key }),
      host: configuration.datadog.host ?? ProcessInfo.processInfo.hostName,
      compression: IntakeCompression(encoding: "gzip") { CompressionFormat.gzip.compress($0) ?? $0 }, send: send)
    for lane in metrics.lanes {
      let isFirst = lane.name == metrics.series.name
      add(
        lane, title: isFirst ? "Counts and gauges to Datadog" : "Distributions to Datadog", unit: "points",
        takeDrops: {
          // What is in no point at all is of neither lane; the first tells of it.
          lane.takeDrops().map { ($0.key.rawValue, $0.value) }
            + (isFirst ? metrics.takeDrops().map { ($0.key.rawValue, $0.value) } : [])
        })
    }
    // It stops before the lanes, so that its last points still find a way.
    feeders.append(FlushService(interval: .seconds(1), flush: { metrics.flush() }, finish: { metrics.finish() }))
    sinks.append(IngestSink(name: "agentless_metrics", batch: { metrics.add($0.measurements) }))
  }

  private mutating func addTraces(
    _ configuration: CommanderConfiguration, discovery: AgentDiscovery, send: @escaping DeliverySend
  ) {
    let traces = AgentTraces(
      AgentTraces.Settings(
        service: configuration.service, env: configuration.env, application: configuration.mlApp,
        runtimeID: UUID().uuidString.lowercased(), processID: Int(ProcessInfo.processInfo.processIdentifier),
        productVersion: CommanderVersion.current,
        entityID: DogStatsDOrigin.detected(environment: ProcessInfo.processInfo.environment).container),
      discovery: discovery, send: send)
    add(traces.lane, title: "Traces to the Datadog Agent", unit: "spans", problem: { discovery.state.problem })
    add(traces.statistics, title: "Trace statistics to the Datadog Agent", unit: "groups")
    // It stops before the lanes, so that its last statistics still find a way.
    feeders.append(FlushService(interval: .seconds(1), flush: { traces.flush() }, finish: { traces.finish() }))
    sinks.append(IngestSink(name: "apm", batch: { traces.add($0.spans) }))
  }

  private mutating func addObservability(
    _ configuration: CommanderConfiguration, intake: LLMObservabilityIntake, send: @escaping DeliverySend
  ) {
    var settings = LLMObservabilitySettings()
    settings.mlApp = configuration.mlApp
    (settings.service, settings.env, settings.version) = (configuration.service, configuration.env, configuration.version)
    let spans = LLMObservabilitySpans(intake: intake, settings: settings, send: send)
    add(
      spans.lane, title: "Spans to LLM Observability", unit: "spans", service: SpanRoadService(spans: spans),
      takeDrops: { spans.takeDrops().map { ($0.key, $0.value) } })
    let evaluations = LLMObservabilityEvaluations(intake: intake, settings: settings, send: send)
    add(
      evaluations.lane, title: "Evaluations to LLM Observability", unit: "scores",
      takeDrops: { evaluations.takeDrops().map { ($0.key, $0.value) } })
    sinks.append(
      IngestSink(
        name: "llm_observability",
        batch: {
          spans.add($0.spans)
          evaluations.add($0.spans)
        }))
  }

  private mutating func addLogs(_ configuration: CommanderConfiguration, send: @escaping DeliverySend) {
    guard let key = configuration.datadog.apiKey else { return }
    var settings = LogIntakeSettings(site: configuration.datadog.intakeSite, apiKey: { key })
    settings.hostname = configuration.datadog.host
    (settings.service, settings.env, settings.version) = (configuration.service, configuration.env, configuration.version)
    let logs = LogIntake(settings: settings, send: send)
    add(logs.lane, title: "Logs to Datadog", unit: "lines", takeDrops: { logs.takeDrops().map { ($0.key, $0.value) } })
    sinks.append(IngestSink(name: "logs", batch: { logs.add($0.spans) }))
  }

  private mutating func addEvents(
    _ configuration: CommanderConfiguration, dogStatsD: DogStatsDClient?, send: @escaping DeliverySend
  ) {
    let tags = ["service:\(configuration.service)", "env:\(configuration.env)"]
    switch (configuration.datadog.events, dogStatsD, configuration.datadog.apiKey) {
    case (.dogstatsd, let client?, _):
      events = EventSink(road: .dogStatsD(client), constantTags: tags, service: configuration.service)
    case (.agentless, _, let key?):
      let sink = EventSink(
        road: .intake(site: configuration.datadog.intakeSite, apiKey: { key }, send: send), constantTags: tags,
        service: configuration.service)
      if let lane = sink.lane { add(lane, title: "Events to Datadog", unit: "events") }
      events = sink
    default: break
    }
  }

  // MARK: OpenTelemetry

  private mutating func addOTLP(_ url: String, _ headers: [(name: String, value: String)], send: @escaping DeliverySend) {
    var settings = OTLPTraceSink.Settings(url: url)
    settings.headers = headers
    let sink = OTLPTraceSink(settings: settings, send: send)
    add(
      sink.lane, title: "Traces by OTLP", unit: "spans",
      takeDrops: { sink.lane.takeDrops().map { ($0.key.rawValue, $0.value) } + [("rejected", sink.takeRejected())] })
    sinks.append(IngestSink(name: "otlp", batch: { sink.add($0.spans) }))
  }

  private mutating func addPrometheus() {
    let registry = PrometheusRegistry()
    prometheus = registry
    sinks.append(
      IngestSink(name: "prometheus", batch: { registry.add($0.measurements, spans: $0.spans, now: .now()) }))
  }

  // MARK: Lanes

  /// A sink's lane: its service, and its row on the System page.
  private mutating func add(
    _ lane: DeliveryLane, title: String, unit: String, service: (any Service)? = nil,
    problem: @escaping @Sendable () -> String? = { nil },
    takeDrops: (@Sendable () -> [(reason: String, count: Int)])? = nil
  ) {
    lanes.append(service ?? LaneService(lane: lane))
    let beside = Totals()
    let ofLane = Set(DeliveryDrop.allCases.map(\.rawValue))
    roads.append(
      Road(
        name: lane.name,
        health: {
          let status = lane.status
          let dropped = Dictionary(uniqueKeysWithValues: status.dropped.map { ($0.key.rawValue, $0.value) })
          return RoadHealth(
            name: title, unit: unit, delivered: status.delivered, waiting: status.waiting,
            dropped: dropped.merging(beside.counts) { $0 + $1 }, problem: status.lastProblem ?? problem())
        },
        takeDrops: {
          let drops = takeDrops?() ?? lane.takeDrops().map { ($0.key.rawValue, $0.value) }
          // The lane keeps the totals of its own reasons; those of the sink beside it are kept here.
          beside.add(drops.filter { !ofLane.contains($0.reason) })
          return drops
        }))
  }
}

extension CommanderConfiguration {
  /// Throws what is wrong with the address; `nil` where none is configured.
  func dogStatsDClient() throws -> DogStatsDClient? {
    guard let address = datadog.dogStatsD else { return nil }
    var settings = DogStatsDSettings()
    settings.origin = .detected(environment: ProcessInfo.processInfo.environment)
    settings.version = CommanderVersion.current
    return try DogStatsDClient(address: address, settings: settings)
  }
}
