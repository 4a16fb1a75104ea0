// The judge in a running commander: chooses answers on ingest's thread without waiting, and asks about them beside everything else.

import Console
import LLMMetrics
import LLMTelemetry
import Logging
import Redaction
import SemanticRisk
import ServiceLifecycle
import Storage
import Synchronization

final class JudgeWatch: Sendable {
  /// One answer that waits for a verdict.
  struct Case: Sendable {
    let at: Timestamp
    let trace: TraceID
    let span: SpanID
    let scorer: RiskScorer
    let score: Double
    let messages: [ContentMessage]
  }

  /// Answers that may wait, each with at most `JudgeQuestion.characterLimit` characters.
  static let queueLimit = 64
  /// What was long ago is no sample of now: somebody imports recorded traffic.
  static let latest: Duration = .seconds(600)

  let settings: JudgeSettings
  private let capture: CapturePolicy
  private let memory: Mutex<JudgeMemory>
  private let queue = AsyncStream.makeStream(of: Case.self, bufferingPolicy: .bufferingOldest(JudgeWatch.queueLimit))
  private let now: @Sendable () -> Timestamp

  /// - Parameter capture: which routes' texts come this far in words that can be read.
  init(settings: JudgeSettings, capture: CapturePolicy, now: @escaping @Sendable () -> Timestamp = { .now() }) {
    self.settings = settings
    self.capture = capture
    self.now = now
    memory = Mutex(JudgeMemory(scorers: settings.scorers))
  }

  /// To be called behind the redaction stage. Never waits.
  func observe(_ spans: [LLMSpan]) {
    let now = now()
    for span in spans where span.kind == .llm && span.isTraffic && span.outcome == .ok && settings.sample.holds(span.traceID) {
      // A copy of an earlier answer was looked at when it was given.
      guard !span.isAnsweredFromCache, now - span.end <= Self.latest, let content = readable(span) else { continue }
      for scorer in settings.scorers {
        guard let score = span.risk[scorer] else { continue }
        choose(span, scorer, score, content, at: now)
      }
    }
  }

  /// The texts without personal data; `nil` where they were not captured as text. A route that captures them in full does so for its
  /// owner's own sinks, and a judge is another company's model.
  private func readable(_ span: borrowing LLMSpan) -> SpanContent? {
    guard let content = span.content else { return nil }
    switch capture.capture(route: span.dimensions.route) {
    case .off, .hashed: return nil
    case .redacted: return content
    case .full: return SpanRedaction().captured(content, as: .redacted)
    }
  }

  private func choose(_ span: LLMSpan, _ scorer: RiskScorer, _ score: Double, _ content: SpanContent, at now: Timestamp) {
    guard JudgeQuestion.characters(of: content) <= JudgeQuestion.characterLimit else {
      return memory.withLock { $0.note(.tooLong) }
    }
    // Random, and made after everything that could have wanted to write it.
    let mark = "\(SpanID.random())\(SpanID.random())"
    guard let messages = JudgeQuestion.messages(about: content, scorer: scorer, mark: mark),
      memory.withLock({ $0.admits(at: now, perMinute: settings.perMinute) })
    else { return }
    let chosen = Case(
      at: span.start, trace: span.traceID, span: span.spanID, scorer: scorer, score: score, messages: messages)
    if case .dropped = queue.continuation.yield(chosen) { memory.withLock { $0.note(.queueFull) } }
  }

  // MARK: Asking

  /// Calls that are open at once: a minute's answers fit through, at ten seconds each.
  private var concurrency: Int { min(16, max(1, settings.perMinute / 6)) }

  /// Asks about what was chosen, until the task is cancelled. Call once.
  /// - Parameter keep: stores a verdict.
  func run(ask: @escaping @Sendable ([ContentMessage]) async -> JudgeReply, keep: @escaping @Sendable (JudgeRow) -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      var open = 0
      for await chosen in queue.stream {
        if open == concurrency {
          await group.next()
          open -= 1
        }
        open += 1
        group.addTask { await self.judge(chosen, ask, keep) }
      }
    }
  }

  private func judge(
    _ chosen: Case, _ ask: ([ContentMessage]) async -> JudgeReply, _ keep: (JudgeRow) -> Void
  ) async {
    // What was chosen before the budget was spent is not asked after it.
    let isPaused = memory.withLock { memory in
      guard let until = memory.pausedUntil, now() < until else { return false }
      memory.note(.paused)
      return true
    }
    if isPaused { return }
    let reply = await ask(chosen.messages)
    // The end of the program is nobody's failure.
    if Task.isCancelled { return }
    switch reply {
    case .verdict(let verdict):
      let row = JudgeRow(
        at: chosen.at, trace: chosen.trace, span: chosen.span, scorer: chosen.scorer, judge: settings.judge, score: chosen.score,
        judgeScore: verdict.score, reason: verdict.reason)
      memory.withLock { $0.add(row) }
      keep(row)
    case .none(let obstacle, let message, let retryAfter):
      memory.withLock { $0.note(obstacle, message: message, retryAfter: retryAfter, at: now()) }
    }
  }

  // MARK: Telling

  func measurements() -> [MetricMeasurement] { memory.withLock { $0.takeMeasurements() } }

  /// - Parameter cost: of the judge's own calls in the last 24 hours.
  func report(cost: JudgeReport.Cost) -> JudgeReport { JudgeReport(settings, memory.withLock { $0 }, cost: cost) }

  /// Takes up the verdicts of earlier starts. Throws `StorageError`.
  func restore(_ store: TelemetryStore) throws {
    for scorer in settings.scorers {
      let rows = try store.verdicts(of: settings.judge, on: scorer, limit: JudgeAgreement.window)
      memory.withLock { $0.restore(rows) }
    }
  }
}

struct JudgeService: Service {
  let judge: JudgeWatch
  let client: JudgeClient
  let store: TelemetryStore
  /// Takes measurements that are of no span.
  let report: @Sendable ([MetricMeasurement]) -> Void
  let logger: Logger

  func run() async throws {
    // What it counted since the sampler last asked is told at the end.
    defer { report(judge.measurements()) }
    await cancelWhenGracefulShutdown {
      await judge.run(ask: { await client.ask($0) }) { row in
        do { try store.append(verdict: row) } catch {
          logger.warning("a verdict of the judge was not stored; it counts until the next start", metadata: ["error": "\(error)"])
        }
      }
    }
  }
}
