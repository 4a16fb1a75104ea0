// Reads the configuration again while the commander serves: on SIGHUP, all of it or nothing.

import Budgets
import LLMTelemetry
import Logging
import Remediation
import ServiceLifecycle
import Storage
import StrictYAML
import UnixSignals

/// One reload at a time.
actor ConfigurationReload {
  private let inForce: ConfigurationInForce
  private let budgets: BudgetsInForce
  private let store: TelemetryStore
  private let center: CommandCenter
  private let logger: Logger
  private let read: @Sendable () throws(ConfigurationError) -> CommanderConfiguration

  init(
    inForce: ConfigurationInForce, budgets: BudgetsInForce, store: TelemetryStore, center: CommandCenter, logger: Logger,
    read: @escaping @Sendable () throws(ConfigurationError) -> CommanderConfiguration
  ) {
    self.inForce = inForce
    self.budgets = budgets
    self.store = store
    self.center = center
    self.logger = logger
    self.read = read
  }

  /// In force at the gateway when this returns, or refused with every problem and the old one in force.
  func reload(at now: Timestamp) async {
    let before = inForce.configuration
    let read: CommanderConfiguration
    let next: CommanderConfiguration
    do throws(ConfigurationError) {
      read = try self.read()
      next = try inForce.started.taking(read)
    } catch {
      inForce.refuse(error.problems, at: now)
      for problem in error.problems { logger.error("the configuration is refused", metadata: ["problem": "\(problem)"]) }
      return logger.error(
        "the configuration that was read again is refused, and the one before it stays in force",
        metadata: ["problems": "\(error.problems.count)"])
    }
    let needsRestart = inForce.started.sectionsNeedingRestart(against: read)
    inForce.put(next, needsRestart: needsRestart, at: now)
    budgets.configure(next.budgets, counting: store, logger: logger, at: now)
    await center.enforceAgain()
    let changes = before.changes(to: next, at: now)
    do { try await center.record(changes.map(LedgerEntry.change)) } catch {
      logger.error("a change of the configuration is in force and could not be recorded", metadata: ["error": "\(error)"])
    }
    for warning in read.warnings { logger.warning("\(warning)") }
    if !needsRestart.isEmpty {
      logger.warning(
        "sections that differ and stay as they were until a restart",
        metadata: ["sections": "\(needsRestart.joined(separator: ", "))"])
    }
    logger.notice("the configuration was read again and is in force", metadata: ["changes": "\(changes.count)"])
  }
}

/// Listens for SIGHUP.
struct ConfigurationReloadService: Service {
  let reload: ConfigurationReload

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    await cancelWhenGracefulShutdown {
      for await _ in signals { await reload.reload(at: .now()) }
    }
  }
}
