// A small company's afternoon for the console's tests: a flawed prompt version, its incident, and what was done about it.

import Console
import Foundation
import Hummingbird
import HummingbirdTesting
import Incidents
import LLMMetrics
import LLMTelemetry
import Logging
import Monitors
import Remediation
import Storage
import Synchronization

/// The commands the console submitted, with their actors; state is the fold of the ledger, as in the engine.
final class Story: Sendable {
  enum Chapter: Int, Sendable {
    case empty, healthy, proposed, applied, resolved
  }

  struct Submitted: Equatable {
    let command: OperatorCommand
    let actor: String
  }

  private let ledger: Mutex<CommandState>
  let submitted = Mutex<[Submitted]>([])
  let promoted = Mutex<[String]>([])
  let now: Timestamp
  let chapter: Chapter
  private let tenant: String
  private let title: String

  static func at(_ time: String) -> Timestamp { Timestamp(rfc3339: "2026-11-23T\(time)Z") ?? Timestamp(unixSeconds: 0) }

  static let alert = AlertKey(monitor: "rag-answer-ungrounded", group: TagSet(["prompt": "rag-answer"]))
  static let latency = AlertKey(monitor: "rag-answer-latency")
  static let trace = "6a1f0c2b000000005c1b9a37e4d20f18"

  init(
    _ chapter: Chapter, tenant: String = "acme-eu", title: String = "Answers of rag-answer became poorly grounded",
    shadows: Set<String> = []
  ) {
    self.shadows = shadows
    self.chapter = chapter
    self.tenant = tenant
    self.title = title
    now =
      switch chapter {
      case .empty, .healthy: Self.at("14:20:00")
      case .proposed: Self.at("14:42:07")
      case .applied: Self.at("14:51:00")
      case .resolved: Self.at("15:03:00")
      }
    ledger = Mutex(CommandState(folding: Self.entries(until: chapter, title: title)))
  }

  var state: CommandState { ledger.withLock { $0 } }

  // MARK: The ledger

  private static func entries(until chapter: Chapter, title: String) -> [LedgerEntry] {
    guard chapter.rawValue >= Chapter.proposed.rawValue else { return [] }
    func incident(_ time: String, _ event: IncidentEvent, by actor: String = "commander") -> LedgerEntry {
      .incident(IncidentRecord(at: at(time), incident: "INC-1", actor: actor, event: event))
    }
    func remediation(_ time: String, _ event: RemediationEvent, by actor: String = "commander") -> LedgerEntry {
      .remediation(RemediationRecord(at: at(time), remediation: "REM-1", incident: "INC-1", actor: actor, event: event))
    }
    func alert(
      _ key: AlertKey, _ from: AlertState, _ to: AlertState, _ time: String, _ value: Double, _ threshold: Double,
      _ reason: String
    ) -> LedgerEntry {
      .alert(AlertTransition(key: key, from: from, to: to, at: at(time), value: value, threshold: threshold, reason: reason))
    }
    let change = ChangeEvent(at: at("14:22:00"), kind: .promptVersion, subject: "rag-answer", from: "42", to: "43", author: "lee")
    let cause = Cause(
      dimensions: ["prompt_version": "43"], title: "Prompt rag-answer version 43", confidence: 0.91, explained: 0.97,
      evidence: ["Changed 9 min before the onset by lee", "3.0 times over-represented in the affected requests"], change: change)
    let contrast = [
      ContrastRow(dimension: "prompt_version", value: "43", affectedShare: 0.94, baselineShare: 0.31, verdict: .decisive),
      ContrastRow(dimension: "route", value: "/v1/answer", affectedShare: 0.91, baselineShare: 0.62, verdict: .supporting),
      ContrastRow(dimension: "model", value: "gemini-2.5-flash", affectedShare: 0.88, baselineShare: 0.79, verdict: .none),
      ContrastRow(dimension: "tenant", value: "acme-eu", affectedShare: 0.34, baselineShare: 0.30, verdict: .none),
      ContrastRow(dimension: "cache", value: "hit", affectedShare: 0.03, baselineShare: 0.07, verdict: .none),
    ]
    let action = RoutingOverride.Action.rollBackPrompt(prompt: "rag-answer", from: "43", to: "42")
    let plan = RemediationPlan(
      number: 1, incident: "INC-1", playbook: "roll-back-prompt", mode: .approve,
      action: action, alert: Self.alert,
      expectedEffect: "The ungrounded share returns to about 2.2 %, where version 42 was in the hour before",
      blastRadius: "all requests of prompt rag-answer, 94 % of the affected ones",
      guardrails: ["expires after 1 day", "reverted if the alert has not recovered within 10 min", "one override per prompt"],
      verifyAfterSeconds: 60, giveUpAfterSeconds: 600, timeToLiveSeconds: 86_400)
    var entries: [LedgerEntry] = [
      .change(change),
      alert(Self.alert, .ok, .pending, "14:31:00", 0.08, 0.06, "8 % of scored answers were ungrounded over 5 min, above 6 %"),
      alert(Self.alert, .pending, .alert, "14:33:00", 0.11, 0.06, "11 % of scored answers were ungrounded over 5 min, above 6 %"),
      incident(
        "14:33:00",
        .opened(
          .init(
            number: 1, title: title, severity: .sev2, onset: at("14:31:00"), alert: Self.alert,
            reason: "11 % of scored answers were ungrounded over 5 min, above 6 %"))),
      alert(latency, .ok, .alert, "14:38:00", 5.4, 4, "p95 latency was 5.4 s over 5 min, above 4 s"),
      incident(
        "14:38:00", .alertJoined(.init(alert: latency, severity: .sev3, reason: "p95 latency was 5.4 s over 5 min, above 4 s"))),
      incident(
        "14:41:00",
        .causeAttributed(
          .init(
            attribution: Attribution(
              cause: cause, abstention: nil, contrast: contrast,
              rejected: [
                RejectedAlternative(title: "Model gemini-2.5-flash", reason: "other prompts on the same model did not change"),
                RejectedAlternative(
                  title: "Tenant acme-eu", reason: "its share of the affected requests is only 4 points higher"),
              ])))),
      incident("14:41:00", .exemplarsFound(.init(traces: [trace]))),
      incident(
        "14:41:30",
        .impactUpdated(
          Impact(
            affectedRequests: 4_812, totalRequests: 20_922, errors: 12, ungroundedAnswers: 1_214,
            tenants: ["acme-eu", "northwind", "globex"], tenantCount: 17,
            extraCost: Nanodollars(38_200_000_000)))),
      remediation("14:41:31", .proposed(.init(plan: plan))),
    ]
    if chapter.rawValue >= Chapter.applied.rawValue {
      let override = RoutingOverride(
        id: "OVR-1", action: action, incident: "INC-1", appliedAt: at("14:47:01"),
        expiresAt: at("14:47:01") + .seconds(86_400))
      entries += [
        incident("14:45:10", .acknowledged, by: "dana"), remediation("14:47:00", .approved, by: "dana"),
        remediation("14:47:01", .applied(.init(override: override, generation: 1))),
      ]
    }
    if chapter == .resolved {
      entries += [
        remediation("14:52:00", .verified(.init("2.3 % of scored answers were ungrounded over 5 min, back past 4 %"))),
        alert(Self.alert, .alert, .recovered, "14:52:00", 0.023, 0.06, "2.3 % of scored answers were ungrounded over 5 min"),
        incident("14:52:00", .mitigated(.init("REM-1 verified"))),
        incident("15:02:00", .resolved(.init("recovered for 10 min"))),
      ]
    }
    return entries
  }

  // MARK: Telemetry

  /// A value that wobbles the same way in every run.
  private static func wobble(_ time: Timestamp, _ seed: Double) -> Double {
    sin(Double(time.unixSeconds) / 41 * seed) * 0.6 + sin(Double(time.unixSeconds) / 17 * seed) * 0.4
  }

  /// From 13:00, with no data from 14:05 to 14:08, and a bad stretch from 14:30 to 14:48.
  func read(_ query: SeriesQuery) -> [SeriesGroup] {
    guard chapter != .empty else { return [] }
    var points: [(start: Timestamp, aggregate: Aggregate)] = []
    var time = max(Self.at("13:00:00"), query.range.lowerBound.floored(to: Rollup.width))
    let gap = Self.at("14:05:00")..<Self.at("14:08:00")
    let bad = Self.at("14:30:00")..<Self.at("14:48:00")
    while time < min(now, query.range.upperBound) {
      if !gap.contains(time), time >= query.range.lowerBound,
        let aggregate = Self.aggregate(
          query.metric, time, isBad: bad.contains(time) && chapter.rawValue >= Chapter.proposed.rawValue)
      {
        points.append((time, aggregate))
      }
      time = time + Rollup.width
    }
    return points.isEmpty ? [] : [SeriesGroup(tags: TagSet([TagSet.Tag]()), points: points)]
  }

  private static func aggregate(_ metric: String, _ time: Timestamp, isBad: Bool) -> Aggregate? {
    let requests = 60 + 14 * wobble(time, 1)
    switch metric {
    case MetricCatalogue.requests.name: return .count(Int64(requests))
    case MetricCatalogue.errors.name: return .count(Int64(max(0, 1 + 1.4 * wobble(time, 3) + (isBad ? 3 : 0))))
    case MetricCatalogue.answersScored.name: return .count(Int64(requests * 0.9))
    case MetricCatalogue.answersUngrounded.name:
      return .count(Int64(requests * 0.9 * (isBad ? 0.115 : 0.022) + 0.6 + wobble(time, 2.3)))
    case MetricCatalogue.cost.name: return .count(Int64(requests * (isBad ? 0.0052 : 0.0033) * 1e9))
    case MetricCatalogue.duration.name, MetricCatalogue.timeToFirstToken.name:
      var sketch = QuantileSketch()
      let scale = (metric == MetricCatalogue.duration.name ? 1.0 : 0.28) * (isBad ? 2.5 : 1) * (1 + 0.07 * wobble(time, 1.7))
      for index in 1...40 { sketch.add(scale * (0.7 + 0.035 * Double(index))) }
      return .sketch(sketch)
    default: return nil
    }
  }

  var exemplar: LLMSpan? {
    guard let traceID = TraceID(hexadecimal: Self.trace), let spanID = SpanID(bits: 7) else { return nil }
    var span = LLMSpan(
      traceID: traceID, spanID: spanID, kind: .llm, name: "chat gemini-2.5-flash", start: Self.at("14:38:12"),
      duration: .milliseconds(5_430))
    span.dimensions.tenant = tenant
    span.dimensions.prompt = "rag-answer"
    span.dimensions.promptVersion = "43"
    span.dimensions.model = "gemini-2.5-flash"
    span.usage = TokenUsage(input: 2_113, output: 612)
    span.cost = .exact(Nanodollars(2_163_900), priceVersion: "2026-11")
    span.risk.ungrounded = 0.83
    return span
  }

  static let monitors: [MonitorDefinition] = [
    MonitorDefinition(
      name: "rag-answer-ungrounded", title: "Ungrounded answers of rag-answer", severity: .sev2,
      query: MonitorQuery(.ratio(.init(.sum, MetricCatalogue.answersUngrounded), .init(.sum, MetricCatalogue.answersScored))),
      window: .seconds(300),
      holdFor: .seconds(120), threshold: Threshold(.above, critical: 0.06, recovery: 0.04), trafficGate: 50,
      playbooks: ["roll-back-prompt"], groupBy: ["prompt"]),
    MonitorDefinition(
      name: "rag-answer-latency", title: "p95 latency", severity: .sev3,
      query: MonitorQuery(.value(.init(.p95, MetricCatalogue.duration))),
      window: .seconds(300), threshold: Threshold(.above, critical: 4, recovery: 3)),
  ]

  /// Names of monitors that are on trial.
  private let shadows: Set<String>

  private var definitions: [MonitorDefinition] {
    Self.monitors.map { monitor in
      var monitor = monitor
      monitor.isShadow = shadows.contains(monitor.name)
      return monitor
    }
  }

  // MARK: As the console sees it

  var source: ConsoleSource {
    ConsoleSource(
      now: { self.now }, state: { self.state }, monitors: { self.definitions },
      evaluations: { try Self.monitors[1].evaluate(at: self.now, read: self.read) },
      readSeries: { self.read($0) },
      spans: { filter, _ in
        self.exemplar.map { span in filter.traceID == nil || filter.traceID == span.traceID ? [span] : [] } ?? []
      },
      prompts: { [PromptSummary(name: "rag-answer", versions: ["42", "43"], production: "43")] },
      health: {
        CommanderHealth(
          newestSpan: self.chapter == .empty ? nil : self.now - .seconds(3), queueDepth: 0, dropped: ["queue_full": 2],
          storeBytes: 4_200_000, version: "0.1.0",
          gatewayAddress: "http://127.0.0.1:8080",
          roads: [
            RoadHealth(
              name: "Traces to the Datadog Agent", unit: "spans", delivered: 4_812, waiting: 17, dropped: ["unreachable": 3],
              problem: nil)
          ], openCircuits: ["vertex gemini-2.5-flash"])
      },
      postmortem: { id in
        self.state.incidents[id].map {
          "# Postmortem of \(id)\n\n**\($0.title)**, see [the incident](/incidents/\(id)).\n\n## Timeline\n\n"
            + $0.timeline.map { "- `\($0.at.timeOfDay)` \($0.text)" }.joined(separator: "\n")
            + "\n\n| Figure | Value |\n| --- | --- |\n| Requests | 4,812 |\n"
        }
      },
      submit: { command, actor in
        let entries = try self.state.entries(for: command, actor: actor, at: self.now)
        self.ledger.withLock { state in for entry in entries { state.apply(entry) } }
        self.submitted.withLock { $0.append(Submitted(command: command, actor: actor)) }
      },
      promptTexts: { $0 == "rag-answer" ? [PromptVersionText(version: "42", text: "Cite.", sha256: "7c22fd1c0a2d0e1b")] : nil },
      changePrompt: { prompt, action, _, actor in
        self.promoted.withLock { $0.append("\(prompt) \(action) \(actor)") }
        return [
          ChangeEvent(at: Self.at("14:40:00"), kind: .promptVersion, subject: prompt, from: "43", to: "42", author: actor)
        ]
      })
  }

  var application: some ApplicationProtocol {
    var logger = Logger(label: "console-tests")
    logger.logLevel = .critical
    return Console.buildApplication(source: source, configuration: ConsoleConfiguration(port: 0), logger: logger)
  }
}

extension TestResponse {
  var text: String { String(buffer: body) }
}
