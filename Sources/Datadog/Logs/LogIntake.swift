// Logs straight to Datadog, for those without an Agent that reads standard output: a line for each exchange, and the program's own.

import Delivery
import LLMTelemetry
import Synchronization

package struct LogIntakeSettings: Sendable {
  /// `datadoghq.com` and the like; one that begins with a scheme is the whole origin, for a relay in between.
  package var site: String
  package var apiKey: @Sendable () -> String
  /// Which pipelines Datadog puts the lines through.
  package var source = "llm-incident-commander"
  package var hostname: String?
  /// For lines without a service, environment or version of their own.
  package var service = "llm-incident-commander"
  package var env: String?
  package var version: String?
  /// Datadog cuts what is larger, in the middle of a character if need be; so it is cut here, where it shows.
  package var entryLimit = 1_000_000
  /// Datadog drops what is older.
  package var oldest: Duration = .seconds(18 * 3600)

  package init(site: String, apiKey: @escaping @Sendable () -> String) {
    self.site = site
    self.apiKey = apiKey
  }
}

/// The words of Datadog's reserved attribute `status`.
package enum LogStatus: String, Sendable {
  case debug, info, warn, error, critical
}

/// A sink of ingest: encodes on the caller's thread and never waits.
package final class LogIntake: Sendable {
  package let lane: DeliveryLane
  /// As the Agent marks what it cuts.
  private static let cutMark = "...TRUNCATED..."
  private let settings: LogIntakeSettings
  private let now: @Sendable () -> Timestamp
  private let state = Mutex(State())

  private struct State: ~Copyable {
    var line = ByteBuffer()
    var clock = ClockText()
    var tooOld = 0
  }

  package init(
    settings: LogIntakeSettings, send: @escaping DeliverySend, now: @escaping @Sendable () -> Timestamp = { .now() }
  ) {
    self.settings = settings
    self.now = now
    let origin = DatadogSite.origin(settings.site, "http-intake.logs")
    var limits = DeliveryLimits()
    // Datadog takes 1,000 entries and 5 MB at once.
    (limits.batchItems, limits.batchBytes, limits.interval) = (1_000, 4_500_000, .milliseconds(500))
    lane = DeliveryLane(
      name: "logs", limits: limits,
      assemble: { items in
        DeliveryRequest(
          url: "\(origin)/api/v2/logs",
          headers: [(name: "Content-Type", value: "application/json"), (name: "DD-API-KEY", value: settings.apiKey())],
          body: DeliveryItem.array(of: items))
      },
      send: send)
  }

  /// The lines that `SpanLog` writes of the same spans.
  package func add(_ spans: [LLMSpan]) {
    let oldest = now() - settings.oldest
    let items = state.withLock { state in
      var items: [DeliveryItem] = []
      items.reserveCapacity(spans.count)
      for index in spans.indices where SpanLogLine.isWritten(for: spans[index]) {
        if spans[index].end < oldest {
          state.tooOld += 1
        } else {
          items.append(item(spans[index], &state.line, &state.clock))
        }
      }
      return items
    }
    if !items.isEmpty { lane.offer(items) }
  }

  /// A line of the program's own, from any thread. `attributes` are what a logger knows besides; a name that means something else
  /// to Datadog is left out.
  package func add(line text: String, status: LogStatus, at time: Timestamp, attributes: [(name: String, value: String)] = []) {
    guard time >= now() - settings.oldest else {
      state.withLock { $0.tooOld += 1 }
      return
    }
    let item = state.withLock { state in
      let whole = entry(text, status, time, attributes, &state.line, &state.clock)
      if whole.count <= settings.entryLimit { return DeliveryItem(whole) }
      state.line = ByteBuffer()
      // Escaping makes text up to six times as long: a few rounds find what fits.
      var length = min(text.utf8.count, settings.entryLimit - 2_000)
      while length > 0 {
        let bytes = entry(text.cut(toBytes: length) + Self.cutMark, status, time, [], &state.line, &state.clock)
        if bytes.count <= settings.entryLimit { return DeliveryItem(bytes) }
        length /= 2
      }
      return DeliveryItem(entry(Self.cutMark, status, time, [], &state.line, &state.clock))
    }
    lane.offer([item])
  }

  /// How many lines were dropped since this was last asked, by reason: those of the lane, and `too_old`.
  package func takeDrops() -> [String: Int] {
    let tooOld = state.withLock { state in
      defer { state.tooOld = 0 }
      return state.tooOld
    }
    return lane.takeDrops(and: tooOld)
  }

  private func item(_ span: borrowing LLMSpan, _ line: inout ByteBuffer, _ clock: inout ClockText) -> DeliveryItem {
    line.removeAll()
    appendHead(env: span.dimensions.env, version: span.dimensions.version, &line)
    if span.dimensions.service == nil { line.appendMember("service", settings.service) }
    line.append(",")
    SpanLogLine.appendMembers(span, to: &line, clock: &clock)
    line.append("}")
    if line.count > settings.entryLimit { appendShort(span, to: &line, clock: &clock) }
    return DeliveryItem(line.bytes())
  }

  /// Names come from outside: of a line that they make too long, what leads to the trace is kept.
  private func appendShort(
    _ span: borrowing LLMSpan, to line: inout ByteBuffer, clock: inout ClockText
  ) {
    // A new one, so that the memory of a long line is not kept for ever.
    line = ByteBuffer()
    appendHead(env: settings.env, version: settings.version, &line)
    line.appendMember("service", span.dimensions.service ?? settings.service)
    line.append(",")
    SpanLogLine.appendIdentity(span, name: span.name.cut(toBytes: 1_000) + Self.cutMark, to: &line, clock: &clock)
    line.append("}")
  }

  private func entry(
    _ text: String, _ status: LogStatus, _ time: Timestamp, _ attributes: [(name: String, value: String)],
    _ line: inout ByteBuffer, _ clock: inout ClockText
  ) -> [UInt8] {
    line.removeAll()
    appendHead(env: nil, version: nil, &line)
    line.appendMember("service", settings.service)
    line.appendMember("status", status.rawValue)
    line.append(",\"timestamp\":\"")
    clock.append(time, to: &line)
    line.append("\",\"message\":\"")
    line.append(escaped: text)
    line.append("\"")
    var names = Self.reserved
    for attribute in attributes.prefix(50) where names.insert(attribute.name).inserted {
      line.append(",\"")
      line.append(escaped: attribute.name, limit: 200)
      line.append("\":\"")
      line.append(escaped: attribute.value, limit: ByteBuffer.memberLimit)
      line.append("\"")
    }
    line.append("}")
    return line.bytes()
  }

  private static let reserved: Set<String> = [
    "ddsource", "ddtags", "hostname", "host", "service", "status", "timestamp", "message", "dd.trace_id", "dd.span_id",
  ]

  /// What Datadog reads before it reads a line.
  private func appendHead(env: String?, version: String?, _ line: inout ByteBuffer) {
    line.begin()
    line.append("{\"ddsource\":\"")
    line.append(escaped: settings.source)
    line.append("\",\"ddtags\":\"")
    let env = env ?? settings.env
    let version = version ?? settings.version
    if let env { appendTag("env:", env, &line) }
    if let version {
      if env != nil { line.append(",") }
      appendTag("version:", version, &line)
    }
    line.append("\"")
    line.appendMember("hostname", settings.hostname)
  }

  /// A comma would begin another tag.
  private func appendTag(_ name: StaticString, _ value: String, _ line: inout ByteBuffer) {
    line.append(name)
    let isPlain = !value.utf8.contains(UInt8(ascii: ","))
    line.append(escaped: isPlain ? value : String(value.map { $0 == "," ? "_" : $0 }), limit: ByteBuffer.tagLimit)
  }
}
