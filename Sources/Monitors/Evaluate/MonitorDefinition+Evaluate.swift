// One monitor asked at one time: the same pure function live, in tests, in a backtest and in a replay.

import LLMMetrics
import LLMTelemetry

extension MonitorDefinition {
  /// How long a group that sent data is still asked for, where silence is news.
  package static let groupRetention: Duration = .seconds(86_400)

  /// One evaluation per group with data in the window that ends at `at`, less the evaluation delay, and per group in `known`; sorted
  /// by group.
  package func evaluate(at: Timestamp, known: Set<TagSet> = [], context: EvaluationContext) throws -> [Evaluation] {
    let run = EvaluationRun(self, at: at, known: known, context: context)
    var evaluations =
      switch kind {
      case .threshold: try run.threshold()
      case .change(let comparison): try run.change(comparison)
      case .anomaly(let settings): try run.anomaly(settings)
      case .outlier(let settings): try run.outlier(settings)
      case .forecast(let settings): try run.forecast(settings)
      case .burnRate(let settings): try run.burnRate(settings)
      case .composite(let expression): run.composite(expression)
      case .absence: try run.absence()
      case .events(let filter): run.events(filter)
      case .detection(let filter): run.detection(filter)
      }
    if evaluations.count > 1 { evaluations.sort { $0.key.group < $1.key.group } }
    return evaluations
  }

  /// For kinds that need nothing but series.
  package func evaluate(at: Timestamp, known: Set<TagSet> = [], read: SeriesReader) throws -> [Evaluation] {
    try withoutActuallyEscaping(read) { try evaluate(at: at, known: known, context: EvaluationContext(read: $0)) }
  }

  /// Whether nobody is to be paged about `group` at `at`.
  package func isMuted(_ group: TagSet, at: Timestamp) -> Bool {
    mutes.contains { mute in mute.range.contains(at) && mute.scope.allSatisfy { group[$0.key] == $0.value } }
  }
}

extension TagSet: Comparable {
  package static func < (left: TagSet, right: TagSet) -> Bool {
    for (one, other) in zip(left.tags, right.tags) where one != other {
      return (one.name, one.value) < (other.name, other.value)
    }
    return left.tags.count < right.tags.count
  }

  static let none = TagSet([Tag]())
}

/// One evaluation of one monitor in progress.
struct EvaluationRun {
  let definition: MonitorDefinition
  let monitor: EvaluatedMonitor
  let at: Timestamp
  /// Where the window ends; data that starts here is not in it.
  let end: Timestamp
  let known: Set<TagSet>
  let context: EvaluationContext

  var window: Range<Timestamp> { end - definition.window..<end }

  init(_ definition: MonitorDefinition, at: Timestamp, known: Set<TagSet>, context: EvaluationContext) {
    self.definition = definition
    monitor = context.memory?.shared(definition) ?? EvaluatedMonitor(definition)
    self.at = at
    end = definition.evaluationDelay == .zero ? at : (at - definition.evaluationDelay).floored(to: Rollup.width)
    self.known = known
    self.context = context
  }

  func threshold() throws -> [Evaluation] {
    try all(try readings(in: window)).map { judge($0, value: $0.value) }
  }

  /// The readings, and an empty one for each group that is known and sent nothing.
  func all(_ readings: [GroupReading]) throws -> [GroupReading] {
    var result = readings
    var wanted = known
    if !definition.groupBy.isEmpty, definition.noData == .alert || definition.kind == .absence {
      wanted.formUnion(try remembered(readings))
    }
    if definition.groupBy.isEmpty, readings.isEmpty { wanted.insert(.none) }
    guard !wanted.isEmpty else { return result }
    for reading in readings { wanted.remove(reading.tags) }
    for group in wanted { result.append(GroupReading(tags: group)) }
    return result
  }

  /// Groups that sent data within the retention.
  private func remembered(_ readings: [GroupReading]) throws -> Set<TagSet> {
    let retention = end - MonitorDefinition.groupRetention..<end
    func seen() throws -> [TagSet: Timestamp] {
      let term = definition.query.presence
      return try context.series.totals(
        SeriesQuery(metric: term.metric.name, filter: term.filter, groupBy: definition.groupBy, range: retention)
      ).reduce(into: [:]) { $0[$1.tags] = $1.last }
    }
    guard let memory = context.memory else { return Set(try seen().keys) }
    return try memory.groups(of: definition.name, in: retention, readings: readings, seen: seen)
  }

  /// The verdict on a value. `gate` is what the traffic gate compares, where that is not the reading's requests.
  func judge(
    _ reading: GroupReading, value: Double?, finding: Finding = .value, gate: Int64? = nil, isGated: Bool = true
  ) -> Evaluation {
    let requests = gate ?? reading.requests
    let verdict: Evaluation.Verdict
    if let value, value.isFinite {
      if isGated, requests < definition.trafficGate {
        verdict = .quiet
      } else if definition.threshold.isBreached(by: value) {
        verdict = .breached
      } else {
        verdict = definition.threshold.isRecovered(by: value) ? .recovered : .between
      }
    } else {
      verdict = .noData
    }
    return evaluation(reading.tags, value: value.flatMap { $0.isFinite ? $0 : nil }, requests, verdict, finding)
  }

  func evaluation(
    _ group: TagSet, value: Double?, _ requests: Int64, _ verdict: Evaluation.Verdict, _ finding: Finding
  ) -> Evaluation {
    Evaluation(
      key: AlertKey(monitor: definition.name, group: group), at: at, value: value, requests: requests, verdict: verdict,
      finding: finding, isMuted: !definition.mutes.isEmpty && definition.isMuted(group, at: at), monitor: monitor)
  }
}
