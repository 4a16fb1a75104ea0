// Every road by which telemetry leaves the commander, built from the configuration: sinks for ingest, services, and how each is doing.

import AsyncHTTPClient
import Console
import Datadog
import Delivery
import Ingest
import LLMMetrics
import LLMTelemetry
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
  /// In the order they start; they stop in reverse, after what feeds them.
  private(set) var services: [any Service] = []
  private(set) var roads: [Road] = []

  init(_ configuration: CommanderConfiguration, dogStatsD: DogStatsDClient?) {
    if let dogStatsD { add(dogStatsD) }
  }

  private mutating func add(_ client: DogStatsDClient) {
    services.append(FlushService(client: client))
    sinks.append(IngestSink(name: "dogstatsd", batch: { client.add($0.measurements) }))
    roads.append(
      Road(
        name: "dogstatsd",
        health: {
          let statistics = client.statistics
          return RoadHealth(
            name: "Metrics to the Datadog Agent", unit: "datagrams", delivered: statistics.datagramsSent, waiting: 0,
            dropped: ["no_receiver": statistics.datagramsDropped, "line_too_long": statistics.linesDropped],
            problem: statistics.isLosing ? "nobody takes the datagrams" : nil)
        }, takeDrops: { [] }))
  }

  /// A sink's lane: its service, and its row on the System page.
  private mutating func add(_ lane: DeliveryLane, title: String, unit: String) {
    services.append(LaneService(lane: lane))
    roads.append(
      Road(
        name: lane.name,
        health: {
          let status = lane.status
          return RoadHealth(
            name: title, unit: unit, delivered: status.delivered, waiting: status.waiting,
            dropped: Dictionary(uniqueKeysWithValues: status.dropped.map { ($0.key.rawValue, $0.value) }),
            problem: status.lastProblem)
        },
        takeDrops: { lane.takeDrops().map { ($0.key.rawValue, $0.value) } }))
  }
}
