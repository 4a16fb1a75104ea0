// Judges an applied override: by its control group where there is one, else by the fired monitor's own metric afterwards.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors

enum Verification: Equatable {
  case wait
  case helps(String)
  case hurts(String)
  case noEffect(String)
  /// The requests it was not applied to are well too: it is not what helps.
  case unneeded(String)
  /// No request came through that could show an effect.
  case unknown(String)
}

struct Verifier {
  let remediation: Remediation
  let action: RoutingOverride.Action
  let definition: MonitorDefinition
  /// When the failure began.
  let onset: Timestamp
  /// Whole rollups since the present share came into force.
  let range: Range<Timestamp>
  let read: SeriesReader

  /// Requests on either side below which a comparison says nothing.
  static let leastRequests = 20.0
  /// One chance in a hundred that mere chance looks so, one-sided.
  static let surely = 2.33

  static func judge(
    _ remediation: Remediation, definition: MonitorDefinition?, onset: Timestamp, now: Timestamp, read: @escaping SeriesReader
  ) throws -> Verification {
    guard let action = remediation.plan.action, let since = remediation.stepSince ?? remediation.appliedAt,
      now - since >= .seconds(remediation.plan.verifyAfterSeconds)
    else { return .wait }
    guard let definition else { return .unknown("its monitor is no longer configured") }
    // The rollup in which it was applied holds requests from before.
    let floor = since.floored(to: Rollup.width)
    let first = floor == since ? floor : floor + Rollup.width
    let end = now.floored(to: Rollup.width)
    guard first < end else { return .wait }
    let verifier = Verifier(
      remediation: remediation, action: action, definition: definition, onset: onset, range: first..<end, read: read)
    let isTrial = (remediation.override?.sharePerMille ?? RoutingOverride.wholePerMille) < RoutingOverride.wholePerMille
    return isTrial && !action.refuses ? try verifier.againstControl() : try verifier.againstBefore()
  }

  var overrideID: String { remediation.plan.overrideID }

  // MARK: With a control group

  private func againstControl() throws -> Verification {
    let treated = try sample(definition.query, side: RoutingOverride.treatedValue(overrideID))
    let control = try sample(definition.query, side: RoutingOverride.controlValue(overrideID))
    if let harm = try moreErrors(
      treated: [Dimension.override.rawValue: RoutingOverride.treatedValue(overrideID)], over: range,
      than: [Dimension.override.rawValue: RoutingOverride.controlValue(overrideID)], over: range, margin: 0.02)
    {
      return .hurts("\(harm) of the requests without it")
    }
    guard let treated, let control, treated.requests >= Self.leastRequests, control.requests >= Self.leastRequests else {
      return .unknown(
        "\(Figure.count(Int64(treated?.requests ?? 0))) requests with it and \(Figure.count(Int64(control?.requests ?? 0))) without it are too few to compare"
      )
    }
    let unit = definition.query.unit
    let words =
      "\(definition.query.words) was \(unit.text(treated.value)) with it and \(unit.text(control.value)) without it, "
      + "over \(Figure.count(Int64(treated.requests))) and \(Figure.count(Int64(control.requests))) requests"
    // Positive where the treated are better.
    let sign = definition.threshold.comparison == .above ? 1.0 : -1.0
    let gain = sign * (control.value - treated.value)
    let certainty = treated.certainty(against: control)
    if gain < 0, certainty >= Self.surely { return .hurts(words) }
    let isBetter = gain > 0 && certainty >= Self.surely
    let recovery = definition.threshold.recovery
    // Half of the way to recovery at least: less is not what was promised.
    if isBetter, gain >= sign * (control.value - recovery) / 2 { return .helps(words) }
    if !isBetter, definition.threshold.isRecovered(by: control.value) { return .unneeded(words) }
    return .noEffect(words)
  }

  /// One side of a comparison.
  private struct Sample {
    var value: Double
    var requests: Double
    /// Where the value is a share of `requests`.
    var isShare: Bool

    /// Standard errors between two shares; where values are no shares, whether they differ by so much that chance does not do it
    /// to means and quantiles of as many requests.
    func certainty(against other: Sample) -> Double {
      guard isShare else {
        let larger = max(value.magnitude, other.value.magnitude)
        let isMuch = min(requests, other.requests) >= 100 ? 0.25 : 0.5
        return larger > 0 && (value - other.value).magnitude / larger >= isMuch ? .infinity : 0
      }
      return shareDistance(value, requests, other.value, other.requests)
    }
  }

  private func sample(_ query: MonitorQuery, side: String) throws -> Sample? {
    var definition = definition
    definition.window = range.upperBound - range.lowerBound
    definition.groupBy = []
    definition.trafficGate = 0
    definition.query = query.filtered(dropping: action.movedDimensions, adding: [Dimension.override.rawValue: side])
    guard let evaluation = try definition.evaluate(at: range.upperBound, read: read).first, var value = evaluation.value else {
      return nil
    }
    // The sides differ in size, so that sums are compared for each request.
    if case .perMinute = query.form, evaluation.requests > 0 {
      value /= Double(evaluation.requests) / (definition.window.inSeconds / 60)
    }
    return Sample(value: value, requests: Double(evaluation.requests), isShare: query.unit == .share)
  }

  // MARK: Without one

  private func againstBefore() throws -> Verification {
    if case .detection = definition.kind { return try againstUsual() }
    var after = definition
    let start = max(range.lowerBound, range.upperBound - definition.window)
    after.window = range.upperBound - start
    after.groupBy = []
    after.query = try afterwards()
    // Less time has passed than the monitor's window, and what was moved is only a part of what fired: fewer requests are asked for.
    let share = Double(definition.trafficGate) * after.window.inSeconds / definition.window.inSeconds
    after.trafficGate = action.refuses ? 0 : Int64(min(Self.leastRequests, share.rounded(.up)))
    if !action.refuses, let harm = try harm(after.query) { return .hurts(harm) }
    guard let evaluation = try after.evaluate(at: range.upperBound, read: read).first else {
      return action.refuses ? try againstUsual() : .unknown("no data since it was applied")
    }
    switch evaluation.verdict {
    case .recovered: return .helps(evaluation.reason)
    case .breached, .between: return .noEffect(evaluation.reason)
    case .quiet, .noData: return action.refuses ? try againstUsual() : .unknown(evaluation.reason)
    }
  }

  /// Whether those it was applied to are worse off than the same requests were while the failure went on.
  func harm(_ query: MonitorQuery) throws -> String? {
    guard let appliedAt = remediation.appliedAt?.floored(to: Rollup.width) else { return nil }
    // Only of the failure: against what was before it, every remedy that has not helped yet would look harmful.
    let since = max((onset + Rollup.width).floored(to: Rollup.width), appliedAt - max(definition.window, .seconds(120)))
    guard since < appliedAt else { return nil }
    let before = since..<appliedAt
    let scope = (action.scope.filter ?? [:]).filter { filter in !action.movedDimensions.contains { $0.rawValue == filter.key } }
    if let errors = try moreErrors(treated: query.subject.filter, over: range, than: scope, over: before, margin: 0.05) {
      return "\(errors) before it"
    }
    guard case .ratio(let numerator, let denominator) = query.form, query.unit == .share else { return nil }
    let earlier = definition.query.filtered(dropping: action.movedDimensions, adding: moved)
    guard case .ratio(let numeratorBefore, let denominatorBefore) = earlier.form else { return nil }
    let now = (try count(numerator, range), try count(denominator, range))
    let then = (try count(numeratorBefore, before), try count(denominatorBefore, before))
    guard now.1 >= Self.leastRequests, then.1 >= Self.leastRequests else { return nil }
    let (share, shareBefore) = (now.0 / now.1, then.0 / then.1)
    let sign = definition.threshold.comparison == .above ? 1.0 : -1.0
    guard sign * (share - shareBefore) >= 0.05, shareDistance(share, now.1, shareBefore, then.1) >= 3 else { return nil }
    return "\(definition.query.words) became \(Figure.percent(share)), against \(Figure.percent(shareBefore)) before it"
  }

  /// The sentence where significantly more of the treated fail; a remedy must not break what worked.
  func moreErrors(
    treated: [String: String], over treatedRange: Range<Timestamp>, than other: [String: String],
    over otherRange: Range<Timestamp>, margin: Double
  ) throws -> String? {
    let own = Set(definition.query.subject.metric.extraTags)
    func rate(_ filter: [String: String], _ range: Range<Timestamp>) throws -> (errors: Double, requests: Double) {
      let filter = filter.filter { !own.contains($0.key) && $0.key != Dimension.errorClass.rawValue }
      return (
        try count(.init(.sum, MetricCatalogue.errors, filter: filter), range),
        try count(.init(.sum, MetricCatalogue.requests, filter: filter), range)
      )
    }
    let (now, then) = (try rate(treated, treatedRange), try rate(other, otherRange))
    guard now.requests >= Self.leastRequests, then.requests >= Self.leastRequests else { return nil }
    let (share, shareBefore) = (now.errors / now.requests, then.errors / then.requests)
    guard share - shareBefore >= margin, shareDistance(share, now.requests, shareBefore, then.requests) >= 3 else { return nil }
    return "\(Figure.percent(share)) of the requests with it fail, against \(Figure.percent(shareBefore))"
  }

  private func count(_ term: MonitorQuery.Term, _ range: Range<Timestamp>) throws -> Double {
    guard range.lowerBound < range.upperBound else { return 0 }
    return Double(
      try read(SeriesQuery(metric: term.metric.name, filter: term.filter, range: range))
        .reduce(0) { $0 + ($1.total?.countValue ?? 0) })
  }
}

/// Standard errors between two shares (the pooled two-proportion z statistic).
func shareDistance(_ left: Double, _ leftCount: Double, _ right: Double, _ rightCount: Double) -> Double {
  let pooled = (left * leftCount + right * rightCount) / (leftCount + rightCount)
  let variance = pooled * (1 - pooled) * (1 / leftCount + 1 / rightCount)
  return variance > 0 ? (left - right).magnitude / variance.squareRoot() : 0
}
