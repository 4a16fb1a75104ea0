// What a client has behind its lock: the buffer, the connection and the account of both.

import LLMTelemetry

struct DogStatsDSender: ~Copyable {
  var buffer: DogStatsDBuffer
  var connection: AgentConnection
  var statistics = DogStatsDStatistics()
  private var reported = DogStatsDStatistics()
  private var reportedAt: Timestamp

  init(buffer: DogStatsDBuffer, connection: consuming AgentConnection, reportedAt: Timestamp) {
    self.buffer = buffer
    self.connection = connection
    self.reportedAt = reportedAt
  }

  mutating func flush() {
    let (datagrams, oversized) = buffer.drain()
    drop(.tooLong, oversized)
    drop(.invalid, buffer.takeInvalid())
    statistics.metrics = buffer.accepted
    for datagram in datagrams { send(datagram) }
  }

  /// `nil` is what could not be made a line.
  mutating func send(line: [UInt8]?) {
    if let line { send(line) } else { drop(.invalid, 1) }
  }

  /// False when it is lost.
  @discardableResult
  mutating func send(_ datagram: [UInt8]) -> Bool {
    var lostEarlier = 0
    let reason = connection.send(datagram, lostEarlier: &lostEarlier)
    statistics.datagramsSent -= lostEarlier
    drop(.noReceiver, lostEarlier)
    if let reason {
      drop(reason, 1)
      statistics.bytesDropped += datagram.count
      statistics.isLosing = true
      return false
    }
    statistics.datagramsSent += 1
    statistics.bytesSent += datagram.count
    statistics.isLosing = lostEarlier > 0
    return true
  }

  /// Tells the Agent what has happened since it was last told, when it is time to.
  mutating func report(_ address: DogStatsDAddress, _ settings: DogStatsDSettings, at now: Timestamp) {
    // A clock that was put back must not end the reports.
    if now < reportedAt { reportedAt = now }
    guard now - reportedAt >= DogStatsDTelemetry.interval else { return }
    reportedAt = now
    let upToNow = statistics
    let lines = DogStatsDTelemetry.lines(
      from: reported, to: upToNow, transport: address.transport, version: settings.version, constantTags: settings.constantTags)
    var datagrams: [[UInt8]] = [[]]
    for line in lines {
      if let last = datagrams.last, !last.isEmpty, last.count + line.utf8.count + 1 > address.datagramLimit {
        datagrams.append([])
      }
      datagrams[datagrams.count - 1] += Array(line.utf8) + [10]
    }
    // What was not told is told the next time.
    if datagrams.allSatisfy({ send($0) }) { reported = upToNow }
  }

  private mutating func drop(_ reason: DogStatsDDrop, _ count: Int) {
    if count > 0 { statistics.dropped[reason, default: 0] += count }
  }
}
