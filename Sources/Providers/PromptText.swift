// Collects the readable text of a request, the evidence an answer can be checked against.

package enum PromptText {
  /// All prompt text of a chat.completions or generateContent body, in order, parts separated by blank lines.
  /// Images, tool definitions and settings are left out. Empty for a body that is not such a request.
  package static func evidence(inRequestBody body: [UInt8]) -> String {
    body.withUnsafeBytes { bytes in
      let scanner = JSONScanner(bytes)
      var texts: [String] = []
      guard let root = scanner.root else { return "" }
      func parts(_ array: Int?) {
        guard let array else { return }
        scanner.forEachElement(of: array) { part in
          if let text = scanner.string(scanner.member("text", of: part)) { texts.append(text) }
          return true
        }
      }
      for name: StaticString in ["systemInstruction", "system_instruction"] {
        parts(scanner.member("parts", of: scanner.member(name, of: root)))
      }
      if let contents = scanner.member("contents", of: root) {
        scanner.forEachElement(of: contents) { content in
          parts(scanner.member("parts", of: content))
          return true
        }
      }
      if let messages = scanner.member("messages", of: root) {
        scanner.forEachElement(of: messages) { message in
          let content = scanner.member("content", of: message)
          if let text = scanner.string(content) { texts.append(text) } else { parts(content) }
          return true
        }
      }
      return texts.joined(separator: "\n\n")
    }
  }
}
