// What a plan would have done with the requests that were recorded while an incident went on: an estimate, and it says so.

import Incidents
import LLMTelemetry
import Monitors

/// The outcome for people and programs; counts are of recorded exchanges.
package struct DryRunReport: Hashable, Sendable, Codable {
  /// Always `estimate`: nobody was asked again, and what was not recorded is not known.
  package var label = "estimate"
  package var remediation: String
  package var action: String
  package var from: Timestamp
  package var to: Timestamp
  /// Exchanges that were read.
  package var requests: Int
  /// There were more, of which the oldest were not read.
  package var isTruncated: Bool
  /// Requests the plan speaks about.
  package var inScope: Int
  /// Requests that would have been changed, refused ones included.
  package var changed: Int
  package var refused: Int
  package var errorsRecorded: Int
  /// `nil` where nothing recorded says how the changed requests would have fared.
  package var errorsExpected: Int?
  package var costRecordedDollars: String
  package var costExpectedDollars: String?
  /// What the figures rest on, each one sentence.
  package var assumptions: [String]

  package var changedShare: Double? { requests > 0 ? Double(changed) / Double(requests) : nil }
}

package enum DryRun {
  /// Spans that are read at most, the newest first.
  package static let spanLimit = 50_000
  static let longest: Duration = .seconds(3_600)

  /// The minutes in which the plan was not in force and the failure went on; at most the last hour of them.
  package static func range(of incident: Incident, plan: Remediation, now: Timestamp) -> Range<Timestamp> {
    let end = plan.appliedAt ?? incident.mitigatedAt ?? incident.resolvedAt ?? now
    let start = max(incident.onsetAt, end - longest)
    return min(start, end)..<end
  }

  /// - Parameter spans: in any order; those that account for an exchange.
  package static func report(of plan: RemediationPlan, over spans: [LLMSpan], range: Range<Timestamp>) -> DryRunReport {
    var run = Run(plan: plan, spans: spans.sorted { $0.start < $1.start })
    run.replay()
    return DryRunReport(
      remediation: plan.id, action: plan.sentence, from: range.lowerBound, to: range.upperBound, requests: spans.count,
      isTruncated: spans.count >= spanLimit, inScope: run.inScope, changed: run.changed, refused: run.refused,
      errorsRecorded: run.spans.count { $0.outcome.countsAsError }, errorsExpected: run.errorsExpected,
      costRecordedDollars: dollars(run.spans.reduce(0) { $0 + ($1.cost.amount?.count ?? 0) }),
      costExpectedDollars: run.costExpected.map(dollars), assumptions: run.assumptions)
  }

  private static func dollars(_ count: Int64) -> String { Nanodollars(max(0, count)).decimalDollars }
}

private struct Run {
  let plan: RemediationPlan
  let spans: [LLMSpan]
  private(set) var inScope = 0
  private(set) var changed = 0
  private(set) var refused = 0
  private(set) var errorsExpected: Int?
  private(set) var costExpected: Int64?
  private(set) var assumptions: [String] = []

  /// Below so many recorded exchanges a rate is no basis.
  static let leastCompared = 20

  init(plan: RemediationPlan, spans: [LLMSpan]) {
    self.plan = plan
    self.spans = spans
  }

  mutating func replay() {
    guard let action = plan.action else {
      (errorsExpected, costExpected) = (errors(spans), cost(spans))
      return assumptions.append("The plan tells a person and changes no request")
    }
    let scope = action.scope
    let touched = spans.filter {
      scope.contains($0.dimensions, key: $0.virtualKey, model: $0.fallbackFrom ?? $0.dimensions.model)
    }
    inScope = touched.count
    let largest = plan.steps.max() ?? RoutingOverride.wholePerMille
    let trial = RoutingOverride(
      id: plan.overrideID, action: action, incident: plan.incident, appliedAt: Timestamp(unixNanoseconds: 0),
      expiresAt: Timestamp(unixNanoseconds: .max), sharePerMille: largest)
    if largest < RoutingOverride.wholePerMille {
      assumptions.append("Applied to \(Figure.percent(Double(largest) / 1_000)) of the requests, its largest step")
    }
    let treated = touched.filter { trial.treats($0.ticket) }
    assumptions.append("In force from the first of these minutes on")
    switch action {
    case .rollBackPrompt(let prompt, _, let to):
      move(treated, to: "version \(to) of prompt \(prompt)") {
        $0.dimensions.prompt == prompt && $0.dimensions.promptVersion == to
      }
    case .stopCanary(let prompt, let version):
      move(treated, to: "the other versions of prompt \(prompt)") {
        $0.dimensions.prompt == prompt && $0.dimensions.promptVersion != version
      }
    case .fallBackModel(_, _, let provider, let model):
      move(treated, to: "\(model) at \(provider)") { $0.dimensions.model == model }
    case .shiftWeight(let route, let provider, let model, let toPercent):
      // Spans say the vendor, not the configured provider: the model tells targets apart where it differs.
      let leaving = treated.filter { model == nil || $0.dimensions.model == model }
      if model == nil {
        assumptions.append("Spans do not say which of two targets with one model answered; all of the route counts")
      }
      let moved = toPercent == 0 ? leaving : leaving.filter { $0.ticket % 100 >= UInt64(toPercent) }
      move(moved, to: "the other targets of route \(route) beside \(provider)") {
        $0.dimensions.route == route && model != nil && $0.dimensions.model != model
      }
    case .throttle(_, let perMinute):
      var gate = RateGate()
      refuse(treated.filter { gate.take(at: $0.start, perMinute: perMinute) != nil })
      assumptions.append("Clients that are told to wait come again; that is not counted")
    case .limitSpending(_, let perHour): spend(treated, perHour: perHour)
    case .closeRoute: refuse(treated)
    case .capOutputTokens(_, let tokens): cap(treated, tokens)
    case .limitRetries(_, let attempts):
      let retried = treated.filter { $0.attempts > attempts + 1 }
      changed = retried.count
      let saved = retried.reduce(0) { $0 + $1.attempts - attempts - 1 }
      assumptions.append("\(Figure.count(Int64(saved))) calls to providers fewer; fallbacks count as retries here")
      // An exchange that needed its retries would have failed.
      errorsExpected = errors(spans) + retried.count { !$0.outcome.countsAsError }
      costExpected = cost(spans)
      assumptions.append("Every exchange that went well only after more retries would have failed")
    case .cacheAnswers(_, let seconds): cache(treated, maxAge: .seconds(seconds))
    case .removeTool(_, let tool):
      let calling = treated.filter { $0.finishReason == .toolCalls || $0.finishReason == .malformedToolCall }
      changed = calling.count
      assumptions.append(
        "Spans do not say which tools were offered: answers that ended in a call of any tool are counted, \(tool) or not")
      assumptions.append("How the model answers without the tool is not known")
    }
  }

  /// Requests that would have fared as those recorded at the same time that went there already.
  private mutating func move(_ moved: [LLMSpan], to place: String, isThere: (LLMSpan) -> Bool) {
    changed = moved.count
    let ids = Set(moved.map(\.spanID))
    let there = spans.filter { isThere($0) && !ids.contains($0.spanID) }
    guard there.count >= Self.leastCompared else {
      assumptions.append("Only \(there.count) recorded requests went to \(place): how the others would fare there is not known")
      return
    }
    let rate = Double(errors(there)) / Double(there.count)
    let each = Double(cost(there)) / Double(there.count)
    assumptions.append(
      "Moved requests fare as the \(Figure.count(Int64(there.count))) recorded ones that went to \(place): "
        + "\(Figure.percent(rate)) failed, $\(Figure.amount(each / 1e9)) each")
    errorsExpected = errors(spans) - errors(moved) + Int((rate * Double(moved.count)).rounded())
    costExpected = cost(spans) - cost(moved) + Int64((each * Double(moved.count)).rounded())
  }

  private mutating func refuse(_ refusals: [LLMSpan]) {
    changed = refusals.count
    refused = refusals.count
    errorsExpected = errors(spans) - errors(refusals)
    costExpected = cost(spans) - cost(refusals)
    assumptions.append("A refused request is no error here: it is refused on purpose")
  }

  private mutating func spend(_ treated: [LLMSpan], perHour: Nanodollars) {
    var spent: [Int64: Int64] = [:]
    var refusals: [LLMSpan] = []
    for span in treated {
      let hour = span.start.unixSeconds / 3_600
      if spent[hour, default: 0] >= perHour.count {
        refusals.append(span)
      } else {
        spent[hour, default: 0] += span.cost.amount?.count ?? 0
      }
    }
    refuse(refusals)
    assumptions.append("The budget reserves before it spends, so that it refuses somewhat earlier than here")
  }

  private mutating func cap(_ treated: [LLMSpan], _ tokens: Int) {
    let cut = treated.filter { ($0.usage.totalOutput ?? 0) > tokens }
    changed = cut.count
    var saved: Int64 = 0
    for span in cut {
      guard let output = span.usage.totalOutput, let amount = span.cost.amount else { continue }
      // An output token costs no less than an input token, so that this is the least that is saved.
      let all = output + (span.usage.totalInput ?? 0)
      saved += Int64(Double(amount.count) * Double(output - tokens) / Double(max(1, all)))
    }
    errorsExpected = errors(spans)
    costExpected = cost(spans) - saved
    assumptions.append("At least so much is saved: output tokens are reckoned at the mean price of all tokens")
    assumptions.append("\(Figure.count(Int64(cut.count))) answers would have been cut off")
  }

  /// Requests that are the same have as many tokens, so that those with an earlier twin bound from above how many would have been
  /// answered from the cache. How many are the same, spans do not say.
  private mutating func cache(_ treated: [LLMSpan], maxAge: Duration) {
    var answered: [[String]: Timestamp] = [:]
    for span in treated {
      let twin = [
        span.virtualKey, span.dimensions.tenant, span.dimensions.model, span.dimensions.prompt, span.dimensions.promptVersion,
        span.usage.totalInput.map(String.init),
      ].map { $0 ?? "" }
      // A request that failed has no count of its tokens: it may be the twin of any.
      if span.outcome.countsAsError {
        changed += 1
      } else if let earlier = answered[twin], span.start - earlier <= maxAge {
        changed += 1
      } else {
        answered[twin] = span.end
      }
    }
    assumptions.append("How many requests repeat an earlier one is not known: spans do not hold what was asked")
    assumptions.append(
      "At most \(Figure.count(Int64(changed))) would have been answered from the cache: they failed, or an answer no older than "
        + "\(Figure.duration(maxAge)) went to a request of the same key, tenant, model and prompt with as many input tokens")
    assumptions.append("Answers that call tools, and answers of more than 256 KiB, are not kept")
  }

  private func errors(_ spans: [LLMSpan]) -> Int { spans.count { $0.outcome.countsAsError } }
  private func cost(_ spans: [LLMSpan]) -> Int64 { spans.reduce(0) { $0 + ($1.cost.amount?.count ?? 0) } }
}

extension LLMSpan {
  /// As the gateway draws it: by the session, or else by the trace.
  fileprivate var ticket: UInt64 {
    session.map { $0.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 } } ?? traceID.low
  }
}
