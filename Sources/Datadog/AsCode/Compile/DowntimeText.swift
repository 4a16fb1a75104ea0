// The mute windows of a monitor as Datadog's downtimes.

import Foundation
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

  static func isMute(_ name: String, of monitor: String) -> Bool {
    let start = "\(monitor)-mute-"
    return name.hasPrefix(start) && Int(name.dropFirst(start.count)) != nil
  }

  /// The mute that a downtime of ours is, from its canonical form; `nil` where it has a form that mutes lack.
  static func mute(_ json: JSONValue, name: String) -> MuteWindow? {
    guard let attributes = json["attributes"], let schedule = attributes["schedule"],
      let start = schedule["start"]?.double, let end = schedule["end"]?.double, start < end
    else { return nil }
    var scope: [String: String] = [:]
    let text = attributes["scope"]?.text ?? "*"
    for condition in text == "*" ? [] : text.components(separatedBy: " AND ") {
      let parts = condition.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2, scope.updateValue(parts[1], forKey: parts[0]) == nil else { return nil }
    }
    let lines = (attributes["message"]?.text ?? "").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(
      String.init)
    let reason = lines.filter { $0.trimmed != DatadogIdentity.line(name) }.joined(separator: "\n").trimmed
    return MuteWindow(
      Timestamp(unixSeconds: Int64(start))..<Timestamp(unixSeconds: Int64(end)), scope: scope, reason: reason)
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
