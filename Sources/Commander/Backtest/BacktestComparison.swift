// Two backtests of the same traffic side by side: which incidents both find, and which only one of them.

import Detection
import LLMTelemetry

struct BacktestComparison: Encodable, Sendable {
  struct Pair: Encodable, Sendable {
    var first: DetectedIncident
    var second: DetectedIncident
    /// How much later the second opened, in minutes; negative when it was earlier.
    var minutesLater: Double

    private enum CodingKeys: String, CodingKey {
      case first, second
      case minutesLater = "minutes_later"
    }
  }

  var both: [Pair]
  var onlyFirst: [DetectedIncident]
  var onlySecond: [DetectedIncident]

  private enum CodingKeys: String, CodingKey {
    case both
    case onlyFirst = "only_first"
    case onlySecond = "only_second"
  }

  /// Incidents are the same when their times overlap; each is paired once, in the order they opened.
  init(_ first: [DetectedIncident], _ second: [DetectedIncident]) {
    var free = second.sorted { $0.opened < $1.opened }
    both = []
    onlyFirst = []
    for incident in first.sorted(by: { $0.opened < $1.opened }) {
      // Of several, the one that opened nearest.
      let near = free.indices.filter { Self.overlap(free[$0], incident) }.min {
        Self.distance(free[$0], incident) < Self.distance(free[$1], incident)
      }
      guard let near else {
        onlyFirst.append(incident)
        continue
      }
      let partner = free.remove(at: near)
      let minutes = (partner.opened - incident.opened).inSeconds / 60
      both.append(Pair(first: incident, second: partner, minutesLater: (minutes * 10).rounded() / 10))
    }
    onlySecond = free
  }

  private static func overlap(_ left: DetectedIncident, _ right: DetectedIncident) -> Bool {
    let farthest = Timestamp(unixNanoseconds: .max)
    return left.onset <= right.resolved ?? farthest && right.onset <= left.resolved ?? farthest
  }

  private static func distance(_ left: DetectedIncident, _ right: DetectedIncident) -> Duration {
    max(left.opened - right.opened, right.opened - left.opened)
  }

  /// A header and a row for each incident of either.
  var table: (header: [String], rows: [[String]]) {
    func row(_ incident: DetectedIncident, _ found: String) -> [String] {
      let cause = incident.cause.dimensions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      return [
        incident.opened.rfc3339Seconds, found, incident.monitors.joined(separator: ", "), cause.isEmpty ? "everything" : cause,
      ]
    }
    let rows =
      both.map { row($0.first, "both, \($0.minutesLater) min later") } + onlyFirst.map { row($0, "only first") }
      + onlySecond.map { row($0, "only second") }
    return (["OPENED", "FOUND BY", "MONITORS", "CAUSE"], rows.sorted { $0[0] < $1[0] })
  }
}
