// Points as the intakes read them: series of version 2 and 1, and distribution points.

import LLMMetrics
import LLMTelemetry

/// Which bodies a receiver of series understands.
enum SeriesVersion: Sendable {
  /// Datadog's own.
  case two
  /// Understood by Datadog and by receivers that are compatible with it, such as VictoriaMetrics.
  case one
}

enum PointDocument {
  /// Units that Datadog knows under our name; of others it would keep none.
  private static let units: Set<String> = ["request", "error", "second", "dollar", "document"]

  /// A count or a gauge; `nil` for a distribution.
  static func series(_ point: MetricPoint, version: SeriesVersion, host: String) -> [UInt8]? {
    let number: String
    switch point.value {
    case .count(let count): number = DogStatsDLine.count(count, unit: point.definition.unit)
    case .gauge(let value): number = DogStatsDLine.sample(value)
    case .samples: return nil
    }
    let isCount = point.definition.type == .count
    var text = "{\"metric\":\(IntakeJSON.string(point.definition.name))"
    switch version {
    case .two:
      text += ",\"type\":\(isCount ? 1 : 3),\"points\":[{\"timestamp\":\(point.time),\"value\":\(number)}]"
      if !host.isEmpty { text += ",\"resources\":[{\"name\":\(IntakeJSON.string(host)),\"type\":\"host\"}]" }
      let unit = point.definition.unit.rawValue
      if units.contains(unit) { text += ",\"unit\":\"\(unit)\"" }
    case .one:
      text += ",\"type\":\"\(isCount ? "count" : "gauge")\",\"points\":[[\(point.time),\(number)]]"
      if !host.isEmpty { text += ",\"host\":\(IntakeJSON.string(host))" }
    }
    if isCount { text += ",\"interval\":\(point.seconds)" }
    text += ",\"tags\":\(IntakeJSON.array(point.tags))}"
    return Array(text.utf8)
  }

  /// `nil` for what is no distribution. `missing` counts samples that a point has no room for.
  static func distribution(_ point: MetricPoint, host: String) -> (bytes: [UInt8], missing: Int)? {
    guard case .samples(let samples) = point.value else { return nil }
    let (values, missing) = samples.written()
    var text = "{\"metric\":\(IntakeJSON.string(point.definition.name)),\"type\":\"distribution\""
    text += ",\"points\":[[\(point.time),[\(values.joined(separator: ","))]]]"
    if !host.isEmpty { text += ",\"host\":\(IntakeJSON.string(host))" }
    text += ",\"tags\":\(IntakeJSON.array(point.tags))}"
    return (Array(text.utf8), missing)
  }
}
