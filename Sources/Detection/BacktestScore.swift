// How well what was found agrees with what is known to have happened: precision, recall, time to detect, causes, false incidents a week.

import LLMTelemetry

/// A file of labels: what really happened in a recording.
package struct TrafficLabels: Hashable, Sendable, Decodable {
  package struct Incident: Hashable, Sendable, Decodable {
    package var id: String
    package var start: Timestamp
    package var end: Timestamp
    package var kind: String
    /// One value or several for each dimension; empty when everything is affected.
    package var dimensions: [String: [String]]
    package var signals: [String]

    private enum CodingKeys: String, CodingKey { case id, start, end, kind, dimensions, signals }

    private struct Values: Decodable {
      let all: [String]

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let one = try? container.decode(String.self) { all = [one] } else { all = try container.decode([String].self) }
      }
    }

    package init(id: String, start: Timestamp, end: Timestamp, kind: String, dimensions: [String: [String]], signals: [String]) {
      self.id = id
      self.start = start
      self.end = end
      self.kind = kind
      self.dimensions = dimensions
      self.signals = signals
    }

    package init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      start = try container.decode(Timestamp.self, forKey: .start)
      end = try container.decode(Timestamp.self, forKey: .end)
      guard start <= end else {
        throw DecodingError.dataCorruptedError(
          forKey: .end, in: container, debugDescription: "\(end.rfc3339) is before the start, \(start.rfc3339)")
      }
      id = try container.decodeIfPresent(String.self, forKey: .id) ?? start.rfc3339
      kind = try container.decodeIfPresent(String.self, forKey: .kind) ?? ""
      dimensions = try container.decodeIfPresent([String: Values].self, forKey: .dimensions)?.mapValues(\.all) ?? [:]
      signals = try container.decodeIfPresent([String].self, forKey: .signals) ?? []
    }
  }

  package var incidents: [Incident]

  package init(incidents: [Incident]) { self.incidents = incidents }

  /// What a file of labels lacks, in words.
  package static func explanation(of error: any Error) -> String {
    func path(_ context: DecodingError.Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
    return switch error {
    case DecodingError.keyNotFound(let key, let context):
      "\"\((context.codingPath.map(\.stringValue) + [key.stringValue]).joined(separator: "."))\" is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "\"\(path(context))\" is of another type than labels have"
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
      "\"\(path(context))\" cannot be read: \(context.debugDescription)"
    default: "it is no JSON object with \"incidents\""
    }
  }
}

/// The score of a run against labels.
package struct BacktestScore: Hashable, Sendable, Encodable {
  package struct Match: Hashable, Sendable, Encodable {
    package var id: String
    package var kind: String
    package var isDetected: Bool
    package var minutesToDetect: Double?
    package var isCauseRight: Bool

    private enum CodingKeys: String, CodingKey {
      case id, kind
      case isDetected = "detected"
      case minutesToDetect = "minutes_to_detect"
      case isCauseRight = "cause_right"
    }
  }

  /// Incidents that fall into the time of a label, among all.
  package var precision: Double?
  /// Labels that have an incident, among all.
  package var recall: Double?
  package var medianMinutesToDetect: Double?
  package var ninetiethMinutesToDetect: Double?
  package var falseIncidents: Int
  package var weeks: Double
  package var falseIncidentsPerWeek: Double?
  /// Labels whose cause an incident names, among those detected.
  package var causeRight: Double?
  package var matches: [Match]

  private enum CodingKeys: String, CodingKey {
    case precision, recall, weeks, matches
    case medianMinutesToDetect = "median_minutes_to_detect"
    case ninetiethMinutesToDetect = "p90_minutes_to_detect"
    case falseIncidents = "false_incidents"
    case falseIncidentsPerWeek = "false_incidents_per_week"
    case causeRight = "cause_right"
  }

  /// An incident may open this long after a label's end and still be about it; signals are counted with a delay.
  private static let grace = Duration.seconds(300)

  /// - Parameter labels: for each recording, in order.
  package init(_ recordings: [Backtest.Recording], labels: [[TrafficLabels.Incident]]) {
    var matches: [Match] = []
    var found = 0
    var trueOnes = 0
    var weeks = 0.0
    for (recording, labels) in zip(recordings, labels) {
      weeks += recording.seconds / 604_800
      found += recording.incidents.count
      var free = Array(recording.incidents.indices)
      for label in labels {
        let near = free.filter {
          let opened = recording.incidents[$0].opened
          return opened >= label.start && opened <= label.end + Self.grace
        }
        let right = near.first { Self.isRight(recording.incidents[$0], label) }
        if let used = right ?? near.first { free.removeAll { $0 == used } }
        let delay = near.first.map { Double((recording.incidents[$0].opened - label.start).wholeNanoseconds) / 6e10 }
        matches.append(
          Match(
            id: label.id, kind: label.kind, isDetected: !near.isEmpty, minutesToDetect: delay, isCauseRight: right != nil))
      }
      trueOnes += recording.incidents.count { incident in
        labels.contains { incident.opened >= $0.start && incident.opened <= $0.end + Self.grace }
      }
    }
    let detected = matches.filter(\.isDetected)
    let delays = detected.compactMap(\.minutesToDetect).sorted()
    precision = found > 0 ? Double(trueOnes) / Double(found) : nil
    recall = matches.isEmpty ? nil : Double(detected.count) / Double(matches.count)
    medianMinutesToDetect = Self.quantile(delays, 0.5)
    ninetiethMinutesToDetect = Self.quantile(delays, 0.9)
    falseIncidents = found - trueOnes
    self.weeks = weeks
    falseIncidentsPerWeek = weeks > 0 ? Double(found - trueOnes) / weeks : nil
    causeRight = detected.isEmpty ? nil : Double(detected.count(where: \.isCauseRight)) / Double(detected.count)
    self.matches = matches
  }

  /// The lower of two middle values: times are those of real incidents.
  private static func quantile(_ sorted: [Double], _ share: Double) -> Double? {
    sorted.isEmpty ? nil : sorted[min(sorted.count - 1, Int(Double(sorted.count - 1) * share + 0.5))]
  }

  /// The same conditions, or conditions that hold for the same requests: a provider and its only model are one cause.
  static func isRight(_ incident: DetectedIncident, _ label: TrafficLabels.Incident) -> Bool {
    let named = incident.cause.dimensions
    if named.count == label.dimensions.count, named.allSatisfy({ label.dimensions[$0.key] == [$0.value] }) { return true }
    guard !named.isEmpty, !label.dimensions.isEmpty, !incident.combinations.isEmpty else { return false }
    var both = 0
    for values in incident.combinations {
      let isNamed = named.allSatisfy { values[$0.key] == $0.value }
      let isLabelled = label.dimensions.allSatisfy { dimension, allowed in values[dimension].map(allowed.contains) ?? false }
      if isNamed != isLabelled { return false }
      if isNamed { both += 1 }
    }
    return both > 0
  }
}

/// What `commander backtest` prints.
package struct BacktestDocument: Sendable, Encodable {
  package var incidents: [DetectedIncident]
  package var monitors: [DetectionMonitor]
  package var labels: BacktestScore?

  package init(_ recordings: [Backtest.Recording], score: BacktestScore?) {
    incidents = recordings.flatMap(\.incidents)
    monitors = Self.sum(recordings.map(\.monitors))
    labels = score
  }

  /// All recordings were watched by the same monitors, in the same order.
  private static func sum(_ recordings: [[DetectionMonitor]]) -> [DetectionMonitor] {
    guard var sum = recordings.first else {
      return DetectionSignal.allCases.map { DetectionMonitor(name: $0.name, alarms: 0, incidents: 0) }
    }
    for monitors in recordings.dropFirst() {
      for (index, monitor) in monitors.enumerated() where index < sum.count {
        sum[index].alarms += monitor.alarms
        sum[index].incidents += monitor.incidents
        if let minutes = monitor.minutes { sum[index].minutes = (sum[index].minutes ?? 0) + minutes }
      }
    }
    return sum
  }

  /// The labels of each recording: file by file when there is one for each, else all labels for every recording.
  package static func assign(_ files: [TrafficLabels], to recordings: [Backtest.Recording], trafficFiles: Int) -> [[TrafficLabels
    .Incident]]
  {
    recordings.map { recording in
      guard files.count == trafficFiles else { return files.flatMap(\.incidents) }
      return recording.files.flatMap { $0 < files.count ? files[$0].incidents : [] }
    }
  }

  /// A header and a row for each incident.
  package var table: (header: [String], rows: [[String]]) {
    let rows = incidents.map { incident -> [String] in
      let minutes = incident.resolved.map { Int(($0 - incident.opened).wholeNanoseconds / 60_000_000_000) }
      let cause = incident.cause.dimensions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      let change = incident.cause.change.map { "\($0.kind.rawValue) \($0.subject) \($0.to ?? "")" } ?? ""
      return [
        incident.opened.rfc3339Seconds, minutes.map { "\($0) min" } ?? "still open", incident.severity,
        incident.monitors.joined(separator: ", "), cause.isEmpty ? "everything" : cause, change,
      ]
    }
    return (["OPENED", "LASTED", "SEVERITY", "MONITORS", "CAUSE", "CHANGE"], rows)
  }

  /// The score in a sentence.
  package var sentence: String? { labels?.sentence }
}

extension BacktestScore {
  package var sentence: String {
    func percent(_ value: Double?) -> String { value.map { "\(Int(($0 * 100).rounded())) %" } ?? "-" }
    func tenths(_ value: Double?) -> String { value.map { "\(($0 * 10).rounded() / 10)" } ?? "-" }
    return """
      Precision \(percent(precision)), recall \(percent(recall)), time to detect \
      \(tenths(medianMinutesToDetect)) min (nine of ten: \(tenths(ninetiethMinutesToDetect))), cause right \
      \(percent(causeRight)), false incidents a week \(tenths(falseIncidentsPerWeek)).
      """
  }
}
