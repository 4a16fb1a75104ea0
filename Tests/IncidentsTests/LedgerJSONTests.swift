// The ledger's JSON is a promise: these lines must be readable by every later version.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors
import Remediation
import TestSeries
import Testing

@Suite struct LedgerJSONTests {
  static let key = AlertKey(monitor: "ungrounded", group: TagSet(["prompt": "rag-answer"]))
  static let action = RoutingOverride.Action.rollBackPrompt(prompt: "rag-answer", from: "43", to: "42")

  static let golden: [(entry: LedgerEntry, kind: String, subject: String, json: String)] = [
    (
      .alert(
        AlertTransition(
          key: key, from: .pending, to: .alert, at: .second(60), value: 0.5, threshold: 0.25, reason: "too many")),
      "alert.alert", #"ungrounded{prompt="rag-answer"}"#,
      #"{"at":"2026-11-01T00:01:00Z","from":"pending","key":{"group":{"prompt":"rag-answer"},"monitor":"ungrounded"},"reason":"too many","threshold":0.25,"to":"alert","type":"alert","value":0.5}"#
    ),
    (
      .incident(
        IncidentRecord(
          at: .second(60), incident: "INC-1", actor: "commander",
          event: .opened(.init(number: 1, title: "Errors", severity: .sev2, onset: .second(0), alert: key, reason: "too many")))),
      "incident.opened", "INC-1",
      #"{"actor":"commander","at":"2026-11-01T00:01:00Z","event":{"alert":{"group":{"prompt":"rag-answer"},"monitor":"ungrounded"},"number":1,"onset":"2026-11-01T00:00:00Z","reason":"too many","severity":"SEV-2","title":"Errors","type":"opened"},"incident":"INC-1","type":"incident"}"#
    ),
    (
      .incident(
        IncidentRecord(
          at: .second(60), incident: "INC-1", actor: "commander",
          event: .impactUpdated(
            Impact(affectedRequests: 5, totalRequests: 10, tenants: ["acme"], tenantCount: 1, extraCost: Nanodollars(1_500_000))))
      ),
      "incident.impact_updated", "INC-1",
      #"{"actor":"commander","at":"2026-11-01T00:01:00Z","event":{"affectedRequests":5,"errors":0,"extraCostDollars":"0.0015","tenantCount":1,"tenants":["acme"],"totalRequests":10,"type":"impact_updated","ungroundedAnswers":0},"incident":"INC-1","type":"incident"}"#
    ),
    (
      .incident(IncidentRecord(at: .second(61), incident: "INC-1", actor: "dana", event: .acknowledged)),
      "incident.acknowledged", "INC-1",
      #"{"actor":"dana","at":"2026-11-01T00:01:01Z","event":{"type":"acknowledged"},"incident":"INC-1","type":"incident"}"#
    ),
    (
      .incident(
        IncidentRecord(
          at: .second(64), incident: "INC-1", actor: "commander",
          event: .causeRevised(
            .init(
              attribution: Attribution(cause: nil, abstention: "none", contrast: [], rejected: [], signal: "refusal"),
              title: "Answers became worse", reason: "more was seen")))),
      "incident.cause_revised", "INC-1",
      #"{"actor":"commander","at":"2026-11-01T00:01:04Z","event":{"attribution":{"abstention":"none","contrast":[],"rejected":[],"signal":"refusal"},"reason":"more was seen","title":"Answers became worse","type":"cause_revised"},"incident":"INC-1","type":"incident"}"#
    ),
    (
      .remediation(
        RemediationRecord(
          at: .second(70), remediation: "REM-1", incident: "INC-1", actor: "commander",
          event: .reverted(.init(reason: "no better", generation: 2)))),
      "remediation.reverted", "REM-1",
      #"{"actor":"commander","at":"2026-11-01T00:01:10Z","event":{"generation":2,"reason":"no better","type":"reverted"},"incident":"INC-1","remediation":"REM-1","type":"remediation"}"#
    ),
    (
      .change(ChangeEvent(at: .second(5), kind: .promptVersion, subject: "rag-answer", from: "42", to: "43", author: "lee")),
      "change.prompt_version", "rag-answer",
      #"{"at":"2026-11-01T00:00:05Z","author":"lee","from":"42","kind":"prompt_version","subject":"rag-answer","to":"43","type":"change"}"#
    ),
    (
      .delivery(Delivery(key: "INC-1/opened", receiver: "ops", at: .second(62), outcome: .delivered, attempts: 1)),
      "delivery.delivered", "INC-1/opened",
      #"{"at":"2026-11-01T00:01:02Z","attempts":1,"key":"INC-1/opened","outcome":"delivered","receiver":"ops","type":"delivery"}"#
    ),
  ]

  @Test(arguments: golden.indices)
  func writesAndReadsTheSameLine(index: Int) throws {
    let (entry, kind, subject, json) = Self.golden[index]
    #expect(try entry.json() == json)
    #expect(try LedgerEntry(json: json) == entry)
    #expect(entry.kind == kind)
    #expect(entry.subject == subject)
  }

  @Test func everyEventOfARemediationReadsBack() throws {
    let plan = RemediationPlan(
      number: 1, incident: "INC-1", playbook: "roll-back", mode: .approve, action: Self.action, alert: Self.key,
      expectedEffect: "better", blastRadius: "all", guardrails: ["one"], verifyAfterSeconds: 30, giveUpAfterSeconds: 60,
      timeToLiveSeconds: 90)
    let override = RoutingOverride(
      id: "OVR-1", action: Self.action, incident: "INC-1", appliedAt: .second(0), expiresAt: .second(90))
    let events: [RemediationEvent] = [
      .proposed(.init(plan: plan)), .approved, .rejected(.init("no")), .applied(.init(override: override, generation: 1)),
      .verified(.init("good")), .escalated(.init("help")), .expired(.init(reason: "over", generation: 2)),
      .withdrawn(.init(reason: "mine", generation: 2)),
    ]
    for event in events {
      let entry = LedgerEntry.remediation(
        RemediationRecord(at: .second(1), remediation: "REM-1", incident: "INC-1", actor: "x", event: event))
      #expect(try LedgerEntry(json: entry.json()) == entry)
    }
  }

  @Test func entriesThatDoNotFitTheStateAreRefusedAndCounted() {
    var state = CommandState()
    for item in Self.golden { state.apply(item.entry) }
    // The alert came from pending, which it never was; the remediation was never proposed; a revision names a cause.
    #expect(state.refusedEntries == 3)
    #expect(state.incidents["INC-1"]?.state == .acknowledged)
  }
}

@Suite struct ActionJSONTests {
  static let actions: [(RoutingOverride.Action, String)] = [
    (
      .rollBackPrompt(prompt: "p", from: "2", to: "1"), #"{"from":"2","prompt":"p","to":"1","type":"roll_back_prompt"}"#
    ),
    (.stopCanary(prompt: "p", version: "2"), #"{"prompt":"p","type":"stop_canary","version":"2"}"#),
    (
      .fallBackModel(route: "r", from: "*", toProvider: "b", toModel: "m"),
      #"{"from":"*","route":"r","to_model":"m","to_provider":"b","type":"fall_back_model"}"#
    ),
    (
      .shiftWeight(route: "r", provider: "a", model: nil, toPercent: 0),
      #"{"provider":"a","route":"r","to_percent":0,"type":"shift_weight"}"#
    ),
    (
      .throttle(RequestScope(tenant: "t"), requestsPerMinute: 6),
      #"{"requests_per_minute":6,"scope":{"tenant":"t"},"type":"throttle"}"#
    ),
    (
      .limitSpending(tenant: "t", perHour: Nanodollars(1_500_000_000)),
      #"{"dollars_per_hour":"1.5","tenant":"t","type":"limit_spending"}"#
    ),
    (
      .capOutputTokens(RequestScope(prompt: "p", promptVersion: "2"), tokens: 9),
      #"{"scope":{"prompt":"p","prompt_version":"2"},"tokens":9,"type":"cap_output_tokens"}"#
    ),
    (.limitRetries(route: "r", attempts: 0), #"{"attempts":0,"route":"r","type":"limit_retries"}"#),
    (
      .removeTool(RequestScope(key: "k"), tool: "search"), #"{"scope":{"key":"k"},"tool":"search","type":"remove_tool"}"#
    ),
    (
      .cacheAnswers(RequestScope(tenant: "t"), maxAgeSeconds: 600),
      #"{"max_age_seconds":600,"scope":{"tenant":"t"},"type":"cache_answers"}"#
    ),
    (.closeRoute(route: "r"), #"{"route":"r","type":"close_route"}"#),
  ]

  @Test(arguments: actions.indices)
  func everyActionHasAFormThatStays(index: Int) throws {
    let (action, json) = Self.actions[index]
    let override = RoutingOverride(
      id: "OVR-1", action: action, incident: "INC-1", appliedAt: .second(0), expiresAt: .second(90), sharePerMille: 100)
    let entry = LedgerEntry.remediation(
      RemediationRecord(
        at: .second(1), remediation: "REM-1", incident: "INC-1", actor: "x",
        event: .applied(.init(override: override, generation: 1))))
    let line = try entry.json()
    #expect(line.contains(#""action":\#(json)"#) && line.contains(#""sharePerMille":100"#))
    #expect(try LedgerEntry(json: line) == entry)
  }

  @Test func whatEarlierVersionsWroteIsReadAsForAllRequests() throws {
    let line =
      #"{"actor":"x","at":"2026-11-01T00:00:01Z","event":{"generation":1,"override":{"action":{"from":"2","prompt":"p","to":"1","type":"roll_back_prompt"},"appliedAt":"2026-11-01T00:00:00Z","expiresAt":"2026-11-01T00:01:30Z","id":"OVR-1","incident":"INC-1"},"type":"applied"},"incident":"INC-1","remediation":"REM-1","type":"remediation"}"#
    guard case .remediation(let record) = try LedgerEntry(json: line), case .applied(let application) = record.event else {
      Issue.record("not an application")
      return
    }
    #expect(application.override.sharePerMille == RoutingOverride.wholePerMille)
    #expect(application.override.treats(0) && application.override.treats(.max))
  }

  @Test func sharesGrowWithoutAnybodyChangingSides() {
    var override = RoutingOverride(
      id: "OVR-3", action: .closeRoute(route: "r"), incident: "INC-1", appliedAt: .second(0), expiresAt: .second(90))
    var treated: Set<UInt64> = []
    for share in [0, 100, 500, 1_000] {
      override.sharePerMille = share
      let now = Set((0..<4_000).filter { override.treats(UInt64($0)) }.map(UInt64.init))
      #expect(now.isSuperset(of: treated))
      #expect((now.count - share * 4).magnitude <= 130)
      treated = now
    }
  }
}
