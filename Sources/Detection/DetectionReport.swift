// What detection found, in the words and the order of the report: incidents with times, severity, signals and cause; monitors with counts.

import LLMTelemetry

/// One incident as it is reported.
package struct DetectedIncident: Hashable, Sendable, Encodable {
  package struct Cause: Hashable, Sendable, Encodable {
    /// The smallest set of values that explains the incident; empty when everything is affected.
    package var dimensions: [String: String]
    /// 0 to 1.
    package var confidence: Double
    package var change: ChangeEvent?

    private enum CodingKeys: String, CodingKey { case dimensions, confidence, change }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(dimensions, forKey: .dimensions)
      try container.encode(confidence, forKey: .confidence)
      // Null and not left out: a reader sees that there is none.
      try container.encode(change, forKey: .change)
    }

    package init(dimensions: [String: String], confidence: Double, change: ChangeEvent?) {
      self.dimensions = dimensions
      self.confidence = confidence
      self.change = change
    }
  }

  package var opened: Timestamp
  /// `nil` when the recording ended before.
  package var resolved: Timestamp?
  /// When what was noticed began, as far as the signals show it.
  package var onset: Timestamp
  package var severity: String
  package var monitors: [String]
  package var cause: Cause
  /// The combinations of dimension values seen while it lasted: two sets of conditions that hold for the same of them name one cause.
  package var combinations: [[String: String]]

  package init(
    opened: Timestamp, resolved: Timestamp?, onset: Timestamp, severity: String, monitors: [String], cause: Cause,
    combinations: [[String: String]]
  ) {
    self.opened = opened
    self.resolved = resolved
    self.onset = onset
    self.severity = severity
    self.monitors = monitors
    self.cause = cause
    self.combinations = combinations
  }

  private enum CodingKeys: String, CodingKey { case opened, resolved, severity, monitors, cause }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(opened, forKey: .opened)
    try container.encode(resolved, forKey: .resolved)
    try container.encode(severity, forKey: .severity)
    try container.encode(monitors, forKey: .monitors)
    try container.encode(cause, forKey: .cause)
  }
}

/// How often a monitor raised an alarm, and in how many incidents it took part.
package struct DetectionMonitor: Hashable, Sendable, Encodable {
  package var name: String
  package var alarms: Int
  package var incidents: Int
  /// How long its alerts lasted, in minutes; `nil` for a signal of detection, whose alarms have no length.
  package var minutes: Double?

  package init(name: String, alarms: Int, incidents: Int, minutes: Double? = nil) {
    self.name = name
    self.alarms = alarms
    self.incidents = incidents
    self.minutes = minutes
  }
}

extension Detector {
  /// All incidents so far, in the order they opened.
  package var incidents: [DetectedIncident] {
    (closed + open).sorted { ($0.opened, $0.slice.literals) < ($1.opened, $1.slice.literals) }.map(reported)
  }

  package var monitors: [DetectionMonitor] {
    let all = closed + open
    return DetectionSignal.allCases.map { signal in
      DetectionMonitor(name: signal.name, alarms: alarms[signal.rawValue], incidents: all.count { $0.signals.contains(signal) })
    }
  }

  /// Time covered, in seconds.
  package var seconds: Double { Double(max(0, bucket)) * Double(Self.bucketNanoseconds) / 1e9 }
  package var spanCount: Int { spans }

  func time(_ bucket: Int32) -> Timestamp { Timestamp(unixNanoseconds: origin + Int64(bucket) * Self.bucketNanoseconds) }

  private func reported(_ incident: OpenIncident) -> DetectedIncident {
    let signals = incident.signals.sorted { $0.rawValue < $1.rawValue }
    return DetectedIncident(
      // Decided at the end of its bucket.
      opened: time(incident.opened + 1), resolved: incident.resolved.map { time($0 + 1) }, onset: time(incident.onset),
      severity: severity(incident), monitors: signals.map(\.name),
      cause: .init(dimensions: values(of: incident.slice), confidence: confidence(incident), change: change(behind: incident)),
      combinations: combinations(incident))
  }

  func values(of slice: SliceKey) -> [String: String] {
    var values: [String: String] = [:]
    for dimension in CauseDimension.allCases where slice.values[dimension.rawValue] != 0 {
      values[dimension.name] = tables.name(slice.values[dimension.rawValue], dimension)
    }
    return values
  }

  private func combinations(_ incident: OpenIncident) -> [[String: String]] {
    let numbers = incident.leaves.isEmpty ? Array(leafs.indices.prefix(4096)) : incident.leaves.keys.sorted().map(Int.init)
    return numbers.map { number in
      var values: [String: String] = [:]
      for dimension in CauseDimension.allCases where leafs[number].key[dimension.rawValue] != 0 {
        values[dimension.name] = tables.name(leafs[number].key[dimension.rawValue], dimension)
      }
      return values
    }
  }

  func confidence(_ incident: OpenIncident) -> Double {
    (Double(min(1, max(0, incident.explained))) * 95).rounded() / 100
  }

  /// The change that fits best, the latest of those.
  func change(behind incident: OpenIncident) -> ChangeEvent? {
    let near = changes.filter { $0.bucket <= incident.onset + 10 && $0.bucket >= incident.onset - 90 }
    let ranked = near.map { note in (note, note.fit(incident.slice, tables)) }
    if let best = ranked.filter({ $0.1 > 0 }).max(by: { ($0.1, $0.0.bucket) < ($1.1, $1.0.bucket) }) { return best.0.event }
    // A change that names nothing of the slice: only if it came right before.
    return near.last { $0.bucket >= incident.onset - 20 && $0.mayExplain(incident.signals) && incident.slice.isEverything }?.event
  }

  func severity(_ incident: OpenIncident) -> String {
    let (inside, outside) = incident.tally(in: incident.slice, leafs)
    let all = max(1, inside.spans + outside.spans)
    var failing: Float = 0
    var worst = 3
    for signal in incident.signals {
      switch signal {
      case .rateLimit, .providerError, .timeout, .requestError, .blocked:
        failing += max(0, inside.events[signal.rawValue] - inside.expected[signal.rawValue])
      case .sensitive, .injection: worst = 2
      case .trafficLoss: worst = min(worst, incident.share > 0.5 ? 1 : 2)
      default: if inside.spans / all >= 0.3 { worst = min(worst, 2) }
      }
    }
    if failing / all >= 0.2 { worst = 1 } else if failing / all >= 0.02 { worst = min(worst, 2) }
    return "SEV-\(worst)"
  }
}
