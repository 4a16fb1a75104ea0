// Collects the readable text of a request, the evidence an answer can be checked against.

package enum PromptText {
  /// All prompt text of a request that generates, in any provider's format: instructions first, then the conversation in
  /// order with what tools answered, parts separated by blank lines. Images, tool definitions and settings are left out.
  /// Empty for a body that is not such a request.
  package static func evidence(inRequestBody body: [UInt8]) -> String {
    body.withUnsafeBytes { bytes in
      var collector = Collector()
      // Two passes, since a caller may write the conversation before the instructions.
      var reader = JSONReader(bytes)
      reader.forEachMember { key, reader in
        if key == "systemInstruction" || key == "system_instruction" {
          collector.readTurn(&reader)
        } else if key == "system" || key == "instructions" {
          collector.readContent(&reader)
        }
      }
      reader = JSONReader(bytes)
      reader.forEachMember { key, reader in
        guard key == "messages" || key == "contents" || key == "input" else { return }
        // The responses format takes a bare string for one message of the user.
        if reader.isArray { reader.forEachElement { collector.readTurn(&$0) } } else { collector.append(reader.string()) }
      }
      return collector.texts.joined(separator: "\n\n")
    }
  }

  private struct Collector {
    var texts: [String] = []

    mutating func append(_ text: String?) {
      if let text { texts.append(text) }
    }

    /// A message, an item or a content: its text is below `content`, `parts` or `output`.
    mutating func readTurn(_ reader: inout JSONReader) {
      reader.forEachMember { key, reader in
        if key == "content" || key == "parts" || key == "output" { readContent(&reader) }
      }
    }

    /// A string, or a list of parts.
    mutating func readContent(_ reader: inout JSONReader) {
      if reader.isArray { reader.forEachElement { readPart(&$0) } } else { append(reader.string()) }
    }

    private mutating func readPart(_ reader: inout JSONReader) {
      reader.forEachMember { key, reader in
        if key == "text" {
          append(reader.string())
        } else if key == "content" {
          // What a tool answered (Anthropic).
          if reader.isArray { reader.forEachElement { readText(&$0) } } else { append(reader.string()) }
        } else if key == "functionResponse" || key == "function_response" {
          reader.forEachMember { key, reader in
            guard key == "response", let range = reader.range() else { return }
            append(String(decoding: reader.bytes.slice(range.lowerBound, range.upperBound), as: UTF8.self))
          }
        }
      }
    }

    private mutating func readText(_ reader: inout JSONReader) {
      reader.forEachMember { key, reader in
        if key == "text" { append(reader.string()) }
      }
    }
  }
}
