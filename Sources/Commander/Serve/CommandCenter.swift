// The effects around the pure command cycle: asks it what is true, writes that to the ledger, and tells those who must act.

import Console
import Datadog
import Incidents
import LLMMetrics
import LLMTelemetry
import Logging
import Monitors
import Remediation
import Storage
import StrictYAML

/// Owns the state. Everything that changes it goes through `commit`: on disk first, then in force.
package actor CommandCenter {
  private let ledger: Ledger
  private let read: @Sendable (SeriesQuery) throws -> [SeriesGroup]
  private let cycle: CommandCycle
  private let logger: Logger
  /// Puts overrides and prompt labels in force at the gateway.
  private let enforce: @Sendable (RoutingOverrides, PromptRegistry) async throws -> Void
  /// Traces that show an incident, for its page; they are looked for in the stored spans.
  private let exemplars: @Sendable (Incident) throws -> [String]
  /// Is told of changes, and of incidents that open and close.
  private let events: EventSink?
  /// What is found in the spans themselves; it is told of changes too.
  private let detection: DetectionWatch?
  /// What is found in their scores.
  private let shift: ShiftWatch?
  /// By prompt.
  private let replayRequirements: [String: ReplayRequirement]

  package private(set) var state: CommandState
  package private(set) var registry: PromptRegistry
  package private(set) var history = EvaluationHistory()
  /// What evaluations worked out and need not work out again, such as an anomaly's past.
  private let memory = EvaluationMemory()
  /// When the last turn was taken; `nil` before the first.
  package private(set) var lastTurn: Timestamp?
  /// True while the gateway has not confirmed the present overrides and labels.
  private var isEnforcementDue = false
  private var enforcement: Task<Bool, Never>?

  /// Rollups of an interval are in the store this long after its end: 2 s for late spans, 1 s tick, and the write.
  package static let settlingTime: Duration = .milliseconds(3500)

  init(
    ledger: Ledger, configuration: CommanderConfiguration, logger: Logger, at: Timestamp,
    read: @escaping @Sendable (SeriesQuery) throws -> [SeriesGroup],
    enforce: @escaping @Sendable (RoutingOverrides, PromptRegistry) async throws -> Void,
    exemplars: @escaping @Sendable (Incident) throws -> [String], events: EventSink? = nil,
    detection: DetectionWatch? = nil, shift: ShiftWatch? = nil
  ) throws {
    replayRequirements = configuration.replayRequirements
    self.shift = shift
    self.detection = detection
    self.events = events
    self.ledger = ledger
    self.read = read
    self.logger = logger
    self.enforce = enforce
    self.exemplars = exemplars
    var settings = configuration.commandSettings
    settings.watchingSince = at
    cycle = CommandCycle(monitors: configuration.monitors, playbooks: configuration.playbooks, settings: settings)
    let entries = try ledger.entries()
    var folded = CommandState(folding: entries)
    // All changes of the ledger, not the last thousand that the state remembers: a text's fingerprint is never forgotten.
    var prompts = PromptRegistry(
      configured: configuration.prompts,
      changes: entries.lazy.compactMap { if case .change(let change) = $0 { change } else { nil } })
    let changedTexts = configuration.problemsOfChangedTexts(prompts)
    guard changedTexts.isEmpty else { throw ConfigurationError(problems: changedTexts) }
    let changes = prompts.changesForConfiguration(at: at)
    try ledger.append(changes.map(LedgerEntry.change))
    for change in changes {
      folded.apply(.change(change))
      prompts.apply(change)
    }
    state = folded
    registry = prompts
  }

  package nonisolated var monitors: [MonitorDefinition] { cycle.monitors }

  /// Evaluates and decides for `now`. A failure is logged and met again by the next turn; no state is half changed.
  package func turn(now: Timestamp) async {
    do {
      let findings = (detection?.findings(at: now) ?? []) + (shift?.findings(at: now, changes: state.changes) ?? [])
      let context = cycle.context(of: state, SeriesSource(read), findings: findings, memory: memory)
      var durations: [String: Duration] = [:]
      let clock = ContinuousClock()
      let evaluations = try cycle.evaluate(state: state, now: now, context: context) { monitor, evaluate in
        let start = clock.now
        defer { durations[monitor] = clock.now - start }
        return try evaluate()
      }
      history.record(evaluations, durations: durations)
      let entries = try cycle.decide(
        state: state, evaluations: evaluations, now: now, findings: findings, memory: memory, read: read)
      try await commit(entries)
      try await commit(try newExemplars(now: now))
      lastTurn = now
    } catch {
      logger.error("the command cycle failed; it is tried again in 10 s", metadata: ["error": "\(error)"])
    }
    await enforceIfDue()
  }

  private func newExemplars(now: Timestamp) throws -> [LedgerEntry] {
    try state.incidents.open.filter(\.exemplars.isEmpty).compactMap { incident in
      let traces = try exemplars(incident)
      guard !traces.isEmpty else { return nil }
      return .incident(
        IncidentRecord(at: now, incident: incident.id, actor: "commander", event: .exemplarsFound(.init(traces: traces))))
    }
  }

  /// A person's command: refused with a reason, or a fact.
  package func submit(_ command: OperatorCommand, actor: String, now: Timestamp) async throws {
    try await commit(try state.entries(for: command, actor: actor, at: now))
    // An approval should not wait for the next turn, if this interval's data has settled.
    if now - now.floored(to: Rollup.width) >= Self.settlingTime { await turn(now: now) }
  }

  /// What another system said, and what that asks for: once, however often it is said. Returns why it was not possible.
  package func hear(_ event: HeardEvent, _ command: OperatorCommand?, actor: String) async throws -> CommandRefusal? {
    let (entries, refusal) = state.entries(hearing: event, command, actor: actor)
    try await commit(entries)
    return refusal
  }

  /// In the ledger and at the gateway when this returns. Returns what was changed.
  @discardableResult
  package func change(
    prompt: String, _ action: PromptAction, terms: PromotionTerms = PromotionTerms(), actor: String, now: Timestamp
  ) async throws -> [ChangeEvent] {
    let changes = try registry.changes(for: action, of: prompt, author: actor, at: now)
    var reasons: [LedgerEntry] = []
    if let exposure = registry.exposure(action, of: prompt) {
      let standings = try objectives(now: now) { $0.whenSpent == .freezePromotions }
      reasons = try PromotionFreeze.entries(
        prompt: prompt, version: exposure.version, standings: standings, overrideReason: terms.overrideFreeze,
        command: exposure.command, actor: actor, at: now)
      if let requirement = replayRequirements[prompt] {
        reasons += try PromotionGate.entries(
          prompt: prompt, version: exposure.version, requirement: requirement,
          replay: state.replay(of: prompt, version: exposure.version, set: requirement.set), overrideReason: terms.overrideReplay,
          command: exposure.command, actor: actor, at: now)
      }
      if let evidence = terms.evidence, !evidence.isEmpty {
        reasons.append(
          .promotion(
            PromotionRecord(
              at: now, prompt: prompt, version: exposure.version, actor: actor,
              event: .replayed(.init(String(evidence.prefix(1_000)))))))
      }
    }
    try await commit(reasons + changes.map(LedgerEntry.change))
    return changes
  }

  /// What came out of a replay is kept, passed or not: a promotion may depend on the last one.
  package func record(
    _ result: ReplayResult, of prompt: String, version: String, actor: String, now: Timestamp
  ) async throws {
    try registry.check(version, of: prompt)
    try await commit([
      .promotion(
        PromotionRecord(
          at: now, prompt: prompt, version: version, actor: actor, event: .replayed(.init(result.sentence, result: result))))
    ])
  }

  /// Where the wanted objectives stand over closed rollups, by name.
  package func objectives(
    now: Timestamp, _ isWanted: (SLODefinition) -> Bool = { _ in true }
  ) throws -> [ObjectiveStanding] {
    let wanted = cycle.settings.objectives.values.filter(isWanted).sorted { $0.name < $1.name }
    guard !wanted.isEmpty else { return [] }
    var transitions: [AlertTransition] = []
    // Only time without alerts needs to know when there were alerts; the ledger alone has all of them.
    if wanted.contains(where: { if case .uptime = $0.indicator { true } else { false } }) {
      transitions = try ledger.entries().compactMap { if case .alert(let transition) = $0 { transition } else { nil } }
    }
    let series = SeriesSource(read)
    let at = now.floored(to: Rollup.width)
    return try wanted.map {
      ObjectiveStanding($0, try $0.status(at: at, series: series, transitions: transitions))
    }
  }

  package func promote(prompt: String, version: String, actor: String, now: Timestamp) async throws {
    try await change(prompt: prompt, .promote(version: version, label: "production"), actor: actor, now: now)
  }

  /// Something beside the ledger changed what the gateway must have: it is given everything again.
  func enforceAgain() async {
    isEnforcementDue = true
    await enforceIfDue()
  }

  func record(_ entries: [LedgerEntry]) async throws { try await commit(entries) }

  private func commit(_ entries: [LedgerEntry]) async throws {
    guard !entries.isEmpty else { return }
    try ledger.append(entries)
    let generation = state.overrides.generation
    var labelsMoved = false
    for entry in entries {
      state.apply(entry)
      if case .change(let change) = entry {
        registry.apply(change)
        detection?.note(change)
        labelsMoved = true
      }
      if let events { entry.tell(events, state: state) }
      logger.info("\(entry.kind)", metadata: ["subject": "\(entry.subject)"])
    }
    if labelsMoved || state.overrides.generation != generation { isEnforcementDue = true }
    await enforceIfDue()
  }

  /// What is in the ledger is the truth; a gateway that could not be told is told again by the next turn.
  ///
  /// One at a time: of two that overtake each other on different event loops, the older could come to rest last.
  private func enforceIfDue() async {
    while true {
      if let running = enforcement {
        _ = await running.value
        await Task.yield()
        continue
      }
      guard isEnforcementDue else { return }
      isEnforcementDue = false
      let (overrides, registry) = (state.overrides, registry)
      let task = Task { [enforce, logger] in
        do {
          try await enforce(overrides, registry)
          return true
        } catch {
          logger.error(
            "the gateway could not be given the overrides in force; tried again in 10 s", metadata: ["error": "\(error)"])
          return false
        }
      }
      enforcement = task
      let isDone = await task.value
      enforcement = nil
      guard isDone else {
        isEnforcementDue = true
        return
      }
    }
  }
}
