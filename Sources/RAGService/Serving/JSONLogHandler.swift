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
    var members = [
      "time": Timestamp.now().rfc3339, "level": event.level.rawValue, "logger": label, "message": event.message.description,
    ]
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) { members[key] = value.description }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard var line = try? encoder.encode(members) else { return }
    line.append(UInt8(ascii: "\n"))
    // One write for one line: lines of concurrent tasks do not mix.
    FileHandle.standardError.write(line)
  }
}
