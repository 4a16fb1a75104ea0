// From nothing to a tracer that works, in one call; and its end together with the application's.
import Foundation
import LLMTelemetry
import ServiceLifecycle

extension LLMTracer {
  /// Makes a tracer and starts its exporter. Call it once, when the program starts; call ``shutdown()`` at its end, or run the
  /// tracer as a service, or the last spans are lost.
  ///
  /// - Parameters:
  ///   - service: the application's name in traces and metrics; without it the environment's, see ``TracerSettings``.
  ///   - env: `prod`, `staging`, …; without it the environment's.
  ///   - version: the version that is running; without it the environment's.
  ///   - exporter: where the spans go.
  ///   - captureContent: whether prompts, answers and documents are kept. Off by default.
  ///   - redact: applied to every captured text before it leaves the process.
  ///   - metrics: whether the spans are counted in swift-metrics. By default they are, unless they go to a commander, which makes
  ///     the same metrics of them: twice would be twice the cost in a dashboard. Bootstrap `MetricsSystem` before.
  public static func bootstrap(
    service: String? = nil, env: String? = nil, version: String? = nil, exporter: ExporterChoice = .environment,
    captureContent: Bool = false, redact: (@Sendable (String) -> String)? = nil, metrics: Bool? = nil
  ) -> LLMTracer {
    let environment = ProcessInfo.processInfo.environment
    var settings = TracerSettings(environment: environment)
    settings.service = service ?? settings.service
    settings.env = env ?? settings.env
    settings.version = version ?? settings.version
    settings.capturesContent = captureContent
    settings.redact = redact
    let (exporter, makesMetrics) = exporter.make(environment)
    return LLMTracer(settings, exporter: exporter, metrics: metrics ?? !makesMetrics)
  }
}

extension LLMTracer: Service {
  /// Waits for the end of the program, then sends the last spans. Put it before the services that make spans: services end in
  /// reverse order.
  public func run() async throws {
    // Cancelled or asked to end: either way the spans that wait are sent.
    try? await gracefulShutdown()
    await shutdown()
  }
}
