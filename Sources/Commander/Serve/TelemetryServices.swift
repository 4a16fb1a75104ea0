// The services behind the roads of telemetry: each ends only when what it holds has been tried once more.

import Datadog
import Delivery
import ServiceLifecycle
import Synchronization

/// Sends what a lane holds until it is asked to stop, then what is left.
struct LaneService: Service {
  let lane: DeliveryLane

  func run() async throws { await cancelWhenGracefulShutdown { await lane.run() } }
}

/// LLM Observability's spans wait for their parents, so they have a clock of their own beside the lane's.
struct SpanRoadService: Service {
  let spans: LLMObservabilitySpans

  func run() async throws { await cancelWhenGracefulShutdown { await spans.run() } }
}

/// Services that end together: roads that each wait for a receiver would otherwise wait one after the other.
struct TogetherService: Service {
  let services: [any Service]

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for service in services { group.addTask { try await service.run() } }
      try await group.waitForAll()
    }
  }
}

struct DiscoveryService: Service {
  let discovery: AgentDiscovery

  func run() async throws { await cancelWhenGracefulShutdown { await discovery.run() } }
}

/// Sends what a buffer holds at every interval, and what is left at the end.
struct FlushService: Service {
  let interval: Duration
  let flush: @Sendable () -> Void
  let finish: @Sendable () -> Void

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: interval)) != nil { flush() }
    }
    finish()
  }
}

/// What was added to totals since they were last seen.
final class Difference: Sendable {
  private let seen = Mutex<[String: Int]>([:])

  func take(_ totals: [String: Int]) -> [(reason: String, count: Int)] {
    seen.withLock { seen in
      defer { seen = totals }
      return totals.map { ($0.key, $0.value - (seen[$0.key] ?? 0)) }
    }
  }
}

/// Counts by reason since the start.
final class Totals: Sendable {
  private let totals = Mutex<[String: Int]>([:])

  var counts: [String: Int] { totals.withLock { $0 } }

  func add(_ counts: [(reason: String, count: Int)]) {
    totals.withLock { totals in
      for (reason, count) in counts where count > 0 { totals[reason, default: 0] += count }
    }
  }
}
