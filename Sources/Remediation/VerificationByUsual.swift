// Judges an override by what was usual: what failed must be most of the way back from what it was to what it is without a failure.

#if canImport(Glibc)
  import func Glibc.log
#else
  import func Darwin.log
#endif
import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors

extension Verifier {
  /// What of the way to the usual may be left.
  private static let remaining = 0.4
  /// A hundred to one, as a logarithm: how much likelier the few requests there are must be one way than the other.
  private static let decisive = 4.6

  /// Detection has no threshold of its own to come back to, and of an action that turns requests away little is left to measure. Such
  /// an action is judged by what still gets through: the errors, the cost, the attacks of a minute.
  func againstUsual() throws -> Verification {
    guard let appliedAt = remediation.appliedAt?.floored(to: Rollup.width), onset < appliedAt else { return .wait }
    let fired = action.refuses ? definition.query.amount : definition.query
    let query = try action.refuses ? fired.filtered(dropping: [], adding: failing) : afterwards()
    if !action.refuses, let harm = try harm(query) { return .hurts(harm) }
    let treated = try reading(query)
    let ill = try reading(fired.filtered(dropping: [], adding: failing), onset..<appliedAt)
    let usual = try reading(
      fired.filtered(dropping: action.movedDimensions, adding: moved), onset - CauseAttribution.baselineLength..<onset)
    guard let treated, let ill, let usual else { return .unknown("no data since it was applied") }
    let unit = fired.unit
    let words =
      "\(fired.words) was \(unit.text(treated.value)) with it, \(unit.text(ill.value)) in the failure "
      + "and \(unit.text(usual.value)) before"
    let sign = definition.threshold.comparison == .above ? 1.0 : -1.0
    let shift = sign * (ill.value - usual.value)
    guard shift > 0 else { return .unknown(words) }
    if !action.refuses, treated.requests < Self.leastRequests {
      guard fired.unit == .share else { return .unknown("too few requests since it was applied") }
      let likelier = likelihood(treated, of: usual.value, against: ill.value)
      if likelier >= Self.decisive { return .helps(words) }
      return likelier <= -Self.decisive ? .noEffect(words) : .unknown("too few requests since it was applied")
    }
    return sign * (treated.value - usual.value) <= Self.remaining * shift ? .helps(words) : .noEffect(words)
  }

  private typealias Reading = (value: Double, requests: Double)

  /// How much likelier a share is where things are as usual than where the failure goes on, as a logarithm.
  private func likelihood(_ seen: Reading, of usual: Double, against ill: Double) -> Double {
    func bounded(_ share: Double) -> Double { min(0.98, max(0.01, share)) }
    let (usual, ill, events) = (bounded(usual), bounded(ill), seen.value * seen.requests)
    return events * log(usual / ill) + (seen.requests - events) * log((1 - usual) / (1 - ill))
  }

  /// The last of the treated requests; all of them where those are few. Everything counts where requests are turned away.
  private func reading(_ query: MonitorQuery) throws -> Reading? {
    if action.refuses { return try reading(query, range) }
    let recent = max(range.lowerBound, range.upperBound - definition.window)..<range.upperBound
    if let last = try reading(query, recent), last.requests >= Self.leastRequests { return last }
    return try reading(query, range)
  }

  private func reading(_ query: MonitorQuery, _ range: Range<Timestamp>) throws -> Reading? {
    var plain = definition
    plain.kind = .threshold
    plain.query = query
    plain.window = range.upperBound - range.lowerBound
    plain.groupBy = []
    plain.trafficGate = 0
    guard let evaluation = try plain.evaluate(at: range.upperBound, read: read).first, let value = evaluation.value else {
      // Nothing got through: of what is counted that is none.
      if action.refuses, case .perMinute = query.form { return (0, 0) }
      return nil
    }
    return (value, Double(evaluation.requests))
  }

  // MARK: Which requests

  /// The fired question about the requests it was applied to. Where they carry no mark (their spans come from applications), they
  /// are those the action moved: they have another model or prompt version now.
  func afterwards() throws -> MonitorQuery {
    let group = remediation.plan.alert.group.byName
    if action.refuses { return definition.query.filtered(dropping: [], adding: group) }
    // A sum over fewer requests is smaller whatever was done: it is asked over all that fired.
    if case .perMinute = definition.query.form {
      let kept = group.filter { tag in !action.movedDimensions.contains { $0.rawValue == tag.key } }
      return definition.query.filtered(dropping: action.movedDimensions, adding: kept)
    }
    let mark = [Dimension.override.rawValue: RoutingOverride.treatedValue(overrideID)]
    let marked = try read(SeriesQuery(metric: MetricCatalogue.requests.name, filter: mark, range: range))
      .reduce(0) { $0 + ($1.total?.countValue ?? 0) }
    if marked > 0 { return definition.query.filtered(dropping: action.movedDimensions, adding: mark) }
    return definition.query.filtered(dropping: action.movedDimensions, adding: moved)
  }

  /// Of what it speaks about what its action leaves as it is.
  private var kept: [String: String] {
    (action.scope.filter ?? [:]).filter { filter in !action.movedDimensions.contains { $0.rawValue == filter.key } }
  }

  /// Those it is meant for, as they were while they failed.
  private var failing: [String: String] { remediation.plan.alert.group.byName.merging(kept) { $1 } }

  /// The same where they are now.
  var moved: [String: String] {
    failing.filter { tag in !action.movedDimensions.contains { $0.rawValue == tag.key } }
  }
}

extension MonitorQuery {
  /// The same question about other requests.
  func filtered(dropping abandoned: Set<Dimension>, adding scope: [String: String]) -> MonitorQuery {
    func move(_ term: Term) -> Term {
      let filter = term.filter.filter { filter in !abandoned.contains { $0.rawValue == filter.key } }.merging(scope) { $1 }
      return Term(term.aggregator, term.metric, filter: filter)
    }
    return switch form {
    case .value(let term): MonitorQuery(.value(move(term)))
    case .perMinute(let term): MonitorQuery(.perMinute(move(term)))
    case .ratio(let numerator, let denominator): MonitorQuery(.ratio(move(numerator), move(denominator)))
    }
  }

  /// How much of it there is in a minute: what is left where requests are turned away. What reaches a model has been tried.
  fileprivate var amount: MonitorQuery {
    switch form {
    case .ratio(let part, _): MonitorQuery(.perMinute(part))
    case .perMinute(let term) where term.metric == MetricCatalogue.requests:
      MonitorQuery(.perMinute(Term(.sum, MetricCatalogue.attempts, filter: term.filter)))
    case .perMinute, .value: self
    }
  }
}
