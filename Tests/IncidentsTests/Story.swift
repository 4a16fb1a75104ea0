// A small world for end-to-end tests: traffic by the second, the commander's cycle, and a gateway that obeys its overrides.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation
import TestSeries

struct Story {
  struct Stream {
    var tags: [String: String]
    var requests: Int64
  }

  var cycle: CommandCycle
  var table = SeriesTable()
  var state = CommandState()
  var entries: [LedgerEntry] = []
  var second: Int64 = 0
  var random = SplitMix(state: 7)
  /// What goes wrong: share of errors or ungrounded answers of requests with these tags.
  var errorShare: ([String: String]) -> Double = { _ in 0.01 }
  var ungroundedShare: ([String: String]) -> Double = { _ in 0.03 }
  var latency: ([String: String]) -> Double = { _ in 1 }
  var costEach: ([String: String]) -> Int64 = { _ in 1_000_000 }
  var errorClass = "rate_limited"
  /// The version that requests get whose canary is stopped.
  var production = "42"
  /// Where a shifted route sends its requests.
  var otherTarget: [String: (provider: String, model: String)] = [:]
  /// What throttles still let through in the present ten seconds, by their override.
  var allowances: [String: Int64] = [:]
  /// What detection follows.
  var findings: [DetectionFinding] = []
  /// Which version, model and provider requests get before overrides.
  var streams: [Stream] = []

  /// Entries of the last turn.
  private(set) var lastBatch = 0

  var now: Timestamp { .second(second) }

  mutating func record(_ entry: LedgerEntry) {
    state.apply(entry)
    entries.append(entry)
  }

  mutating func command(_ command: OperatorCommand, actor: String = "dana") throws {
    for entry in try state.entries(for: command, actor: actor, at: now) { record(entry) }
  }

  mutating func change(_ kind: ChangeEvent.Kind, _ subject: String, from: String?, to: String?) {
    record(.change(ChangeEvent(at: now, kind: kind, subject: subject, from: from, to: to, author: "lee")))
  }

  /// Ten seconds of traffic, then one turn; the turn must have nothing to add when asked again.
  @discardableResult
  mutating func step() throws -> [LedgerEntry] {
    let start = now
    allowances = [:]
    for stream in streams { serve(stream, at: start) }
    second += 10
    let decided = try cycle.decide(state: state, now: now, findings: findings, read: table.read)
    for entry in decided { record(entry) }
    lastBatch = decided.count
    let again = try cycle.decide(state: state, now: now, findings: findings, read: table.read)
    if !again.isEmpty { throw Restless(entries: again.map(\.kind)) }
    return decided
  }

  struct Restless: Error { let entries: [String] }

  mutating func run(seconds: Int64) throws {
    for _ in 0..<seconds / 10 { try step() }
  }

  mutating func run(atMost seconds: Int64, until condition: (CommandState) -> Bool) throws {
    for _ in 0..<seconds / 10 where !condition(state) { try step() }
  }

  /// The gateway as far as metrics can tell: each override in force splits what it speaks about into treated and control.
  private mutating func serve(_ stream: Stream, at start: Timestamp) {
    var parts: [(tags: [String: String], requests: Int64, refused: Int64)] = [(stream.tags, stream.requests, 0)]
    for override in state.overrides.overrides {
      var split: [(tags: [String: String], requests: Int64, refused: Int64)] = []
      for part in parts {
        guard let effect = effect(of: override, on: part.tags, requests: part.requests) else {
          split.append(part)
          continue
        }
        let treated = part.requests * Int64(override.sharePerMille) / 1_000
        let own = effect.tags.merging(["override": override.treatedValue]) { $1 }
        let rest = part.tags.merging(["override": override.controlValue]) { $1 }
        split += [(own, treated, min(treated, effect.refused)), (rest, part.requests - treated, 0)].filter { $0.requests > 0 }
      }
      parts = split
    }
    for part in parts { serve(part.tags, part.requests, refused: part.refused, at: start) }
  }

  /// `nil` where the override does not speak about these requests.
  private mutating func effect(
    of override: RoutingOverride, on tags: [String: String], requests: Int64
  ) -> (tags: [String: String], refused: Int64)? {
    var moved = tags
    func isIn(_ scope: RequestScope) -> Bool { scope.filter?.allSatisfy { tags[$0.key] == $0.value } ?? false }
    switch override.action {
    case .rollBackPrompt(let prompt, let from, let to):
      guard tags["prompt"] == prompt, tags["prompt_version"] == from else { return nil }
      moved["prompt_version"] = to
    case .stopCanary(let prompt, let version):
      guard tags["prompt"] == prompt, tags["prompt_version"] == version else { return nil }
      moved["prompt_version"] = production
    case .fallBackModel(let route, let from, let toProvider, let toModel):
      guard tags["route"] == route, tags["model"] == from || from == RoutingOverride.anyModel else { return nil }
      (moved["model"], moved["provider"]) = (toModel, toProvider)
    case .shiftWeight(let route, _, _, _):
      // Tags name the vendor, the action the configured provider.
      guard tags["route"] == route, let other = otherTarget[route], tags["provider"] != other.provider else { return nil }
      (moved["provider"], moved["model"]) = (other.provider, other.model)
    case .throttle(let scope, let perMinute):
      guard isIn(scope) else { return nil }
      let allowance = allowances[override.id] ?? Int64(perMinute) / 6
      allowances[override.id] = max(0, allowance - requests)
      return (tags, max(0, requests - allowance))
    case .limitSpending(let tenant, _):
      guard tags["tenant"] == tenant else { return nil }
      return (tags, requests)
    case .closeRoute(let route):
      guard tags["route"] == route else { return nil }
      return (tags, requests)
    case .capOutputTokens(let scope, _):
      guard isIn(scope) else { return nil }
      moved["capped"] = "yes"
    case .removeTool(let scope, _):
      guard isIn(scope) else { return nil }
      moved["without_tool"] = "yes"
    case .cacheAnswers(let scope, _):
      guard isIn(scope) else { return nil }
      moved["cached"] = "yes"
    case .limitRetries(let route, _):
      guard tags["route"] == route else { return nil }
      moved["retries"] = "none"
    }
    return (moved, 0)
  }

  /// - Parameter tags: beside dimensions, how an override changed the requests, which metrics do not say.
  private mutating func serve(_ all: [String: String], _ requests: Int64, refused: Int64, at start: Timestamp) {
    let tags = all.filter { !["capped", "without_tool", "retries", "cached"].contains($0.key) }
    func events(_ share: Double, of count: Int64) -> Int64 {
      (0..<count).reduce(0) { sum, _ in sum + (Double(random.next() % 10_000) / 10_000 < share ? 1 : 0) }
    }
    if refused > 0 {
      table.count(MetricCatalogue.requests, tags.merging(["error_class": "withheld"]) { $1 }, at: start, refused)
    }
    let served = requests - refused
    guard served > 0 else { return }
    let errors = events(errorShare(all), of: served)
    table.count(MetricCatalogue.requests, tags, at: start, served)
    table.count(MetricCatalogue.errors, tags.merging(["error_class": errorClass]) { $1 }, at: start, errors)
    let scored = served - errors
    table.count(MetricCatalogue.answersScored, tags, at: start, scored)
    table.count(MetricCatalogue.answersUngrounded, tags, at: start, min(scored, events(ungroundedShare(all), of: served)))
    table.count(
      MetricCatalogue.cost, tags.merging(["cost_exactness": "exact"]) { $1 }, at: start, costEach(all) * served)
    var sketch = QuantileSketch()
    for _ in 0..<served { sketch.add(latency(all) * (0.7 + Double(random.next() % 600) / 1000)) }
    table.add(MetricCatalogue.duration, tags, at: start, .sketch(sketch))
  }

  /// Three tenants on a RAG route with a versioned prompt, and another route on another model.
  static func twoRoutes(version: String = "42", volume: Int64 = 8) -> [Stream] {
    ["acme", "globex", "initech"].flatMap { tenant in
      [
        Stream(
          tags: [
            "tenant": tenant, "route": "answer", "feature": "rag", "prompt": "rag-answer", "prompt_version": version,
            "provider": "vertex", "model": "gemini-2.5-flash",
          ], requests: volume),
        Stream(
          tags: ["tenant": tenant, "route": "chat", "feature": "chat", "provider": "openai", "model": "gpt-4.1-mini"],
          requests: volume),
        Stream(
          tags: [
            "tenant": tenant, "route": "classify", "feature": "triage", "provider": "vertex", "model": "gemini-2.5-flash-lite",
          ],
          requests: volume / 2),
      ]
    }
  }
}

extension Story {
  static let ungrounded = MonitorDefinition(
    name: "ungrounded", title: "Ungrounded answers", severity: .sev2,
    query: MonitorQuery(.ratio(.init(.sum, MetricCatalogue.answersUngrounded), .init(.sum, MetricCatalogue.answersScored))),
    window: .seconds(60), holdFor: .seconds(20), threshold: Threshold(.above, critical: 0.25, recovery: 0.12), trafficGate: 20,
    playbooks: ["roll-back-prompt", "fall-back"], groupBy: ["prompt"])

  static let errors = MonitorDefinition(
    name: "errors", title: "Error rate", severity: .sev1,
    query: MonitorQuery(.ratio(.init(.sum, MetricCatalogue.errors), .init(.sum, MetricCatalogue.requests))),
    window: .seconds(60), holdFor: .seconds(20), threshold: Threshold(.above, critical: 0.1, recovery: 0.05), trafficGate: 20,
    playbooks: ["roll-back-prompt", "fall-back"], groupBy: ["route"])

  static let latency = MonitorDefinition(
    name: "latency", title: "p95 latency", severity: .sev3, query: MonitorQuery(.value(.init(.p95, MetricCatalogue.duration))),
    window: .seconds(60), holdFor: .seconds(20), threshold: Threshold(.above, critical: 3, recovery: 2), trafficGate: 20)

  static let cost = MonitorDefinition(
    name: "cost", title: "Cost per minute", severity: .sev3, query: MonitorQuery(.perMinute(.init(.sum, MetricCatalogue.cost))),
    window: .seconds(60), holdFor: .seconds(20), threshold: Threshold(.above, critical: 0.8, recovery: 0.6))

  static func cycle(mode: Playbook.Mode, monitors: [MonitorDefinition] = [ungrounded, errors, latency, cost]) -> CommandCycle {
    CommandCycle(
      monitors: monitors,
      playbooks: [
        Playbook(
          name: "roll-back-prompt", action: .promptRollback, mode: mode, verifyAfter: .seconds(30), giveUpAfter: .seconds(120),
          timeToLive: .seconds(3_600)),
        Playbook(
          name: "fall-back", action: .modelFallback, mode: mode, verifyAfter: .seconds(30), giveUpAfter: .seconds(120),
          timeToLive: .seconds(3_600)),
      ],
      settings: CommandSettings(
        fallbacks: [
          RouteFallback(
            route: "answer", models: ["gemini-2.5-flash"], provider: "vertex", toProvider: "openai", toModel: "gpt-4.1-mini",
            leavesProvider: true)
        ], quietPeriod: .seconds(60)))
  }

  /// Ten healthy minutes on two routes.
  static func healthy(mode: Playbook.Mode = .approve, monitors: [MonitorDefinition] = [ungrounded, errors, latency, cost]) throws
    -> Story
  {
    var story = Story(cycle: cycle(mode: mode, monitors: monitors))
    story.streams = twoRoutes()
    try story.run(seconds: 600)
    return story
  }

  mutating func ship(_ version: String) {
    change(.promptVersion, "rag-answer", from: "42", to: version)
    streams = Self.twoRoutes(version: version)
  }
}
