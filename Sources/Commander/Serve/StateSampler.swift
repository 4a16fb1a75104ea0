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
  let detection: DetectionWatch?
  let shift: ShiftWatch?
  let judge: JudgeWatch?
  /// Names of the budgets that are the judge's alone now. It is meant to use them up, and pages nobody by it: `llm.judge.unanswered` tells.
  let judgeBudgets: @Sendable () -> Set<String>

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var refusals: [String: Int] = [:]
      var circuits: Set<GatewayServer.CircuitState> = []
      repeat {
        pipeline.report(await sample(&refusals, &circuits))
      } while (try? await Task.sleep(for: Self.pause(at: .now()))) != nil
    }
  }

  /// Until the middle of the next rollup: each has one reading of every state, however long a reading takes, and none falls on a
  /// boundary, where it might be in either.
  static func pause(at now: Timestamp) -> Duration {
    now.floored(to: Rollup.width) + Rollup.width + Rollup.width / 2 - now
  }

  /// - Parameters:
  ///   - refusals: how often each budget had refused when it was last asked.
  ///   - circuits: what was said of targets last: one that is closed again is said to be, once.
  func sample(
    _ refusals: inout [String: Int], _ circuits: inout Set<GatewayServer.CircuitState>
  ) async -> [MetricMeasurement] {
    var measurements: [MetricMeasurement] = [.heartbeat(), .queueDepth(pipeline.queueDepth)]
    // Subjects of a budget are as many as tenants, so it is the fullest account that is measured.
    var refused: [String: Int] = [:]
    let judgeBudgets = judgeBudgets()
    for reading in budgets.readings(at: .now()) where !judgeBudgets.contains(reading.name) {
      measurements.append(.budgetUsed(reading.name, share: reading.usedShare))
      let count = reading.refusals - (refusals[reading.name] ?? 0)
      if count > 0 { measurements.append(.budgetRefusals(reading.name, count: count)) }
      refused[reading.name] = reading.refusals
    }
    refusals = refused
    let present = Set(await handle.circuits)
    for circuit in present {
      measurements.append(.circuit(provider: circuit.provider, model: circuit.model, isOpen: circuit.isOpen))
    }
    for gone in circuits where !present.contains(where: { $0.provider == gone.provider && $0.model == gone.model }) {
      measurements.append(.circuit(provider: gone.provider, model: gone.model, isOpen: false))
    }
    circuits = present
    for (result, count) in await handle.takeCacheCounts().byResult where count > 0 {
      measurements.append(.gatewayCache(result, count: count))
    }
    measurements += detection?.measurements() ?? []
    measurements += shift?.measurements() ?? []
    measurements += judge?.measurements() ?? []
    for road in outputs.roads {
      measurements.append(.deliveryWaiting(lane: road.name, count: road.health().waiting))
      for (reason, count) in road.takeDrops() where count > 0 {
        measurements.append(.deliveryDropped(lane: road.name, reason: reason, count: count))
      }
    }
    return measurements
  }
}
