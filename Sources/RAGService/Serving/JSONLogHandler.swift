// Logs as one JSON object a line on standard error, so that a log shipper can join them with traces.
import Foundation
import LLMTelemetry
import Logging

package struct JSONLogHandler: LogHandler {
  package var logLevel = Logger.Level.info
  package var metadata: Logger.Metadata = [:]
  private let label: String

  package init(label: String) { self.label = label }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let merged = metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
    guard
      var line = Self.line(
        label: label, level: event.level, message: event.message.description, metadata: merged, time: .now())
    else { return }
    line.append(UInt8(ascii: "\n"))
    // One write for one line: lines of concurrent tasks do not mix.
    FileHandle.standardError.write(line)
  }

  /// `service` and `dd.trace_id` are the names by which Datadog joins a line with its service and its trace.
  static func line(label: String, level: Logger.Level, message: String, metadata: Logger.Metadata, time: Timestamp) -> Data? {
    var members = [
      "time": time.rfc3339, "level": level.rawValue, "logger": label, "service": label, "message": message,
    ]
    for (key, value) in metadata { members[key] = value.description }
    if let traceID = members["trace_id"], !traceID.isEmpty { members["dd.trace_id"] = traceID }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try? encoder.encode(members)
  }
}
