// The mute windows of a monitor as Datadog's downtimes.

import LLMTelemetry
import Monitors

enum DowntimeText {
  static func downtimes(of monitor: MonitorDefinition) -> [CompiledObject] {
    monitor.mutes.sorted { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }.enumerated()
      .map {
        index, mute in
        let name = "\(monitor.name)-mute-\(index + 1)"
        let scope = mute.scope.sorted { $0.key < $1.key }.map { "\($0.key):\(MetricQueryText.tagValue($0.value))" }
        // A downtime has no tags: the identity stands where people see that it is not theirs to edit.
        let message = (mute.reason.isEmpty ? [] : [mute.reason, ""]) + [DatadogIdentity.line(name)]
        return CompiledObject(
          DatadogObjectID(.downtime, name),
          .object([
            "data": .object([
              "type": .string("downtime"),
              "attributes": .object([
                "message": .string(message.joined(separator: "\n")),
                "monitor_identifier": .object(["monitor_tags": .strings(["\(CompileSettings.identityKey):\(monitor.name)"])]),
                "scope": .string(scope.isEmpty ? "*" : scope.joined(separator: " AND ")), "display_timezone": .string("UTC"),
                "schedule": .object([
                  "start": .string(mute.range.lowerBound.rfc3339), "end": .string(mute.range.upperBound.rfc3339),
                ]),
              ]),
            ])
          ]))
      }
  }

  /// Of a downtime of the present API, wrapped or not; `nil` for anything else.
  static func attributes(of object: JSONValue) -> JSONValue? {
    let data = object["data"] ?? object
    guard data["type"]?.text == "downtime", let attributes = data["attributes"], attributes["monitor_identifier"] != nil else {
      return nil
    }
    return attributes
  }
}
