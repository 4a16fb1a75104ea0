// What a run of the load generator measured, and its JSON.

struct LoadResult {
  /// Requests whose answer was complete, and of these the ones before the end of the planned time.
  var completed = 0
  var completedInTime = 0
  var started = 0
  var nanosecondsPlanned: UInt64 = 0
  var nanosecondsTotal: UInt64 = 0
  var latency = Histogram()
  /// At a fixed rate: how long after its time a request was sent. It is part of the latency, and the same for all targets.
  var lateness = Histogram()
  /// Failures by what they were: `status_429`, `closed`, `malformed`, `connect`, `incomplete`, `unfinished`.
  var errors: [String: Int] = [:]
  var reconnects = 0
  var bytesRead = 0

  // Of streams only.
  var firstEvent = Histogram()
  var gap = Histogram()
  /// From the upstream's write to the read here.
  var delay = Histogram()
  var events = 0
  var chunks = 0
  /// Chunks that came in one read with an earlier one that the upstream had sent at least half a pace before.
  var bufferedEvents = 0
  var stalls = 0

  mutating func fail(_ reason: String) { errors[reason, default: 0] += 1 }

  var errorCount: Int { errors.values.reduce(0, +) }

  func json(streams: Bool, connections: Int) -> String {
    var members = [
      #""completed":\#(completed)"#, #""started":\#(started)"#,
      #""rps":\#(requestsPerSecond(connections: connections))"#,
      #""seconds":\#(Self.decimal(Double(nanosecondsTotal) / 1e9))"#,
      #""latency_us":\#(Self.quantiles(latency))"#,
      #""late_us":\#(Self.quantiles(lateness))"#,
      #""errors":{\#(errors.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ","))}"#,
      #""reconnects":\#(reconnects)"#, #""bytes_read":\#(bytesRead)"#,
    ]
    if streams {
      members += [
        #""first_event_us":\#(Self.quantiles(firstEvent))"#, #""gap_us":\#(Self.quantiles(gap))"#,
        #""delay_us":\#(Self.quantiles(delay))"#, #""events":\#(events)"#, #""chunks":\#(chunks)"#,
        #""buffered_events":\#(bufferedEvents)"#, #""stalls":\#(stalls)"#,
      ]
    }
    return "{\(members.joined(separator: ","))}"
  }

  /// Of a slow target hardly any answer is complete when the time is over; then all answers count, with the time that they took.
  private func requestsPerSecond(connections: Int) -> String {
    completedInTime >= 10 * connections
      ? perSecond(completedInTime, nanosecondsPlanned) : perSecond(completed, nanosecondsTotal)
  }

  private func perSecond(_ count: Int, _ nanoseconds: UInt64) -> String {
    nanoseconds == 0 ? "null" : Self.decimal(Double(count) * 1e9 / Double(nanoseconds))
  }

  private static func quantiles(_ histogram: Histogram) -> String {
    let shares = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)]
    var members = shares.map { name, share in
      #""\#(name)":\#(histogram.quantile(share).map { decimal(Double($0) / 1_000) } ?? "null")"#
    }
    members.append(#""max":\#(histogram.count == 0 ? "null" : decimal(Double(histogram.maximum) / 1_000))"#)
    return "{\(members.joined(separator: ","))}"
  }

  /// Three places are nanoseconds of a microsecond; more are not measured.
  private static func decimal(_ value: Double) -> String {
    let thousandths = Int((value * 1_000).rounded())
    let fraction = String(thousandths % 1_000)
    return "\(thousandths / 1_000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)"
  }
}
