// A commander for stories: real files, the default pack, its detector and playbooks, and a clock that the test moves.

import Foundation
import Incidents
import LLMMetrics
import LLMTelemetry
import Logging
import Monitors
import Remediation
import Storage
import Synchronization

@testable import Commander

/// One story: traffic goes to the store and the detector, the center takes its turns, what it decides is obeyed by the traffic.
final class StoryCommander {
  /// A Tuesday morning.
  static let beginning = Timestamp(unixSeconds: 1_791_277_200)
  /// What is usual has been learned by then; the story's minute 0.
  static let learning: Duration = .seconds(66 * 60)
  static let turn: Duration = .seconds(60)
  private static let silent = Logger(label: "story") { _ in SwiftLogNoOpLogHandler() }

  var traffic: StoryTraffic
  let center: CommandCenter
  private let folder: URL
  private let store: TelemetryStore
  private let detection: DetectionWatch
  private let overrides = EnforcedOverrides()
  private var meter = SpanMeter()
  private var fold = RollupFold()
  private var batch = MeasurementBatch()
  private let clock = StoryClock()
  private(set) var now: Timestamp {
    get { clock.value.withLock { $0 } }
    set { clock.value.withLock { $0 = newValue } }
  }

  final class StoryClock: Sendable {
    let value = Mutex(StoryCommander.beginning + StoryCommander.learning)
  }

  /// What the gateway was told last.
  final class EnforcedOverrides: Sendable {
    let value = Mutex(RoutingOverrides())
  }

  /// An ordinary hour, which is the same in all stories: made and learned once.
  private struct Past {
    var traffic = StoryTraffic(seed: 1)
    var meter = SpanMeter()
    var fold = RollupFold()
    let detection = DetectionWatch(now: { StoryCommander.beginning + StoryCommander.learning })
    /// The file of its rollups.
    let rollups: Data

    init() throws {
      let folder = StoryCommander.newFolder()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      var now = StoryCommander.beginning
      var batch = MeasurementBatch()
      var spans: [LLMSpan] = []
      var rollups: [Rollup] = []
      while now < StoryCommander.beginning + StoryCommander.learning {
        let new = traffic.spans(from: now, minute: -1)
        spans += new
        batch.removeAll()
        meter.measure(new, into: &batch)
        fold.add(batch)
        now = now + Rollup.width
        rollups += fold.closed(now: now + RollupFold.lateness)
      }
      let learned = try TelemetryStore(path: folder.appending(path: "spans.sqlite").path)
      try learned.append(spans: spans)
      try detection.remember(learned, changes: [])
      let file = folder.appending(path: StoryCommander.file)
      // Closed before it is read.
      try TelemetryStore(path: file.path).append(rollups: rollups)
      self.rollups = try Data(contentsOf: file)
    }
  }

  /// `COMMANDER_STORIES=whole` tells the stories with every monitor and objective of the default pack, which takes far longer.
  private static let isWhole = ProcessInfo.processInfo.environment["COMMANDER_STORIES"] == "whole"

  private static let file = "telemetry.sqlite"
  private static let past = Result { try Past() }

  private static func newFolder() -> URL {
    FileManager.default.temporaryDirectory.appending(path: "story-\(UUID().uuidString)")
  }

  init(seed: UInt64) throws {
    let past = try Self.past.get()
    folder = Self.newFolder()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try past.rollups.write(to: folder.appending(path: Self.file))
    store = try TelemetryStore(path: folder.appending(path: Self.file).path)
    var configuration = try CommanderConfiguration.parse(Self.yaml, file: "story.yaml", environment: ["KEY": "secret"])
    if !Self.isWhole {
      // Those that look at days have none to look at here, and cost most of the time.
      configuration.pack.monitors.removeAll { packed in
        switch packed.definition.kind {
        case .detection: false
        case .threshold: packed.definition.window > .seconds(15 * 60) || packed.definition.severity.rank > Severity.sev2.rank
        default: true
        }
      }
      configuration.pack.objectives = []
    }
    detection = DetectionWatch(copying: past.detection, now: { [clock] in clock.value.withLock { $0 } })
    (traffic, meter, fold) = (past.traffic, past.meter, past.fold)
    traffic.reseed(seed)
    let (store, overrides) = (store, overrides)
    center = try CommandCenter(
      ledger: Ledger(path: folder.appending(path: "ledger.sqlite").path), configuration: configuration, logger: Self.silent,
      at: Self.beginning, read: { try store.read($0) }, enforce: { sent, _ in overrides.value.withLock { $0 = sent } },
      exemplars: { _ in [] }, detection: detection)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Minutes since what is usual has been learned.
  var minute: Double { (now - Self.beginning - Self.learning).inSeconds / 60 }

  /// One turn of the clock.
  func step() async throws {
    let end = now + Self.turn
    while now < end { try serve(minute: minute) }
    try store.append(rollups: fold.closed(now: now + RollupFold.lateness))
    await center.turn(now: now)
    traffic.overrides = overrides.value.withLock { $0 }
  }

  private func serve(minute: Double) throws {
    let spans = traffic.spans(from: now, minute: minute)
    detection.observe(spans)
    batch.removeAll()
    meter.measure(spans, into: &batch)
    fold.add(batch)
    now = now + Rollup.width
  }

  func note(_ change: ChangeEvent) async throws { try await center.record([.change(change)]) }
}

extension StoryCommander {
  /// What an operator would write: where requests may go, and a playbook for each kind of cause.
  static let yaml = """
    gateway: {listen: "127.0.0.1:0"}
    console: {listen: "127.0.0.1:0"}
    keys: []
    packs: [default]
    providers:
      - {name: vertex, protocol: vertex, base_url: "https://vertex.invalid", credential: {environment: KEY}}
      - {name: openai, protocol: openai, base_url: "https://openai.invalid", credential: {environment: KEY}}
      - {name: anthropic, protocol: anthropic, base_url: "https://anthropic.invalid", credential: {environment: KEY}}
    routes:
      - name: answer
        models: [gemini-2.5-flash]
        targets: [{provider: vertex, model: gemini-2.5-flash, weight: 60}, {provider: openai, model: gpt-4.1-mini, weight: 40}]
        retries: {attempts: 2}
      - name: chat
        models: ["gpt-*"]
        targets: [{provider: openai, model: gpt-4.1-mini, weight: 60}, {provider: anthropic, model: claude-sonnet-4-5, weight: 40}]
        retries: {attempts: 2}
      - name: summarize
        models: ["claude-*"]
        targets: [{provider: anthropic, model: claude-sonnet-4-5, weight: 60}, {provider: vertex, model: gemini-2.5-flash, weight: 40}]
      - {name: classify, models: [gemini-2.5-flash-lite], provider: vertex, fallbacks: [{provider: openai, model: gpt-4.1-nano}]}
    playbooks:
      - {name: stop-canary, action: canary_stop, mode: auto, verify_after: 2m, give_up_after: 10m}
      - {name: roll-back-prompt, action: prompt_rollback, mode: auto, verify_after: 2m, give_up_after: 10m}
      - {name: shift-weight, action: weight_shift, mode: auto, verify_after: 2m, give_up_after: 10m}
      - {name: fall-back-model, action: model_fallback, mode: auto, verify_after: 2m, give_up_after: 10m}
      - {name: throttle-tenant, action: throttle, mode: auto, verify_after: 2m, give_up_after: 10m}
      - {name: limit-retries, action: retry_limit, mode: auto, verify_after: 2m, give_up_after: 10m}
      - {name: cache-answers, action: cache_on, mode: auto, verify_after: 2m, give_up_after: 10m}
      - {name: cap-answers, action: output_cap, mode: auto, output_tokens: 300, verify_after: 2m, give_up_after: 10m}
      - {name: tell-on-call, action: tell_person, mode: suggest, runbook: "https://runbooks.invalid/assistant"}
    overrides:
    \(listening(["detected-failures"], "stop-canary, roll-back-prompt, shift-weight, fall-back-model, cache-answers, tell-on-call"))
    \(listening(["detected-retries"], "limit-retries, shift-weight, fall-back-model, tell-on-call"))
    \(listening(["detected-slowness"], "stop-canary, roll-back-prompt, shift-weight, fall-back-model, tell-on-call"))
    \(listening(["detected-cost"], "stop-canary, roll-back-prompt, throttle-tenant, shift-weight, fall-back-model, cache-answers, cap-answers, tell-on-call"))
    \(listening(["detected-quality"], "stop-canary, roll-back-prompt, shift-weight, fall-back-model, tell-on-call"))
    \(listening(["detected-attack", "detected-loops"], "throttle-tenant, tell-on-call"))
    \(listening(["detected-leak"], "stop-canary, roll-back-prompt, tell-on-call"))
    \(listening(["detected-retrieval", "detected-silence"], "tell-on-call"))

    """

  private static func listening(_ monitors: [String], _ playbooks: String) -> String {
    monitors.map { "  - {name: \($0), playbooks: [\(playbooks)]}" }.joined(separator: "\n")
  }
}
