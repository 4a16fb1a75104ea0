// Everything the console reads and the few things it may ask for: the engine fills this in, tests fill it with a story.

import Budgets
import LLMMetrics
import LLMTelemetry
import Monitors
import Pricing
import Remediation
import Storage

package struct ConsoleSource: Sendable {
  package var now: @Sendable () -> Timestamp
  /// A snapshot of the fold of the ledger.
  package var state: @Sendable () async throws -> CommandState
  package var monitors: @Sendable () async throws -> [MonitorDefinition]
  /// The last evaluations of each alert, oldest first.
  package var evaluations: @Sendable () async throws -> [Evaluation]
  package var readSeries: @Sendable (SeriesQuery) throws -> [SeriesGroup]
  /// At most so many spans, newest first.
  package var spans: @Sendable (SpanFilter, _ limit: Int) async throws -> [LLMSpan]
  package var prompts: @Sendable () async throws -> [PromptSummary]
  /// Of every subject that has spent; none when no budget is configured.
  package var budgets: @Sendable () async throws -> [BudgetStatus]
  package var health: @Sendable () async throws -> CommanderHealth
  /// The incident's postmortem as Markdown; `nil` for an unknown incident.
  package var postmortem: @Sendable (_ incident: String) async throws -> String?
  /// Throws `CommandRefusal` when the present state does not allow the command.
  package var submit: @Sendable (OperatorCommand, _ actor: String) async throws -> Void
  /// The texts of a prompt's versions; `nil` for an unknown prompt.
  package var promptTexts: @Sendable (_ prompt: String) async throws -> [PromptVersionText]?
  /// Returns what was changed; throws `CommandRefusal` for an unknown prompt, version or label, for what is so already, and for what
  /// a spent error budget forbids.
  package var changePrompt:
    @Sendable (_ prompt: String, PromptAction, PromotionTerms, _ actor: String) async throws -> [ChangeEvent]
  /// Writes down what came out of a replay with a version; throws `CommandRefusal` for an unknown prompt or version.
  package var recordReplay: @Sendable (_ prompt: String, _ version: String, ReplayResult, _ actor: String) async throws -> Void
  /// Where every objective stands now.
  package var objectives: @Sendable () async throws -> [ObjectiveStanding]
  /// The streams that are watched for population shifts; `nil` when no monitor listens.
  let shifts: @Sendable () async throws -> ShiftReport?
  /// `nil` when no judge is configured.
  let judge: @Sendable () async throws -> JudgeReport?
  /// What the hours that start in a range cost, of exchanges that have all of the filter's values.
  package var costs: @Sendable (Range<Timestamp>, [CostDimension: String]) async throws -> CostCourse

  package init(
    now: @escaping @Sendable () -> Timestamp = { .now() },
    state: @escaping @Sendable () async throws -> CommandState,
    monitors: @escaping @Sendable () async throws -> [MonitorDefinition],
    evaluations: @escaping @Sendable () async throws -> [Evaluation],
    readSeries: @escaping @Sendable (SeriesQuery) throws -> [SeriesGroup],
    spans: @escaping @Sendable (SpanFilter, _ limit: Int) async throws -> [LLMSpan],
    prompts: @escaping @Sendable () async throws -> [PromptSummary],
    budgets: @escaping @Sendable () async throws -> [BudgetStatus] = { [] },
    health: @escaping @Sendable () async throws -> CommanderHealth,
    postmortem: @escaping @Sendable (_ incident: String) async throws -> String?,
    submit: @escaping @Sendable (OperatorCommand, _ actor: String) async throws -> Void,
    promptTexts: @escaping @Sendable (_ prompt: String) async throws -> [PromptVersionText]?,
    changePrompt:
      @escaping @Sendable (_ prompt: String, PromptAction, PromotionTerms, _ actor: String) async throws -> [ChangeEvent],
    recordReplay:
      @escaping @Sendable (_ prompt: String, _ version: String, ReplayResult, _ actor: String) async throws -> Void = {
        _, _, _, _ in
      },
    objectives: @escaping @Sendable () async throws -> [ObjectiveStanding] = { [] },
    shifts: @escaping @Sendable () async throws -> ShiftReport? = { nil },
    judge: @escaping @Sendable () async throws -> JudgeReport? = { nil },
    costs: @escaping @Sendable (Range<Timestamp>, [CostDimension: String]) async throws -> CostCourse = { _, _ in
      CostCourse(subjects: [], hours: [])
    }
  ) {
    self.now = now
    self.state = state
    self.monitors = monitors
    self.evaluations = evaluations
    self.readSeries = readSeries
    self.spans = spans
    self.prompts = prompts
    self.budgets = budgets
    self.health = health
    self.postmortem = postmortem
    self.submit = submit
    self.promptTexts = promptTexts
    self.changePrompt = changePrompt
    self.recordReplay = recordReplay
    self.objectives = objectives
    self.shifts = shifts
    self.judge = judge
    self.costs = costs
  }
}

/// One road by which telemetry leaves the commander, and whether it arrives.
package struct RoadHealth: Hashable, Sendable {
  /// What goes there, in words: `Traces to the Datadog Agent`.
  package var name: String
  /// What is counted: `spans`, `lines`, `series`.
  package var unit: String
  package var delivered: Int
  package var waiting: Int
  /// By reason.
  package var dropped: [String: Int]
  /// In words, without addresses and credentials; `nil` when the last request was taken.
  package var problem: String?

  package init(name: String, unit: String, delivered: Int, waiting: Int, dropped: [String: Int], problem: String?) {
    self.name = name
    self.unit = unit
    self.delivered = delivered
    self.waiting = waiting
    self.dropped = dropped
    self.problem = problem
  }
}

/// Which configuration is in force, and whether a later one was refused.
package struct ConfigurationHealth: Hashable, Sendable, Codable {
  /// When the one in force was read.
  package var readAt: Timestamp
  /// When a later one was refused; `nil` when there is none.
  package var refusedAt: Timestamp?
  /// Why, each with its place.
  package var problems: [String]
  /// Sections of the file that differ from what is in force, and take a restart.
  package var needsRestart: [String]

  package init(readAt: Timestamp, refusedAt: Timestamp? = nil, problems: [String] = [], needsRestart: [String] = []) {
    self.readAt = readAt
    self.refusedAt = refusedAt
    self.problems = problems
    self.needsRestart = needsRestart
  }
}

/// How the commander itself is: what a reader needs to know before trusting the figures above.
package struct CommanderHealth: Hashable, Sendable {
  /// When the newest span that was stored ended; `nil` before the first.
  package var newestSpan: Timestamp?
  /// Spans waiting to be stored.
  package var queueDepth: Int
  /// Spans dropped since the start, by reason.
  package var dropped: [String: Int]
  package var storeBytes: Int64?
  package var version: String
  /// `http://127.0.0.1:8080`: where applications are pointed at.
  package var gatewayAddress: String?
  package var roads: [RoadHealth]
  /// Targets of the gateway whose circuit is open, as `provider model`.
  package var openCircuits: [String]
  /// `nil` where it is not read from a file.
  package var configuration: ConfigurationHealth?

  package init(
    newestSpan: Timestamp?, queueDepth: Int, dropped: [String: Int], storeBytes: Int64?, version: String, gatewayAddress: String?,
    roads: [RoadHealth] = [], openCircuits: [String] = [], configuration: ConfigurationHealth? = nil
  ) {
    self.configuration = configuration
    self.newestSpan = newestSpan
    self.queueDepth = queueDepth
    self.dropped = dropped
    self.storeBytes = storeBytes
    self.version = version
    self.gatewayAddress = gatewayAddress
    self.roads = roads
    self.openCircuits = openCircuits
  }

  /// `Newest span 3 s old · 12 queued · nothing dropped · store 4.2 MB · version 0.1.0`
  func sentence(at now: Timestamp) -> String {
    let age = newestSpan.map { "Newest span \(Words.span(now - $0)) old" } ?? "No span yet"
    let reasons = dropped.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.key) \(Figure.count(Int64($0.value)))" }
    let drops = reasons.isEmpty ? "nothing dropped" : "dropped: \(reasons.joined(separator: ", "))"
    let store = storeBytes.map { "store \(Figure.number(Double($0) / 1e6, decimals: 1)) MB" }
    return [age, "\(queueDepth) queued", drops, store, "version \(version)"].compactMap { $0 }.joined(separator: " · ")
  }
}
