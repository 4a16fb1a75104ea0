// Monitors over recorded traffic: the same metering, evaluation, alerts and incidents as in `serve`, on the clock of the recording.

import Detection
import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation

/// What is replayed, and how.
struct ReplaySettings: Sendable {
  var pack: MonitorPack
  /// Time between two turns of the recorded clock: a multiple of a rollup's width. `serve` takes a turn every 10 s.
  var step: Duration = .seconds(60)
  var detection = DetectionSettings()
  /// Remember the values of threshold monitors, for advice.
  var keepsValues = false
}

/// One recording, record by record in the order of time. Memory is bounded by the monitors' windows, not by the recording.
struct MonitorReplay {
  /// Spans that are measured together.
  private static let batchSize = 512
  /// Turns are taken through this much silence; the rest of a gap is skipped.
  private static let longestSilence: Duration = .seconds(6 * 3_600)
  /// Combinations of values that are remembered, to tell whether two sets of conditions name the same requests.
  private static let combinationLimit = 8_192

  private let settings: ReplaySettings
  private let cycle: CommandCycle
  private var detector: Detector?
  private var meter = SpanMeter()
  private var fold = RollupFold()
  private var batch = MeasurementBatch()
  private var waiting: [LLMSpan] = []
  private let engine: MonitorEngine
  private var state = CommandState()
  private var combinations: Set<[String: String]> = []
  private var tally: [String: MonitorTally] = [:]
  private(set) var values = MonitorValues()
  private var spans = 0
  private var next: Timestamp?
  private(set) var first: Timestamp?
  private(set) var now: Timestamp?

  /// How often and how long one monitor was in alert.
  private struct MonitorTally {
    var alarms = 0
    var firing: [AlertKey: Timestamp] = [:]
    var minutes = 0.0
  }

  init(_ settings: ReplaySettings) {
    self.settings = settings
    // A recording has spans, and none of the states that this product measures: monitors on those would only see silence.
    let monitors = settings.pack.allMonitors.map(\.definition).filter(\.query.subject.metric.hasDimensions)
    let objectives = Dictionary(settings.pack.objectives.map { ($0.name, $0) }) { first, _ in first }
    cycle = CommandCycle(monitors: monitors, playbooks: [], settings: CommandSettings(objectives: objectives))
    // A cause is looked for in the last day.
    engine = MonitorEngine(monitors, objectives: objectives, retention: .seconds(26 * 3_600))
    let listens = monitors.contains { if case .detection = $0.kind { true } else { false } }
    detector = listens ? Detector(settings: settings.detection) : nil
  }

  mutating func add(_ record: TrafficRecord) throws {
    switch record {
    case .span(let span):
      try advance(to: span.start)
      spans += 1
      detector?.add(span)
      remember(span)
      waiting.append(span)
      if waiting.count >= Self.batchSize { measure() }
    case .change(let change):
      try advance(to: change.at)
      detector?.add(change)
      state.apply(.change(change))
    }
  }

  /// Everything up to the end of the last span's minute.
  mutating func finish() throws {
    guard let now else { return }
    try advance(to: now + settings.step)
    for name in tally.keys {
      for (_, since) in tally[name]?.firing ?? [:] { tally[name]?.minutes += (now - since).inSeconds / 60 }
      tally[name]?.firing = [:]
    }
  }

  private mutating func advance(to time: Timestamp) throws {
    if first == nil { first = time }
    if now.map({ time > $0 }) ?? true { now = time }
    guard var turn = next else {
      next = time.floored(to: settings.step) + settings.step
      return
    }
    let edge = turn + Self.longestSilence
    while turn <= time {
      // Nothing more can be learned from silence this long.
      if turn > edge { turn = time.floored(to: settings.step) }
      try takeTurn(at: turn)
      turn = turn + settings.step
    }
    next = turn
  }

  private mutating func measure() {
    guard !waiting.isEmpty else { return }
    batch.removeAll()
    meter.measure(waiting, into: &batch)
    fold.add(batch)
    waiting.removeAll(keepingCapacity: true)
  }

  private mutating func takeTurn(at turn: Timestamp) throws {
    measure()
    for rollup in fold.closed(now: turn + RollupFold.lateness) { engine.series.add(rollup) }
    detector?.pass(to: turn)
    let findings = detector?.followed.map(DetectionFinding.init) ?? []
    let context = cycle.context(of: state, SeriesSource(engine.series), findings: findings, memory: engine.memory)
    let evaluated = try cycle.evaluate(state: state, now: turn, context: context)
    if settings.keepsValues { values.record(evaluated) }
    let entries = try cycle.decide(
      state: state, evaluations: evaluated, now: turn, findings: findings, memory: engine.memory, read: engine.series.read)
    for entry in entries {
      if case .alert(let transition) = entry { count(transition) }
      state.apply(entry)
    }
  }

  private mutating func count(_ transition: AlertTransition) {
    let (name, key) = (transition.key.monitor, transition.key)
    let isFiring = transition.to == .alert || transition.to == .noData
    let since = tally[name]?.firing[key]
    if isFiring, since == nil {
      tally[name, default: MonitorTally()].alarms += 1
      tally[name]?.firing[key] = transition.at
    } else if !isFiring, let since {
      tally[name]?.firing[key] = nil
      tally[name]?.minutes += (transition.at - since).inSeconds / 60
    }
  }

  private mutating func remember(_ span: LLMSpan) {
    guard combinations.count < Self.combinationLimit else { return }
    var values: [String: String] = [:]
    for cause in CauseDimension.allCases { values[cause.name] = span[cause.dimension] }
    combinations.insert(values)
  }

  /// What was found, in the form of the report.
  func recording(files: [Int]) -> Backtest.Recording {
    let incidents = state.incidents.incidents.map { incident in
      DetectedIncident(
        opened: incident.openedAt, resolved: incident.resolvedAt, onset: incident.onsetAt,
        severity: incident.severity.rawValue, monitors: Self.unique(incident.alerts.map(\.monitor)),
        cause: .init(
          dimensions: incident.cause?.dimensions ?? [:], confidence: incident.cause?.confidence ?? 0,
          change: incident.cause?.change), combinations: Array(combinations))
    }
    let monitors = cycle.monitors.map { monitor in
      DetectionMonitor(
        name: monitor.name, alarms: tally[monitor.name]?.alarms ?? 0,
        incidents: incidents.count { $0.monitors.contains(monitor.name) },
        minutes: ((tally[monitor.name]?.minutes ?? 0) * 10).rounded() / 10)
    }
    let seconds = first.flatMap { first in now.map { ($0 - first).inSeconds } } ?? 0
    return Backtest.Recording(incidents: incidents, monitors: monitors, seconds: seconds, spans: spans, files: files)
  }

  private static func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}
