// Reads Anthropic's answers: a message, or the events that build one.

import LLMTelemetry

extension ResponseMeter {
  /// A message object (the document) or one event. Event types share no member names with different meanings, so that the
  /// names decide, in whatever order they come.
  mutating func readMessages(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "type" {
        if let type = reader.rawString(), JSONScanner.equal(type, "message_stop") { sawEnd = true }
      } else if key == "delta" {
        readDelta(&reader)
      } else if key == "content_block" {
        readBlock(&reader)
      } else if key == "content" {
        reader.forEachElement { readBlock(&$0) }
      } else if key == "usage" {
        serviceTier = counts.readAnthropic(&reader, isStart: false) ?? serviceTier
      } else if key == "message", reader.isObject {
        readStart(&reader)
      } else if key == "stop_reason" {
        if let reason = reader.rawString() { finished(FinishReason(anthropic: reason)) }
      } else if key == "model" {
        readResponseModel(&reader)
      } else if key == "error" {
        readError(&reader)
      }
    }
  }

  /// The message of `message_start`: who answers, and the input side of usage.
  private mutating func readStart(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "model" {
        readResponseModel(&reader)
      } else if key == "usage" {
        serviceTier = counts.readAnthropic(&reader, isStart: true) ?? serviceTier
      }
    }
  }

  private mutating func readDelta(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "text" {
        append(reader.rawString())
      } else if key == "thinking" || key == "partial_json" {
        appendHidden(reader.rawString()?.count ?? 0)
      } else if key == "stop_reason", let reason = reader.rawString() {
        finished(FinishReason(anthropic: reason))
      }
    }
  }

  private mutating func readBlock(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "text" {
        append(reader.rawString())
      } else if key == "type", let type = reader.rawString() {
        // A tool's call begins with its name.
        if JSONScanner.equal(type, "tool_use") || JSONScanner.equal(type, "server_tool_use") { frameHasToken = true }
        if JSONScanner.equal(type, "tool_use") { callsTool = true }
      }
    }
  }

  /// Anthropic's and Google's answers to how many tokens a request has: no model was called, so there is no usage.
  mutating func readTokenCount(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "error" { readError(&reader) }
    }
  }
}
