// What may be kept of texts, and how many series metrics may make: `capture…`, `routes[].capture`, `cardinality`.

import Gateway
import LLMMetrics
import LLMTelemetry
import Redaction
import StrictYAML

extension ConfigurationReader {
  func readCapture(_ root: YAMLMapping, into configuration: inout CommanderConfiguration) {
    if let capture = root["capture"]?.choice(ContentCapture.self) { configuration.capture.standard = capture }
    configuration.captureSecret = secret(root["capture_secret"])
    if let retention = root["capture_retention"], let duration = retention.duration() {
      configuration.captureRetention = duration
      if duration > configuration.retention {
        retention.problem("captured content cannot be kept longer than its spans: shorten it, or lengthen `retention`")
      }
    } else {
      configuration.captureRetention = min(configuration.captureRetention, configuration.retention)
    }
    for item in root["routes"]?.elements ?? [] {
      guard let name = item.memberText("name"), let capture = item.member("capture")?.choice(ContentCapture.self) else {
        continue
      }
      configuration.capture.byRoute[name] = capture
    }
  }

  func readCardinality(_ value: YAMLValue?) -> CardinalitySettings {
    var settings = CardinalitySettings()
    guard let section = value?.mapping(["values_per_tag", "values_per_dimension", "series_per_metric"]) else { return settings }
    if let values = section["values_per_tag"]?.integer(1...100_000) { settings.valuesPerTag = values }
    if let series = section["series_per_metric"]?.integer(10...1_000_000) { settings.seriesPerMetric = series }
    for (name, value) in section["values_per_dimension"]?.namedMembers() ?? [] {
      guard let dimension = Dimension(rawValue: name) else {
        value.problem(
          "there is no dimension \"\(name)\"; they are \(Dimension.allCases.map(\.rawValue).joined(separator: ", "))")
        continue
      }
      if let values = value.integer(0...100_000) { settings.valuesPerDimension[dimension] = values }
    }
    return settings
  }
}
