// Reads the messages of a request in the order a model reads them: what is captured, scored and shown of it.

import LLMTelemetry

package enum RequestContent {
  /// A body has at most this many messages; agents send hundreds.
  static let messageLimit = 2048

  /// The messages of a request body in any provider's format, instructions first. Calls of tools and what tools answered are part
  /// of it, images and definitions are not. A body that was cut in the middle has the messages up to there, the last one without
  /// its last word; one that is no request has none.
  package static func messages(inRequestBody body: [UInt8]) -> [ContentMessage] {
    body.withUnsafeBytes { bytes in
      var messages: [ContentMessage] = []
      // Two passes, since a caller may write the conversation before the instructions.
      var reader = JSONReader(bytes)
      reader.forEachMember { key, reader in
        if key == "system" || key == "instructions" || key == "systemInstruction" || key == "system_instruction" {
          add("system", &messages) { $0.readContent(&reader) }
        }
      }
      reader = JSONReader(bytes)
      reader.forEachMember { key, reader in
        if key == "messages" || key == "contents" {
          reader.forEachElement { readTurn(&$0, into: &messages) }
        } else if key == "input" || key == "prompt" || key == "instances" || key == "content" {
          readInput(&reader, into: &messages)
        } else if key == "requests" {
          // A batch of texts to embed (Google).
          reader.forEachElement {
            $0.forEachMember { key, reader in if key == "content" { readInput(&reader, into: &messages) } }
          }
        }
      }
      return messages
    }
  }

  private static func add(_ role: String, _ messages: inout [ContentMessage], _ read: (inout ContentReader) -> Void) {
    var content = ContentReader(role: role)
    read(&content)
    for message in content.messages where messages.count < messageLimit { messages.append(message) }
  }

  /// A text, a list of texts (embeddings), or the items of OpenAI's responses.
  private static func readInput(_ reader: inout JSONReader, into messages: inout [ContentMessage]) {
    guard reader.isArray else {
      add("user", &messages) { content in
        if reader.isObject { content.readTurn(&reader) } else { content.readContent(&reader) }
      }
      return
    }
    reader.forEachElement { reader in
      if reader.isObject {
        readTurn(&reader, into: &messages)
      } else {
        add("user", &messages) { $0.readContent(&reader) }
      }
    }
  }

  private static func readTurn(_ reader: inout JSONReader, into messages: inout [ContentMessage]) {
    add("user", &messages) { $0.readTurn(&reader) }
  }
}

/// The texts of one turn, each with the role it has: what a tool answered is part of a user's turn in two of the formats.
private struct ContentReader {
  private(set) var messages: [ContentMessage] = []
  private var role: String
  private var depth = 0

  init(role: String) { self.role = role }

  /// A message, an item, a content or an instance.
  mutating func readTurn(_ reader: inout JSONReader) {
    let type = readRoleAndType(reader)
    let isToolCall = type.hasSuffix("_call")
    if isToolCall { role = "assistant" }
    if type.hasSuffix("_call_output") { role = "tool" }
    reader.forEachMember { key, reader in
      if key == "tool_calls" {
        reader.forEachElement { $0.forEachMember { key, reader in if key == "function" { self.readCall(&reader) } } }
      } else if key == "function_call" {
        readCall(&reader)
      } else if key == "name" || key == "arguments" {
        // An item of OpenAI's responses that calls a tool.
        if isToolCall { append(text(&reader), separator: " ") }
      } else if key == "content" || key == "parts" || key == "output" || key == "text" || key == "refusal" {
        readContent(&reader)
      }
    }
  }

  /// Before the rest is read, since both may stand behind it.
  private mutating func readRoleAndType(_ start: JSONReader) -> String {
    var reader = start
    var type = ""
    reader.forEachMember { key, reader in
      if key == "role" {
        if let name = reader.string() { role = Self.role(name) }
      } else if key == "type" {
        type = reader.string() ?? ""
      }
    }
    return type
  }

  /// A string, or a list of parts.
  mutating func readContent(_ reader: inout JSONReader) {
    guard depth < 8 else { return }
    depth += 1
    defer { depth -= 1 }
    if reader.isArray {
      reader.forEachElement { readPart(&$0) }
    } else if reader.isObject {
      readPart(&reader)
    } else {
      append(text(&reader))
    }
  }

  private mutating func readPart(_ reader: inout JSONReader) {
    guard reader.isObject else { return append(text(&reader)) }
    let outer = role
    let isToolUse = readRoleAndType(reader).hasSuffix("tool_use")
    reader.forEachMember { key, reader in
      if key == "text" || key == "refusal" || key == "thinking" {
        append(text(&reader))
      } else if key == "parts" {
        readContent(&reader)
      } else if key == "name" || key == "input" {
        if isToolUse { append(text(&reader), separator: " ") }
      } else if key == "content" {
        // What a tool answered (Anthropic).
        role = "tool"
        readContent(&reader)
        role = outer
      } else if key == "functionCall" || key == "function_call" {
        readCall(&reader)
      } else if key == "functionResponse" || key == "function_response" {
        role = "tool"
        readCall(&reader)
        role = outer
      }
    }
  }

  /// The name of a tool and what it was given or gave back.
  private mutating func readCall(_ reader: inout JSONReader) {
    var isFirst = true
    reader.forEachMember { key, reader in
      guard key == "name" || key == "arguments" || key == "args" || key == "response" else { return }
      append(text(&reader), separator: isFirst ? "\n\n" : " ")
      isFirst = false
    }
  }

  /// A string, or the JSON of another value; of a string that was cut, what there is of it but the last word.
  private func text(_ reader: inout JSONReader) -> String? {
    let start = reader.position
    if reader.isString {
      if let text = reader.string() { return text }
      guard reader.isMalformed, start < reader.bytes.count else { return nil }
      var end = reader.bytes.count
      while end > start + 1, reader.bytes[end - 1] == 0x5c { end -= 1 }
      return CutText.withoutLastWord(JSONText.unescape(reader.bytes.slice(start + 1, end)))
    }
    if reader.isNull {
      reader.skip()
      return nil
    }
    guard let range = reader.range() else { return nil }
    return String(decoding: reader.bytes.slice(range.lowerBound, range.upperBound), as: UTF8.self)
  }

  private mutating func append(_ text: String?, separator: String = "\n\n") {
    guard let text, !text.isEmpty else { return }
    // Parts of one turn are one message.
    if let last = messages.last, last.role == role {
      messages[messages.count - 1].text += separator + text
    } else {
      messages.append(ContentMessage(role: role, text: text))
    }
  }

  /// The four words of `ContentMessage`; the vendors have more.
  private static func role(_ name: String) -> String {
    switch name {
    case "system", "developer": "system"
    case "assistant", "model": "assistant"
    case "tool", "function": "tool"
    default: "user"
    }
  }
}
