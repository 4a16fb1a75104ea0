// What kind of failure an alert speaks of, as far as that decides which remedy fits.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors

enum Symptom: Hashable {
  case errors, latency, spending, traffic, quality, attack, other

  init(_ query: MonitorQuery) {
    let name = query.subject.metric.name
    if name == MetricCatalogue.riskFlagged.name, query.subject.filter["scorer"] == RiskScorer.injection.rawValue {
      // What a request does, and not what a model answers.
      self = .attack
    } else if name == MetricCatalogue.errors.name || name == "llm.fallbacks" || name == "llm.attempts" {
      self = .errors
    } else if name.hasPrefix("llm.cost") || name.hasPrefix("llm.tokens") {
      self = .spending
    } else if name.hasPrefix("llm.request.") {
      self = .latency
    } else if name == MetricCatalogue.requests.name {
      self = .traffic
    } else if name.hasPrefix("llm.answers.") || name.hasPrefix("llm.semantic_risk") || name.hasPrefix("llm.retrieval")
      || name.hasPrefix("llm.requests.")
    {
      self = .quality
    } else {
      self = .other
    }
  }
}

extension Planner {
  /// The class that at least three fifths of the errors in the incident's scope have; `nil` where errors are mixed or none.
  func prevailingErrorClass(of incident: Incident) throws -> ErrorClass? {
    if let named = incident.scope[Dimension.errorClass.rawValue] { return ErrorClass(rawValue: named) }
    guard incident.onsetAt < now else { return nil }
    let groups = try read(
      SeriesQuery(
        metric: MetricCatalogue.errors.name, filter: incident.scope, groupBy: [Dimension.errorClass.rawValue],
        range: incident.onsetAt..<now))
    let counts = groups.map { (name: $0.tags[.errorClass], count: $0.total?.countValue ?? 0) }
    let all = counts.reduce(0) { $0 + $1.count }
    guard let most = counts.max(by: { ($0.count, $0.name ?? "") < ($1.count, $1.name ?? "") }), most.count * 5 >= all * 3,
      most.count > 0
    else { return nil }
    return most.name.flatMap(ErrorClass.init(rawValue:))
  }
}

extension ErrorClass {
  /// Nothing at the gateway helps: the request is wrong, or a credential is, wherever it is sent.
  var needsAPerson: Bool { self == .auth || self == .invalidRequest }
  /// An earlier answer would have served: the request was good, and who should have answered did not.
  var isOfTheProvider: Bool {
    switch self {
    case .rateLimited, .overloaded, .timeout, .network, .providerError, .quotaExhausted: true
    case .invalidRequest, .contextOverflow, .auth, .cancelled, .blocked, .withheld: false
    }
  }
  /// More calls make it worse.
  var growsWithLoad: Bool {
    switch self {
    case .rateLimited, .overloaded, .timeout, .network: true
    case .quotaExhausted, .providerError, .invalidRequest, .contextOverflow, .auth, .cancelled, .blocked, .withheld: false
    }
  }
}
