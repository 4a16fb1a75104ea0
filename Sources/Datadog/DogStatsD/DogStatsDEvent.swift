// An event and a service check as DogStatsD lines: what a person reads on Datadog's event stream, and whether something is well.

import LLMTelemetry

/// Title and text may have line ends, bars and anything else: their lengths are said first.
package struct DogStatsDEvent: Hashable, Sendable {
  package enum Priority: String, CaseIterable, Sendable { case normal, low }
  package enum AlertType: String, CaseIterable, Sendable { case error, warning, info, success }

  package var title: String
  package var text: String
  package var time: Timestamp?
  package var host: String?
  /// Events with one key are shown as one.
  package var aggregationKey: String?
  package var priority: Priority?
  package var sourceType: String?
  package var alertType: AlertType?
  /// `name:value`.
  package var tags: [String]

  package init(
    title: String, text: String, time: Timestamp? = nil, host: String? = nil, aggregationKey: String? = nil,
    priority: Priority? = nil, sourceType: String? = nil, alertType: AlertType? = nil, tags: [String] = []
  ) {
    self.title = title
    self.text = text
    self.time = time
    self.host = host
    self.aggregationKey = aggregationKey
    self.priority = priority
    self.sourceType = sourceType
    self.alertType = alertType
    self.tags = tags
  }

  /// Ends with its line end; a text that is too long is cut, since the Agent would cut the line behind it. `nil` without a title,
  /// which the Agent refuses, or when there is no room even without a text.
  func line(constantTags: [String], origin: String, limit: Int) -> [UInt8]? {
    guard !title.isEmpty else { return nil }
    let title = DogStatsDField.escaped(title)
    var text = DogStatsDField.escaped(self.text)
    var fields = ""
    if let time { fields += "|d:\(time.unixSeconds)" }
    if let host, !host.isEmpty { fields += "|h:" + DogStatsDField.cleaned(host) }
    if let aggregationKey, !aggregationKey.isEmpty { fields += "|k:" + DogStatsDField.cleaned(aggregationKey) }
    if let priority { fields += "|p:" + priority.rawValue }
    if let sourceType, !sourceType.isEmpty { fields += "|s:" + DogStatsDField.cleaned(sourceType) }
    if let alertType { fields += "|t:" + alertType.rawValue }
    fields += DogStatsDField.tags(tags + constantTags) + origin

    let lengths = String(title.utf8.count).utf8.count + String(text.utf8.count).utf8.count
    let besides = "_e{,}:|\n".utf8.count + lengths + title.utf8.count + fields.utf8.count
    if besides + text.utf8.count > limit {
      guard besides + 4 <= limit else { return nil }
      text = DogStatsDField.cut(text, to: limit - besides)
    }
    return Array("_e{\(title.utf8.count),\(text.utf8.count)}:\(title)|\(text)\(fields)\n".utf8)
  }
}

package struct DogStatsDCheck: Hashable, Sendable {
  package enum Status: Int, CaseIterable, Sendable { case ok, warning, critical, unknown }

  package var name: String
  package var status: Status
  package var time: Timestamp?
  package var host: String?
  package var tags: [String]
  package var message: String?

  package init(
    name: String, status: Status, time: Timestamp? = nil, host: String? = nil, tags: [String] = [], message: String? = nil
  ) {
    self.name = name
    self.status = status
    self.time = time
    self.host = host
    self.tags = tags
    self.message = message
  }

  /// Ends with its line end; `nil` without a name, or when even without a message there is no room.
  func line(constantTags: [String], origin: String, limit: Int) -> [UInt8]? {
    guard !name.isEmpty else { return nil }
    var text = "_sc|\(DogStatsDField.cleaned(name))|\(status.rawValue)"
    if let time { text += "|d:\(time.unixSeconds)" }
    if let host, !host.isEmpty { text += "|h:" + DogStatsDField.cleaned(host) }
    text += DogStatsDField.tags(tags + constantTags)
    let room = limit - text.utf8.count - origin.utf8.count - 4
    guard room >= 0 else { return nil }
    if let message, !message.isEmpty, room > 3 {
      // A bar would end the message; the protocol has no way to write one.
      text += "|m:" + DogStatsDField.cut(DogStatsDField.message(message), to: room)
    }
    return Array("\(text)\(origin)\n".utf8)
  }
}

/// What texts of people need before they may stand in a line.
enum DogStatsDField {
  /// A line end is written as a backslash and an n.
  static func escaped(_ text: String) -> String {
    guard text.utf8.contains(10) else { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if byte == 10 { bytes += [92, 110] } else { bytes.append(byte) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// For fields that end at a bar: bars and line ends become `_`.
  static func cleaned(_ text: String) -> String {
    String(decoding: text.utf8.map { $0 == 10 || $0 == 13 || $0 == UInt8(ascii: "|") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
  }

  /// A line end as in an event, `m:` as `m\:`, a bar as `_`.
  static func message(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 10: bytes += [92, 110]
      case UInt8(ascii: "|"): bytes.append(UInt8(ascii: "_"))
      case UInt8(ascii: ":") where bytes.last == UInt8(ascii: "m"): bytes += [92, byte]
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func tags(_ tags: [String]) -> String {
    tags.isEmpty ? "" : "|#" + tags.map { DogStatsDLine.sanitized($0) }.joined(separator: ",")
  }

  /// The beginning of `text` with `…` at its end, in at most `limit` bytes, never within a character; `text` itself when it fits.
  static func cut(_ text: String, to limit: Int) -> String {
    if text.utf8.count <= limit { return text }
    guard limit >= 3 else { return "" }
    var bytes = Array(text.utf8.prefix(limit - 3))
    // Continuation bytes begin with 10: the character they belong to is not whole.
    if let next = text.utf8.dropFirst(limit - 3).first, next & 0xC0 == 0x80 {
      while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
    }
    // Half of an escaped line end would escape what follows.
    if bytes.last == 92 { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self) + "…"
  }
}
