// A population shift as monitors of kind `detection` hear of it, in sentences with their numbers.

import LLMMetrics
import LLMTelemetry
import Monitors
import SemanticRisk

extension ShiftGroup {
  /// Each once, in the order of the streams.
  var signals: [String] {
    var seen: Set<RiskScorer> = []
    return streams.map(\.scorer).filter { seen.insert($0).inserted }.map(\.shiftSignal)
  }
}

extension DetectionFinding {
  /// A change this long before the onset can have been its reason: a new version gets its first answers slowly.
  private static let nearby: Duration = .seconds(86_400)
  /// Streams that are told one by one.
  private static let told = 3

  /// - Parameters:
  ///   - changes: in the order of their time.
  ///   - watching: how many streams share the false alarms.
  init(_ group: ShiftGroup, changes: [ChangeEvent], watching: Int, falseAlarmsPerWeek: Double) {
    let range = group.onset - Self.nearby...group.onset + .seconds(60)
    let change = changes.last { change in
      guard range.contains(change.at), let to = change.to else { return false }
      return to == group.dimensions["prompt_version"] || to == group.dimensions["model"]
    }
    var evidence = group.streams.prefix(Self.told).map { ShiftWords.sentence($0, within: group.dimensions) }
    if group.streams.count > Self.told { evidence.append("\(group.streams.count) streams have shifted in all") }
    if let first = group.streams.first, let words = ShiftWords.expectation(first) {
      evidence.append(
        "\(words); \(Figure.amount(falseAlarmsPerWeek)) false alarm a week is allowed for, over \(watching) watched streams")
    }
    let isPlain = group.streams.contains { status in
      status.presentShare >= 0.2 && status.presentShare >= 2 * (status.baselineShare ?? 1)
    }
    self.init(
      signals: group.signals, group: group.firstDimensions, opened: group.opened, onset: group.onset,
      severity: isPlain ? .sev2 : .sev3, dimensions: group.dimensions, confidence: group.hasContrast ? 0.9 : 0.6, change: change,
      evidence: evidence)
  }
}

enum ShiftWords {
  /// `version 42`, `model gpt-4o`: whose baseline the stream is held to.
  static func predecessor(_ status: ShiftStatus) -> String? {
    status.heldTo.map { held in
      held.promptVersion != status.subject.promptVersion
        ? "version \(held.promptVersion ?? "none")" : "model \(held.model ?? "none")"
    }
  }

  /// `ungrounded: 21.4 % of 412 responses since 14:02:10 score as risky, 5.1 % usually; mean score 0.31, usually 0.22`
  static func sentence(_ status: ShiftStatus, within dimensions: [String: String]) -> String {
    let own = status.subject.dimensions.filter { dimensions[$0.key] == nil }.sorted { $0.key < $1.key }
    let place = own.isEmpty ? "" : " of \(own.map { "\($0.key) \($0.value)" }.joined(separator: ", "))"
    let since = status.onset.map { " since \($0.rfc3339Seconds)" } ?? ""
    let usually = predecessor(status).map { " with \($0)" } ?? " usually"
    return """
      \(status.scorer.rawValue)\(place): \(Figure.percent(status.presentShare)) of \(Figure.count(Int64(status.responsesSinceOnset))) \
      responses\(since) score as risky, \(Figure.percent(status.baselineShare ?? 0))\(usually); mean score \
      \(Figure.number(status.presentMean, decimals: 3)) against \(Figure.number(status.baselineMean ?? 0, decimals: 3)), CUSUM \
      \(Figure.number(status.sum, decimals: 1)) over its threshold \(Figure.number(status.threshold ?? 0, decimals: 1))
      """
  }

  /// `a shift of the size looked for takes about 390 responses here, 7 min at the present 1 a second`
  static func expectation(_ status: ShiftStatus) -> String? {
    guard let responses = status.expectedResponses else { return nil }
    let time = status.expectedTime.map {
      ", \(Figure.duration(.seconds(Int64($0.inSeconds.rounded(.up))))) at the present \(Figure.amount(status.perSecond)) a second"
    }
    return "a shift of the size looked for takes about \(Figure.count(Int64(responses.rounded()))) responses here\(time ?? "")"
  }
}
