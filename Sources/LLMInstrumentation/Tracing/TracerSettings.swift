// Who the application is, where its spans go and what they may hold: read once, when the tracer is made.
import LLMTelemetry

/// What a tracer writes on every span.
public struct TracerSettings: Sendable {
  public var service: String
  public var env: String?
  public var version: String?
  /// Whether the text of prompts, answers and documents is kept on spans. Off: it never leaves the process.
  public var capturesContent = false
  /// Applied to every captured text before it leaves the process; the commander redacts once more.
  public var redact: (@Sendable (String) -> String)?

  public init(service: String, env: String? = nil, version: String? = nil) {
    self.service = service
    self.env = env
    self.version = version
  }

  /// What the environment says: Datadog's variables first, then OpenTelemetry's.
  ///
  /// | setting | variables |
  /// |---|---|
  /// | service | `DD_SERVICE`, `OTEL_SERVICE_NAME`, `service.name` of `OTEL_RESOURCE_ATTRIBUTES` |
  /// | env | `DD_ENV`, `deployment.environment.name` or `deployment.environment` |
  /// | version | `DD_VERSION`, `service.version` |
  ///
  /// A service that nothing names is called `swift-app`.
  public init(environment: [String: String]) {
    let resource = Self.resource(environment["OTEL_RESOURCE_ATTRIBUTES"] ?? "")
    func first(_ candidates: String?...) -> String? { candidates.lazy.compactMap(\.self).first { !$0.isEmpty } }
    service =
      first(environment["DD_SERVICE"], environment["OTEL_SERVICE_NAME"], resource["service.name"]) ?? "swift-app"
    env = first(environment["DD_ENV"], resource["deployment.environment.name"], resource["deployment.environment"])
    version = first(environment["DD_VERSION"], resource["service.version"])
  }

  /// `key=value` pairs with commas between them; values may be percent-encoded.
  private static func resource(_ text: String) -> [String: String] {
    var values: [String: String] = [:]
    for pair in text.split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { continue }
      values[parts[0].trimmed] = parts[1].trimmed.percentDecoded
    }
    return values
  }
}

extension Substring {
  fileprivate var trimmed: String {
    String(self.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}

extension String {
  /// Wrong escapes stay as they are.
  fileprivate var percentDecoded: String {
    var bytes: [UInt8] = []
    var rest = self.utf8[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The two clocks of a span: the wall's for its start, the monotonic one for every length of time.
package struct TracerClock: Sendable {
  package var now: @Sendable () -> Timestamp
  package var instant: @Sendable () -> ContinuousClock.Instant

  package init(now: @escaping @Sendable () -> Timestamp, instant: @escaping @Sendable () -> ContinuousClock.Instant) {
    self.now = now
    self.instant = instant
  }

  package static let system = TracerClock(now: { .now() }, instant: { .now })
}

/// What all spans of one tracer share.
final class TracerCore: Sendable {
  let settings: TracerSettings
  let exporter: any SpanExporter
  let meter: SpanMetrics?
  let clock: TracerClock

  init(settings: TracerSettings, exporter: any SpanExporter, meter: SpanMetrics?, clock: TracerClock) {
    self.settings = settings
    self.exporter = exporter
    self.meter = meter
    self.clock = clock
  }

  /// The end of a span: content as the settings say, then metrics and export.
  func finish(_ span: LLMSpan) {
    var span = span
    if let content = span.content { span.content = settings.capturesContent ? redacted(content) : nil }
    meter?.record(span)
    exporter.export([span])
  }

  private func redacted(_ content: SpanContent) -> SpanContent {
    guard let redact = settings.redact else { return content }
    var content = content
    // A raw body is not text that a closure can be asked about.
    content.requestBody = []
    content.responseText = redact(content.responseText)
    for index in content.input.indices { content.input[index].text = redact(content.input[index].text) }
    for index in content.documents.indices { content.documents[index].text = redact(content.documents[index].text) }
    return content
  }
}
