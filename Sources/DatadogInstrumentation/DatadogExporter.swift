// The road of an application's spans straight to Datadog: traces and LLM Observability, through an Agent or without one.

import Datadog
import Delivery
import LLMInstrumentation
import LLMTelemetry
import Logging
import Redaction
import Synchronization

/// Delivers spans without ever holding up whoever exports them: the queue is bounded, batches are tried again, and what is lost is
/// counted by reason and told in the log.
public final class DatadogExporter: SpanExporter {
  /// Spans that may wait for their encoding.
  static let queueCapacity = 5_000
  /// How long spans gather before they are encoded.
  static let interval = Duration.milliseconds(200)
  /// At most one line of the log in this time about spans that were lost.
  private static let logInterval = Duration.seconds(60)

  private struct State {
    var running: Task<Void, Never>?
    var assembly = TraceAssembly()
    var cleanValues = CleanValues()
    var told = 0
    var toldAt: ContinuousClock.Instant?
  }

  private let queue = ExportQueue(capacity: DatadogExporter.queueCapacity)
  private let discovery: AgentDiscovery?
  private let traces: AgentTraces?
  private let observability: LLMObservabilitySpans?
  private let evaluations: LLMObservabilityEvaluations?
  private let redaction = SpanRedaction()
  private let redactsContent: Bool
  private let logger: Logger
  private let now: @Sendable () -> Timestamp
  private let sleep: @Sendable (Duration) async throws -> Void
  private let state = Mutex(State())

  package init(
    _ settings: DatadogExporterSettings, send: @escaping DeliverySend, logger: Logger = Logger(label: "llm.instrumentation"),
    now: @escaping @Sendable () -> Timestamp = { .now() },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    redactsContent = settings.redactsContent
    self.logger = logger
    self.now = now
    self.sleep = sleep
    var intake: LLMObservabilityIntake?
    switch settings.road {
    case .agent(let url):
      let discovery = AgentDiscovery(agent: url, send: send, sleep: sleep)
      self.discovery = discovery
      traces =
        settings.sendsTraces
        ? AgentTraces(settings.traces, discovery: discovery, send: send, now: now, sleep: sleep) : nil
      if settings.sendsObservability {
        intake = .agent(url: url, proxy: { discovery.state.info?.eventProxyPath.map { String($0.dropFirst()) } })
      }
    case .agentless(let site, let apiKey):
      discovery = nil
      traces = nil
      intake = .agentless(site: site, apiKey: { apiKey })
    }
    observability = intake.map {
      LLMObservabilitySpans(intake: $0, settings: settings.observability, send: send, now: now, sleep: sleep)
    }
    evaluations = intake.map { LLMObservabilityEvaluations(intake: $0, settings: settings.observability, send: send, now: now) }
  }

  /// Takes spans for delivery; returns at once. The first ones begin the task that delivers.
  public func export(_ spans: [LLMSpan]) {
    queue.add(spans)
    start()
  }

  /// What of traces arrived, waits and was lost; `nil` where none are sent.
  public var traceStatus: ExportStatus? { traces.map { status(of: $0.lane) } }

  /// The same of LLM Observability.
  public var observabilityStatus: ExportStatus? { observability.map { status(of: $0.lane) } }

  private func status(of lane: DeliveryLane) -> ExportStatus {
    let (waiting, lane) = (queue.counts, lane.status)
    var status = ExportStatus()
    status.delivered = lane.delivered
    status.waiting = waiting.waiting + lane.waiting
    status.lastProblem = lane.lastProblem
    var lost = Dictionary(uniqueKeysWithValues: lane.dropped.map { ($0.key.rawValue, $0.value) })
    lost[DeliveryDrop.queueFull.rawValue, default: 0] += waiting.full
    lost[DeliveryDrop.shutDown.rawValue, default: 0] += waiting.late
    status.dropped = lost.filter { $0.value > 0 }
    return status
  }

  private func start() {
    state.withLock { state in
      // Detached: a delivery must not become part of the trace of whichever request came first.
      if state.running == nil { state.running = Task.detached { await self.deliver() } }
    }
  }

  /// Sends what waits, once, for at most three seconds, and ends.
  public func shutdown() async {
    start()
    let running = state.withLock { $0.running }
    running?.cancel()
    await running?.value
  }

  private func deliver() async {
    await askFirst()
    // Not children of this task: the lanes must still take what is encoded after the cancellation.
    let roads = Task { await self.runRoads() }
    let asking = Task { [discovery, sleep] in
      guard (try? await sleep(AgentDiscovery.absentInterval)) != nil else { return }
      await discovery?.run()
    }
    while !Task.isCancelled {
      do { try await sleep(Self.interval) } catch { break }
      passOn(isLast: false)
      tellLosses(isLast: false)
    }
    asking.cancel()
    queue.close()
    passOn(isLast: true)
    traces?.lane.shutDown()
    traces?.statistics.shutDown()
    observability?.shutDown()
    evaluations?.lane.shutDown()
    roads.cancel()
    await roads.value
    tellLosses(isLast: true)
  }

  /// Asked before the first spans are sent: the Agent says which doors it has and whose the statistics are. A program that ends at
  /// once waits a moment for that, too.
  private func askFirst() async {
    let asking = Task { [discovery] in await discovery?.ask() }
    await withTaskCancellationHandler {
      await asking.value
    } onCancel: { [sleep] in
      Task {
        try? await sleep(.seconds(1))
        asking.cancel()
      }
    }
  }

  private func runRoads() async {
    await withTaskGroup { [traces, observability, evaluations] group in
      if let traces {
        group.addTask { await traces.lane.run() }
        group.addTask { await traces.statistics.run() }
      }
      if let observability { group.addTask { await observability.run() } }
      if let evaluations { group.addTask { await evaluations.lane.run() } }
    }
  }

  /// Redacts what came, and gives each road its spans.
  private func passOn(isLast: Bool) {
    let time = now()
    let (fresh, whole) = state.withLock { state in
      var fresh = queue.take()
      for index in fresh.indices {
        if let content = fresh[index].content {
          fresh[index].content = redaction.captured(content, as: redactsContent ? .redacted : .full)
        }
        redaction.redactFacts(&fresh[index], &state.cleanValues)
      }
      guard traces != nil else { return (fresh, [LLMSpan]()) }
      let complete = state.assembly.add(fresh, now: time)
      return (fresh, complete + state.assembly.release(now: time, isLast: isLast))
    }
    traces?.add(whole)
    if isLast { traces?.finish() } else { traces?.flush() }
    observability?.add(fresh)
    evaluations?.add(fresh)
  }

  private func tellLosses(isLast: Bool) {
    let all = [traceStatus, observabilityStatus].compactMap(\.self)
    let lost = all.reduce(0) { $0 + $1.droppedInAll }
    let isDue = state.withLock { state in
      let now = ContinuousClock.now
      guard lost > state.told, isLast || state.toldAt.map({ now - $0 >= Self.logInterval }) ?? true else { return false }
      state.told = lost
      state.toldAt = now
      return true
    }
    guard isDue else { return }
    var metadata: Logger.Metadata = ["reason": "\(all.compactMap(\.lastProblem).first ?? "")"]
    for status in all { for (reason, count) in status.dropped { metadata["dropped_\(reason)"] = "\(count)" } }
    logger.warning("spans were lost on their way to Datadog", metadata: metadata)
  }
}
