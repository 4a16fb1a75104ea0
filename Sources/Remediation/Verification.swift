// Judges an applied override by the fired monitor's own metric, over requests that came after it only.

import LLMMetrics
import LLMTelemetry
import Monitors

enum Verification: Equatable {
  case wait
  case recovered(String)
  case notRecovered(String)
  /// No request came through that could show an effect.
  case unknown(String)

  static func judge(
    _ remediation: Remediation, definition: MonitorDefinition?, now: Timestamp, read: SeriesReader
  ) throws -> Verification {
    guard let appliedAt = remediation.appliedAt, now - appliedAt >= .seconds(remediation.plan.verifyAfterSeconds) else {
      return .wait
    }
    guard let definition else { return .unknown("its monitor is no longer configured") }
    // The rollup in which it was applied holds requests from before.
    let width = Rollup.width
    let floor = appliedAt.floored(to: width)
    let first = floor == appliedAt ? floor : floor + width
    let end = now.floored(to: width)
    guard first < end else { return .wait }
    let start = max(first, end - definition.window)
    var after = definition
    after.window = end - start
    after.groupBy = []
    after.query = after.query.moved(to: remediation.plan.action, group: remediation.plan.alert.group)
    // Less time has passed than the monitor's window, so fewer requests are asked for.
    after.trafficGate = Int64(
      (Double(definition.trafficGate) * after.window.inSeconds / definition.window.inSeconds).rounded(.up))
    guard let evaluation = try after.evaluate(at: end, read: read).first else { return .unknown("no data since it was applied") }
    return switch evaluation.verdict {
    case .recovered: .recovered(evaluation.reason)
    case .breached, .between: .notRecovered(evaluation.reason)
    case .quiet, .noData: .unknown(evaluation.reason)
    }
  }
}

extension MonitorQuery {
  /// The same question about the requests an action moved: they carry another model or prompt version now.
  fileprivate func moved(to action: RoutingOverride.Action, group: TagSet) -> MonitorQuery {
    let abandoned: Set<String>
    let scope: [String: String]
    switch action {
    case .rollBackPrompt(let prompt, _, _):
      abandoned = [Dimension.promptVersion.rawValue]
      scope = [Dimension.prompt.rawValue: prompt]
    case .fallBackModel(let route, _, _, _):
      abandoned = [Dimension.model.rawValue, Dimension.provider.rawValue, Dimension.region.rawValue]
      scope = [Dimension.route.rawValue: route]
    }
    func move(_ term: Term) -> Term {
      let filter = term.filter.merging(group.byName) { $1 }.filter { !abandoned.contains($0.key) }.merging(scope) { $1 }
      return Term(term.aggregator, term.metric, filter: filter)
    }
    return switch form {
    case .value(let term): MonitorQuery(.value(move(term)))
    case .perMinute(let term): MonitorQuery(.perMinute(move(term)))
    case .ratio(let numerator, let denominator): MonitorQuery(.ratio(move(numerator), move(denominator)))
    }
  }
}
