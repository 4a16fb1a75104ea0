// The long-running parts of a commander, each as a service that drains when it is asked to stop.

import Datadog
import Gateway
import Ingest
import LLMMetrics
import LLMTelemetry
import Logging
import NIOPosix
import Notifications
import ServiceLifecycle
import Storage

struct IngestService: Service {
  let pipeline: IngestPipeline
  let log: SpanLog?

  func run() async throws {
    await withGracefulShutdownHandler {
      await pipeline.run()
    } onGracefulShutdown: {
      pipeline.shutDown()
    }
    log?.finish(patience: .seconds(2))
  }
}

struct GatewayService: Service {
  let gateway: GatewayServer
  let group: MultiThreadedEventLoopGroup

  func run() async throws {
    try? await gracefulShutdown()
    try await gateway.shutdown(patience: .seconds(10))
    try await group.shutdownGracefully()
  }
}

/// Takes a turn after each rollup interval, once its data has settled.
struct CommandLoop: Service {
  let center: CommandCenter

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let now = Timestamp.now()
        var due = now.floored(to: Rollup.width) + CommandCenter.settlingTime
        if due <= now { due = due + Rollup.width }
        do { try await Task.sleep(for: due - now) } catch { return }
        await center.turn(now: .now())
      }
    }
  }
}

/// Deletes telemetry that is older than configured, once an hour. The ledger is kept.
struct RetentionService: Service {
  let store: TelemetryStore
  let keep: Duration
  /// Texts go before the spans they belong to.
  let keepContent: Duration
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        do {
          let texts = try store.deleteContent(olderThan: .now() - keepContent)
          if texts > 0 { logger.info("old captured content deleted", metadata: ["spans": "\(texts)"]) }
          let deleted = try store.deleteOlder(than: .now() - keep)
          _ = try store.deleteCostHours(olderThan: .now() - keep, now: .now())
          if deleted.spans + deleted.points > 0 {
            logger.info("old telemetry deleted", metadata: ["spans": "\(deleted.spans)", "points": "\(deleted.points)"])
          }
        } catch {
          logger.error("old telemetry could not be deleted; tried again in an hour", metadata: ["error": "\(error)"])
        }
      } while (try? await Task.sleep(for: .seconds(3600))) != nil
    }
  }
}
