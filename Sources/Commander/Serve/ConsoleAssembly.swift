// Gives the console its view of the running commander, and applications their span intake beside it.

import Budgets
import Console
import Foundation
import Hummingbird
import Ingest
import LLMTelemetry
import Logging
import Remediation
import Storage
import StrictYAML

enum ConsoleAssembly {
  static func application(
    inForce: ConfigurationInForce, center: CommandCenter, store: TelemetryStore, pipeline: IngestPipeline,
    budgets: BudgetGuard, health: HealthCounters,
    outputs: TelemetryOutputs, handle: GatewayHandle, shift: ShiftWatch?, judge: JudgeWatch?, notifications: NotificationService,
    gatewayAddress: ListenAddress, logger: Logger,
    onListening: @escaping @Sendable (Int) -> Void
  ) -> some ApplicationProtocol {
    let configuration = inForce.started
    let intake = SpanIntake(inForce: inForce, pipeline: pipeline, center: center)
    return Console.buildApplication(
      source: source(
        inForce: inForce, center: center, store: store, pipeline: pipeline, budgets: budgets, health: health,
        outputs: outputs, handle: handle, shift: shift, judge: judge, notifications: notifications, gatewayAddress: gatewayAddress
      ),
      configuration: ConsoleConfiguration(
        host: configuration.consoleListen.host, port: configuration.consoleListen.port,
        allowedHosts: Set(configuration.consoleHosts)),
      logger: logger,
      addRoutes: { router in
        intake.add(to: router)
        if let registry = outputs.prometheus { PrometheusRoute(registry: registry).add(to: router) }
        notifications.addRoutes(to: router)
      },
      onServerRunning: onListening)
  }

  private static func source(
    inForce: ConfigurationInForce, center: CommandCenter, store: TelemetryStore, pipeline: IngestPipeline,
    budgets: BudgetGuard, health: HealthCounters,
    outputs: TelemetryOutputs, handle: GatewayHandle, shift: ShiftWatch?, judge: JudgeWatch?, notifications: NotificationService,
    gatewayAddress: ListenAddress
  ) -> ConsoleSource {
    ConsoleSource(
      state: { await center.state },
      monitors: { center.monitors },
      evaluations: {
        let history = await center.history
        return history.keys.flatMap { history[$0] }
      },
      readSeries: { try store.read($0) },
      spans: { filter, limit in try store.spans(filter, limit: limit).spans },
      prompts: { await center.registry.summaries },
      budgets: { budgets.snapshot(at: .now()) },
      health: {
        CommanderHealth(
          newestSpan: health.newestSpan, queueDepth: pipeline.queueDepth, dropped: health.dropped,
          storeBytes: storeBytes(folder: inForce.started.store), version: CommanderVersion.current,
          gatewayAddress: "http://\(gatewayAddress)", roads: outputs.roads.map { $0.health() } + notifications.roads,
          openCircuits: await handle.circuits.filter(\.isOpen).map { "\($0.provider) \($0.model)" },
          configuration: inForce.health)
      },
      postmortem: { id in
        let state = await center.state
        return state.incidents[id].map { Postmortem.markdown($0, state: state) }
      },
      submit: { command, actor in try await center.submit(command, actor: actor, now: .now()) },
      promptTexts: { name in await center.registry.texts(of: name) },
      changePrompt: { name, action, terms, actor in
        try await center.change(prompt: name, action, terms: terms, actor: actor, now: .now())
      },
      recordReplay: { name, version, result, actor in
        try await center.record(result, of: name, version: version, actor: actor, now: .now())
      }, objectives: { try await center.objectives(now: .now()) }, shifts: { shift?.report(at: .now()) },
      judge: { try judge.map { $0.report(cost: try JudgeReport.Cost(store, at: .now())) } },
      costs: { try store.costCourse(in: $0, where: $1) })
  }

  private static func storeBytes(folder: String) -> Int64? {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
    return files.reduce(into: Int64(0)) { total, file in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + file)
      total += (attributes?[.size] as? NSNumber)?.int64Value ?? 0
    }
  }
}
