// What the client says about itself to the Agent, under the names Datadog's own clients use.

import LLMMetrics
import LLMTelemetry

/// What became of everything handed over so far.
package struct DogStatsDStatistics: Hashable, Sendable {
  /// Values of metrics, before they are added up.
  package var metrics = 0
  package var events = 0
  package var checks = 0
  package var datagramsSent = 0
  package var bytesSent = 0
  package var bytesDropped = 0
  package var dropped: [DogStatsDDrop: Int] = [:]
  /// The last datagram was lost: nobody is there, or who is there does not keep up.
  package var isLosing = false

  package init() {}

  /// Datagrams for which there was no receiver, or one that does not keep up.
  package var datagramsDropped: Int { (dropped[.noReceiver] ?? 0) + (dropped[.receiverFull] ?? 0) }
  /// Lines that went into no datagram.
  package var linesDropped: Int { (dropped[.tooLong] ?? 0) + (dropped[.invalid] ?? 0) }
}

enum DogStatsDTelemetry {
  static let interval: Duration = .seconds(10)

  /// The lines for what has happened between two statistics, in the order of the Python client. We have no queue between the
  /// buffer and the socket, so everything that is dropped is dropped by the writer.
  static func lines(
    from earlier: DogStatsDStatistics, to now: DogStatsDStatistics, transport: String, version: String, constantTags: TagSet
  ) -> [String] {
    let tags =
      (["client:swift", "client_version:\(version)", "client_transport:\(transport)"]
      + constantTags.tags.map { "\($0.name):\($0.value)" })
      .map { DogStatsDLine.sanitized($0) }.joined(separator: ",")
    let bytesDropped = now.bytesDropped - earlier.bytesDropped
    let packetsDropped = now.datagramsDropped - earlier.datagramsDropped
    let figures: [(String, Int)] = [
      ("metrics", now.metrics - earlier.metrics), ("events", now.events - earlier.events),
      ("service_checks", now.checks - earlier.checks), ("bytes_sent", now.bytesSent - earlier.bytesSent),
      ("bytes_dropped", bytesDropped), ("bytes_dropped_queue", 0), ("bytes_dropped_writer", bytesDropped),
      ("packets_sent", now.datagramsSent - earlier.datagramsSent), ("packets_dropped", packetsDropped),
      ("packets_dropped_queue", 0), ("packets_dropped_writer", packetsDropped),
    ]
    return figures.map { "datadog.dogstatsd.client.\($0.0):\($0.1)|c|#\(tags)" }
  }
}
