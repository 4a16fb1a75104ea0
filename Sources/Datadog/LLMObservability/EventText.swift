// The members, strings and tags that the events of LLM Observability are written from.

import LLMTelemetry

extension ByteBuffer {
  /// What a member that is only looked at may have; content has the limit of the whole event.
  static let memberLimit = 5_000
  /// Datadog cuts a tag here.
  static let tagLimit = 200

  /// `,"name":"value"`; nothing for `nil`.
  @inline(__always)
  mutating func appendMember(_ name: StaticString, _ value: String?, limit: Int = memberLimit) {
    guard let value else { return }
    append(",\"")
    append(name)
    append("\":\"")
    append(escaped: value, limit: limit)
    append("\"")
  }

  /// `,"name":value`; nothing for `nil`.
  @inline(__always)
  mutating func appendMember(_ name: StaticString, _ value: Int?) {
    guard let value else { return }
    append(",\"")
    append(name)
    append("\":")
    append(decimal: Int64(value))
  }

  /// `,"name":seconds` with as many decimals as there are; nothing for `nil`.
  mutating func appendMember(_ name: StaticString, seconds duration: Duration?) {
    guard let duration else { return }
    append(",\"")
    append(name)
    append("\":")
    append(seconds: duration)
  }

  mutating func append(seconds duration: Duration) {
    // Nanoseconds in a second are what nano-dollars are in a dollar.
    SpanLogLine.append(Nanodollars(duration.wholeNanoseconds), to: &self)
  }

  /// `,"name:value"`; nothing for `nil`.
  @inline(__always)
  mutating func appendTag(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    append(",\"")
    append(name)
    append(":")
    append(escaped: value, limit: Self.tagLimit)
    append("\"")
  }

  /// Cut where a character begins, so that what is left is UTF-8.
  @inline(__always)
  mutating func append(escaped text: String, limit: Int) {
    if text.utf8.count <= limit { append(escaped: text) } else { append(escaped: text.cut(toBytes: limit)) }
  }

  mutating func appendHexadecimal(_ trace: TraceID) {
    append(hexadecimal: trace.high)
    append(hexadecimal: trace.low)
  }

  func bytes() -> [UInt8] { withBytes(from: 0) { Array($0) } }
}

extension String {
  func cut(toBytes limit: Int) -> String {
    guard utf8.count > limit else { return self }
    // A place within a character is rounded down to its beginning.
    return String(self[..<utf8.index(startIndex, offsetBy: max(0, limit))])
  }
}

/// The tags that spans and their evaluations share: the application, and every dimension.
enum EventTags {
  /// Without the brackets, and with no comma in front.
  static func append(_ span: borrowing LLMSpan, mlApp: String, _ settings: LLMObservabilitySettings, to line: inout ByteBuffer) {
    line.append("\"ml_app:")
    line.append(escaped: mlApp)
    line.append("\",\"env:")
    line.append(escaped: span.dimensions.env ?? settings.env ?? "", limit: ByteBuffer.tagLimit)
    line.append("\",\"service:")
    line.append(escaped: span.dimensions.service ?? settings.service ?? "", limit: ByteBuffer.tagLimit)
    line.append("\",\"version:")
    line.append(escaped: span.dimensions.version ?? settings.version ?? "", limit: ByteBuffer.tagLimit)
    line.append("\"")
    line.appendTag("provider", span.dimensions.provider)
    line.appendTag("model", span.dimensions.model)
    line.appendTag("route", span.dimensions.route)
    line.appendTag("tenant", span.dimensions.tenant)
    line.appendTag("feature", span.dimensions.feature)
    line.appendTag("prompt", span.dimensions.prompt)
    line.appendTag("prompt_version", span.dimensions.promptVersion)
    line.appendTag("region", span.dimensions.region)
    line.appendTag("span_kind", span.kind.rawValue)
    line.appendTag("finish_reason", span.finishReason?.rawValue)
    line.appendTag("cache", span[.cache])
    line.appendTag("error_class", span.outcome.errorClass?.rawValue)
    line.appendTag("override", span.dimensions.override)
    line.appendTag("session_id", span.session)
  }
}
