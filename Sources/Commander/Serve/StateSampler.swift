// Turns states into measurements: what budgets have used, whose circuit is open, what waits, and that this commander lives.

import Budgets
import Gateway
import Ingest
import LLMMetrics
import LLMTelemetry
import ServiceLifecycle

struct StateSampler: Service {
  let pipeline: IngestPipeline
  let budgets: BudgetGuard
  let handle: GatewayHandle
  let outputs: TelemetryOutputs
  /// A reading for each rollup.
  static let interval: Duration = Rollup.width

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var refusals: [String: Int] = [:]
      var circuits: Set<GatewayServer.CircuitState> = []
      repeat {
        pipeline.report(await sample(&refusals, &circuits))
      } while (try? await Task.sleep(for: Self.interval)) != nil
    }
  }

  /// - Parameters:
  ///   - refusals: how often each budget had refused when it was last asked.
  ///   - circuits: what was said of targets last: one that is closed again is said to be, once.
  func sample(
    _ refusals: inout [String: Int], _ circuits: inout Set<GatewayServer.CircuitState>
  ) async -> [MetricMeasurement] {
    var measurements: [MetricMeasurement] = [.heartbeat(), .queueDepth(pipeline.queueDepth)]
    // A budget has an account for each subject; the fullest is what matters, and subjects are as many as tenants.
    var used: [String: Double] = [:]
    var refused: [String: Int] = [:]
    for status in budgets.snapshot(at: .now()) {
      used[status.name] = max(used[status.name] ?? 0, status.usedShare)
      refused[status.name, default: 0] += status.refusals
    }
    for (name, share) in used.sorted(by: { $0.key < $1.key }) {
      measurements.append(.budgetUsed(name, share: share))
      let count = (refused[name] ?? 0) - (refusals[name] ?? 0)
      if count > 0 { measurements.append(.budgetRefusals(name, count: count)) }
    }
    refusals = refused
    let present = Set(await handle.circuits)
    for circuit in present { measurements.append(.circuit(provider: circuit.provider, model: circuit.model, isOpen: circuit.isOpen)) }
    for gone in circuits where !present.contains(where: { $0.provider == gone.provider && $0.model == gone.model }) {
      measurements.append(.circuit(provider: gone.provider, model: gone.model, isOpen: false))
    }
    circuits = present
    for road in outputs.roads {
      measurements.append(.deliveryWaiting(lane: road.name, count: road.health().waiting))
      for (reason, count) in road.takeDrops() where count > 0 {
        measurements.append(.deliveryDropped(lane: road.name, reason: reason, count: count))
      }
    }
    return measurements
  }
}
