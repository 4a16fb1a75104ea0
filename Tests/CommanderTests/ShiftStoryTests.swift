// Scores of spans move: through the real pipeline, store and command cycle to an incident with its cause, over a restart.

import Foundation
import Incidents
import Ingest
import LLMMetrics
import LLMTelemetry
import Logging
import Monitors
import Remediation
import SemanticRisk
import Storage
import Synchronization
import Testing

@testable import Commander

@Suite struct ShiftStoryTests {
  private final class Commander {
    let store: TelemetryStore
    let center: CommandCenter
    let shift: ShiftWatch
    private var generator = SeededGenerator(seed: 21)

    init(folder: String, at time: Timestamp) throws {
      let clock = ClockBox(time)
      let configuration = try CommanderConfiguration.parse(
        """
        store: \(folder)
        keys: []
        providers: []
        routes: []
        monitors:
          - {name: moved, title: Scores moved, severity: SEV-3, query: sum(llm.semantic_risk.flagged) / sum(llm.semantic_risk.scored), window: 5m, above: 0.5, no_data: ok, detection: {signals: [ungrounded_shift]}}

        """, file: "c.yaml", environment: [:])
      #expect(configuration.usesShift)
      store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      var settings = ShiftStreams.Settings()
      settings.baseline = 2_000
      shift = ShiftWatch(settings: settings, now: { clock.now })
      try shift.restore(store)
      center = try CommandCenter(
        ledger: try Ledger(path: folder + "/ledger.sqlite"), configuration: configuration,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, at: time, read: { [store] in try store.read($0) },
        enforce: { _, _ in }, exemplars: { _ in [] }, shift: shift)
      self.box = clock
    }

    private let box: ClockBox
    var now: Timestamp { box.now }

    private func span(_ route: String, _ version: String, _ tenant: String, share: Double) -> LLMSpan {
      let isRisky = generator.uniform() < share
      let noise = (generator.uniform() + generator.uniform() + generator.uniform() - 1.5) * 2
      var span = LLMSpan(
        traceID: .random(at: box.now, using: &generator), spanID: .random(using: &generator), kind: .llm,
        name: "chat",
        start: box.now - .milliseconds(800), duration: .milliseconds(800))
      span.dimensions.model = "gpt-4o"
      span.dimensions.route = route
      span.dimensions.tenant = tenant
      span.dimensions.prompt = route
      span.dimensions.promptVersion = version
      span.risk[.ungrounded] = Logistic.probability((isRisky ? 0.65 : -0.75) + noise)
      return span
    }

    /// `count` seconds of traffic, a request of each kind a second, and the turn after them.
    func pass(_ count: Int, answers: (version: String, share: Double)) async {
      let store = store
      let shift = shift
      let box = box
      let pipeline = IngestPipeline(
        enrichment: SpanEnrichment(messages: { _ in [] }),
        sinks: [
          IngestSink(name: "store", batch: { try store.append(spans: $0.spans) }, rollups: { try store.append(rollups: $0) }),
          IngestSink(name: "shift", batch: { shift.observe($0.spans) }),
        ], now: { box.now }, sinkFailed: { Issue.record("\($0): \($1)") })
      for _ in 0..<count {
        box.now = box.now + .seconds(1)
        let version = answers.version
        pipeline.offer([
          span("answer", version, "acme", share: answers.share), span("answer", version, "globex", share: answers.share),
          span("summary", "7", "acme", share: 0.05),
        ])
      }
      pipeline.shutDown()
      await pipeline.run()
      box.now = box.now + .milliseconds(3_500)
      await center.turn(now: box.now)
    }
  }

  private final class ClockBox: Sendable {
    private let time: Mutex<Timestamp>
    init(_ time: Timestamp) { self.time = Mutex(time) }
    var now: Timestamp {
      get { time.withLock { $0 } }
      set { time.withLock { $0 = newValue } }
    }
  }

  @Test func aVersionThatAnswersWorseBecomesAnIncidentWithItsCauseAfterARestart() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "shift-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var time = Timestamp(unixSeconds: 1_763_900_000)
    do {
      let commander = try Commander(folder: folder, at: time)
      for _ in 0..<6 { await commander.pass(400, answers: ("42", 0.05)) }
      let report = commander.shift.report(at: commander.now)
      #expect(report.streams.map(\.state) == [.watching, .watching, .watching], "\(report)")
      #expect(await commander.center.state.alerts.statuses.values.allSatisfy { !$0.isFiring })
      try commander.shift.save(commander.store)
      time = commander.now
    }
    let commander = try Commander(folder: folder, at: time)
    // What was learned is still there: nothing learns anew.
    #expect(commander.shift.report(at: time).streams.map(\.state) == [.watching, .watching, .watching])
    let shipped = ChangeEvent(at: time, kind: .promptVersion, subject: "answer", from: "42", to: "43", author: "lee")
    try await commander.center.record([.change(shipped)])
    var seconds = 0
    while await commander.center.state.incidents.open.isEmpty, seconds < 1_500 {
      seconds += 50
      await commander.pass(50, answers: ("43", 0.22))
    }
    #expect(seconds < 900, "found after \(seconds) responses of each stream")
    let incident = try #require(await commander.center.state.incidents.open.first)
    let cause = try #require(incident.cause)
    #expect(cause.dimensions["prompt_version"] == "43" && cause.dimensions["route"] == "answer", "\(cause.dimensions)")
    #expect(cause.change == shipped)
    let words = cause.evidence.joined(separator: "\n")
    for part in ["score as risky", "with version 42", "over its threshold", "1 false alarm a week", "a second"] {
      #expect(words.contains(part), "\(words)")
    }
    let measurements = commander.shift.measurements()
    #expect(
      measurements.contains { $0.definition == MetricCatalogue.riskShift && $0.tags["prompt_version"] == "43" }
        && measurements.contains { $0.definition == MetricCatalogue.detectionFindings && $0.tags["signal"] == "ungrounded_shift" }
    )
    let state = await commander.center.state
    let postmortem = Postmortem.markdown(incident, state: state)
    #expect(postmortem.contains("score as risky"), "\(postmortem)")
    // All tenants of the version are the one incident.
    for _ in 0..<6 { await commander.pass(100, answers: ("43", 0.22)) }
    #expect(await commander.center.state.incidents.incidents.count == 1)
    // Rolled back.
    for _ in 0..<8 { await commander.pass(100, answers: ("42", 0.05)) }
    #expect(await commander.center.state.alerts.statuses.values.allSatisfy { !$0.isFiring })
  }
}
