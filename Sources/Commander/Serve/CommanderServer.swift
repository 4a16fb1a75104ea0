// The composition root: builds every part of one commander from its configuration and runs them as one service group.

import Budgets
import Console
import Datadog
import Detection
import Foundation
import Gateway
import Hummingbird
import Ingest
import LLMMetrics
import LLMTelemetry
import Logging
import NIOCore
import NIOPosix
import Notifications
import Pricing
import Providers
import Redaction
import SemanticRisk
import ServiceLifecycle
import ServiceStart
import Storage
import StrictYAML

/// One commander. `serve`, the demo and the tests all run this.
package struct CommanderServer: Sendable {
  package let configuration: CommanderConfiguration
  package let center: CommandCenter
  package let store: TelemetryStore
  package let pipeline: IngestPipeline
  /// The real port, when 0 was configured.
  package let gatewayAddress: ListenAddress

  let budgets: BudgetGuard
  let inForce: ConfigurationInForce
  /// Absent where there is no file to read again.
  private let reload: ConfigurationReload?
  private let consolePort: EventLoopFuture<Int>
  private let services: [any Service]
  private let logger: Logger

  /// Opens the store, folds the ledger and binds the gateway. Throws `ConfigurationError` with every address that cannot be bound.
  /// - Parameter reread: reads the configuration again, for `reloadConfiguration` and SIGHUP.
  package static func start(
    _ configuration: CommanderConfiguration, logger: Logger,
    reread: (@Sendable () throws(ConfigurationError) -> CommanderConfiguration)? = nil
  ) async throws -> CommanderServer {
    let problems = ProblemList()
    if let obstacle = await PortCheck.obstacle(configuration.gatewayListen) {
      problems.add(configuration.problem("gateway.listen", obstacle))
    }
    if let obstacle = await PortCheck.obstacle(configuration.consoleListen) {
      problems.add(configuration.problem("console.listen", obstacle))
    }
    if let listen = configuration.openTelemetry.listen, listen.port != 0,
      listen.port == configuration.gatewayListen.port || listen.port == configuration.consoleListen.port
    {
      problems.add(
        configuration.problem("opentelemetry.listen", "port \(listen.port) is the gateway's or the console's; choose another"))
    }
    if let listen = configuration.openTelemetry.listen, let obstacle = await PortCheck.obstacle(listen) {
      problems.add(configuration.problem("opentelemetry.listen", obstacle))
    }
    var dogStatsD: DogStatsDClient?
    do { dogStatsD = try configuration.dogStatsDClient() } catch {
      problems.add(configuration.problem("datadog.dogstatsd", "\(error)"))
    }
    let credentials = CredentialStore(
      sources: configuration.credentialFiles, google: configuration.googleCredentials, logger: logger)
    // Without a credential in hand the gateway must not accept.
    for (provider, reason) in await credentials.firstTokens() {
      problems.add(configuration.problem("providers.\(provider).credential", reason))
    }
    // Nothing is written while something is known to be wrong.
    try problems.throwIfAny()
    if let unresolved = dogStatsD?.unresolved {
      logger.warning("metrics are dropped until the Agent's host has an address", metadata: ["reason": "\(unresolved)"])
    }
    let (store, ledger, lock) = try openStore(configuration)
    let inForce = ConfigurationInForce(configuration, at: .now())
    let health = HealthCounters()
    let log = configuration.logsSpans ? SpanLog(descriptor: 1) : nil
    let outputs = TelemetryOutputs(configuration, dogStatsD: dogStatsD)
    let detection = configuration.usesDetection ? DetectionWatch(settings: configuration.detection) : nil
    let shift = configuration.usesShift ? ShiftWatch(settings: configuration.shift) : nil
    do { try shift?.restore(store) } catch {
      logger.warning("the watch for population shifts learns anew", metadata: ["error": "\(error)"])
    }
    let judge = configuration.judge.map { JudgeWatch(settings: $0, capture: configuration.capture) }
    do { try judge?.restore(store) } catch {
      logger.warning("the judge begins without its earlier verdicts", metadata: ["error": "\(error)"])
    }
    let pipeline = IngestPipeline(
      configuration: configuration.ingest, enrichment: configuration.enrichment(prices: { inForce.prices }),
      sinks: sinks(store: store, log: log, health: health, detection: detection, shift: shift, judge: judge) + outputs.sinks,
      sinkFailed: {
        logger.error("a sink failed; its spans are counted as dropped", metadata: ["sink": "\($0)", "error": "\($1)"])
      })

    let handle = GatewayHandle()
    let budgets = try BudgetService.restore(
      configuration.budgets, readBytes: GatewayServer.readBytes, ledger: ledger, telemetry: store, at: .now())
    let budgetsInForce = BudgetsInForce(budgets, configured: configuration.budgets)
    let center = try CommandCenter(
      ledger: ledger, configuration: configuration, logger: logger, at: .now(), read: { try store.read($0) },
      enforce: { overrides, registry in
        budgetsInForce.apply(overrides, at: .now())
        if try await handle.update(
          inForce.configuration.snapshot(overrides: overrides, prompts: registry.prompts, credentials: credentials)) == false
        {
          logger.warning("the gateway already has a newer generation of overrides")
        }
      }, exemplars: { try ExemplarSearch(store: store).traces(of: $0) }, events: outputs.events,
      detection: detection, shift: shift)
    // Budgets of overrides that were in force before the restart.
    budgetsInForce.apply(await center.state.overrides, at: .now())
    let snapshot = configuration.snapshot(
      overrides: await center.state.overrides, prompts: await center.registry.prompts, credentials: credentials)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
    let gateway = try await configuration.listening("gateway.listen", on: configuration.gatewayListen) {
      try await GatewayServer.start(
        host: configuration.gatewayListen.host, port: configuration.gatewayListen.port, group: group, snapshot: snapshot,
        budgets: budgets
      ) { pipeline.offer($0) }
    }
    await handle.set(gateway)
    let address = ListenAddress(
      host: configuration.gatewayListen.host, port: gateway.address?.port ?? configuration.gatewayListen.port)

    let notifications = NotificationService(configuration: configuration, center: center, logger: logger)
    let consolePort = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Int.self)
    let console = ConsoleAssembly.application(
      inForce: inForce, center: center, store: store, pipeline: pipeline, budgets: budgets, health: health,
      outputs: outputs, handle: handle, shift: shift, judge: judge, notifications: notifications,
      gatewayAddress: address, logger: logger
    ) { consolePort.succeed($0) }
    // Started in this order and stopped in reverse: the gateway first, then everything its last spans flow through.
    var services: [any Service] = [lock]
    services += outputs.services
    if let detection {
      services.append(
        DetectionService(detection: detection, store: store, changes: await center.state.changes, logger: logger))
    }
    if let shift { services.append(ShiftService(shift: shift, store: store, logger: logger)) }
    services.append(IngestService(pipeline: pipeline, log: log))
    services.append(BudgetService(budgets: budgets, store: BudgetStore(ledger), logger: logger))
    services.append(
      RetentionService(
        store: store, keep: configuration.retention, keepContent: configuration.captureRetention, logger: logger))
    services.append(CommandLoop(center: center))
    services.append(
      StateSampler(
        pipeline: pipeline, budgets: budgets, handle: handle, outputs: outputs, detection: detection, shift: shift,
        judge: judge, judgeBudgets: { inForce.configuration.judgeBudgets }))
    if !credentials.isEmpty { services.append(CredentialRefresh(store: credentials, center: center, logger: logger)) }
    services.append(NotificationLoop(notifications: notifications, ledger: ledger, logger: logger))
    services.append(
      ListenerService(
        configuration: configuration, setting: "console.listen", address: configuration.consoleListen, listener: console,
        failed: { consolePort.fail($0) }))
    if let listen = configuration.openTelemetry.listen {
      let receiver = TelemetryReceiver.application(
        listen: listen, gateway: address, inForce: inForce, pipeline: pipeline,
        intake: SpanIntake(inForce: inForce, pipeline: pipeline, center: center), logger: logger)
      services.append(
        ListenerService(
          configuration: configuration, setting: "opentelemetry.listen", address: listen, listener: receiver, failed: { _ in }))
    }
    services.append(GatewayService(gateway: gateway, group: group))
    // Before the gateway, which waits for its clients to end.
    if let judge {
      services.append(
        JudgeService(
          judge: judge, client: JudgeClient(settings: judge.settings, gateway: address), store: store,
          report: { pipeline.report($0) }, logger: logger))
    }
    let reload = reread.map {
      ConfigurationReload(
        inForce: inForce, budgets: budgetsInForce, store: store, center: center, logger: logger, read: $0)
    }
    return CommanderServer(
      configuration: configuration, center: center, store: store, pipeline: pipeline, gatewayAddress: address, budgets: budgets,
      inForce: inForce,
      reload: reload,
      consolePort: consolePort.futureResult, services: services, logger: logger)
  }

  private static func openStore(
    _ configuration: CommanderConfiguration
  ) throws(ConfigurationError) -> (TelemetryStore, Ledger, StoreLock) {
    do {
      try FileManager.default.createDirectory(atPath: configuration.store, withIntermediateDirectories: true)
      let lock = try StoreLock(folder: configuration.store)
      return (
        try TelemetryStore(path: configuration.store + "/telemetry.sqlite"),
        try Ledger(path: configuration.store + "/ledger.sqlite"), lock
      )
    } catch let taken as StoreLock.Taken {
      let process = taken.process.map { " (process \($0))" } ?? ""
      throw ConfigurationError(problems: [
        configuration.problem(
          "store",
          "another commander\(process) serves from \(configuration.store): stop it, or name a folder of its own for this one")
      ])
    } catch let error as StorageError {
      throw ConfigurationError(problems: [configuration.problem("store", "\(error)")])
    } catch {
      throw ConfigurationError(problems: [
        configuration.problem("store", "the folder \(configuration.store) cannot be made; name one that this user may write to")
      ])
    }
  }

  /// Where the console listens; waits until it does.
  package func consoleAddress() async throws -> ListenAddress {
    ListenAddress(host: configuration.consoleListen.host, port: try await consolePort.get())
  }

  /// Reads the configuration again, as SIGHUP does; nothing where there is no file.
  package func reloadConfiguration(at now: Timestamp = .now()) async { await reload?.reload(at: now) }

  /// Everything that runs, for `ServiceGroup`. With `signals`, SIGTERM and SIGINT drain and stop it, and SIGHUP reads the
  /// configuration again.
  package func serviceGroup(signals: Bool) -> ServiceGroup {
    let listener = signals ? reload.map { [ConfigurationReloadService(reload: $0) as any Service] } ?? [] : []
    var settings = ServiceGroupConfiguration(
      services: (services + listener).map {
        .init(
          service: $0, successTerminationBehavior: .gracefullyShutdownGroup, failureTerminationBehavior: .gracefullyShutdownGroup)
      },
      gracefulShutdownSignals: signals ? [.sigterm, .sigint] : [], logger: logger)
    settings.maximumGracefulShutdownDuration = .seconds(30)
    return ServiceGroup(configuration: settings)
  }

  private static func sinks(
    store: TelemetryStore, log: SpanLog?, health: HealthCounters, detection: DetectionWatch?, shift: ShiftWatch?,
    judge: JudgeWatch?
  ) -> [IngestSink] {
    var sinks = [
      IngestSink(
        name: "store", batch: { try store.append(spans: $0.spans) }, rollups: { try store.append(rollups: $0) }, takesJudge: true),
      IngestSink(name: "health", batch: { health.observe($0) }),
    ]
    if let detection { sinks.append(IngestSink(name: "detection", batch: { detection.observe($0.spans) })) }
    if let shift { sinks.append(IngestSink(name: "shift", batch: { shift.observe($0.spans) })) }
    if let judge { sinks.append(IngestSink(name: "judge", batch: { judge.observe($0.spans) })) }
    if let log {
      sinks.append(IngestSink(name: "log", batch: { log.write($0.spans) }, losses: { log.takeDropped() }))
    }
    return sinks
  }
}

extension CommanderConfiguration {
  var ingest: IngestPipeline.Configuration {
    var ingest = IngestPipeline.Configuration()
    ingest.cardinality = cardinality
    return ingest
  }

  /// What happens to a span before any sink sees it.
  func enrichment(prices: @escaping @Sendable () -> PriceBook) -> SpanEnrichment {
    SpanEnrichment(
      prices: prices(), messages: { RequestContent.messages(inRequestBody: $0) }, scorers: ExchangeScoring.scores(.shared),
      redaction: SpanRedaction(policy: capture, hash: captureSecret.map { ContentHash(secret: $0) } ?? ContentHash()),
      judgeKey: judge?.key)
  }

  /// What the data plane needs of this configuration, with the overrides and labels in force.
  func snapshot(overrides: RoutingOverrides, prompts: [ManagedPrompt], credentials: CredentialStore) -> GatewaySnapshot {
    GatewaySnapshot(
      service: service, env: env, version: version, keys: keys, providers: credentials.apply(to: providers), routes: routes,
      prompts: prompts, overrides: overrides,
      limits: limits, prices: prices)
  }
}
