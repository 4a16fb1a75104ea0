// Reads Markdown and plain text: paragraphs end at empty lines, headings begin with `#` or are underlined, code stays together.

enum PlainTextReader {
  static func markdown(_ text: String) -> ReadDocument {
    var headings = HeadingStack()
    var blocks: [TextBlock] = []
    var lines: [String] = []
    var fence: String?
    func close() {
      let text = lines.joined(separator: "\n").trimmingSpace
      if !text.isEmpty { blocks.append(TextBlock(headings: headings.current, text: text)) }
      lines = []
    }
    for line in Self.body(text) {
      let content = line.trimmingSpace
      if let open = fence {
        lines.append(String(line))
        if content.hasPrefix(open) { fence = nil }
        continue
      }
      if content.hasPrefix("```") || content.hasPrefix("~~~") {
        fence = String(content.prefix(3))
        lines.append(String(line))
      } else if content.isEmpty {
        close()
      } else if let (level, heading) = Self.heading(content) {
        close()
        headings.add(level: level, text: heading)
      } else if lines.count == 1, let level = Self.underline(content) {
        let heading = lines[0].trimmingSpace
        lines = []
        headings.add(level: level, text: heading)
      } else {
        lines.append(String(line))
      }
    }
    close()
    return ReadDocument(title: headings.title, blocks: blocks)
  }

  static func plain(_ text: String) -> ReadDocument {
    var blocks: [TextBlock] = []
    var lines: [Substring] = []
    func close() {
      let text = lines.joined(separator: "\n").trimmingSpace
      if !text.isEmpty { blocks.append(TextBlock(text: text)) }
      lines = []
    }
    for line in Self.lines(text) {
      if line.allSatisfy(\.isWhitespace) { close() } else { lines.append(line) }
    }
    close()
    return ReadDocument(title: nil, blocks: blocks)
  }

  private static func lines(_ text: String) -> [Substring] {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  }

  /// Without the front matter that site generators put above a document.
  private static func body(_ text: String) -> ArraySlice<Substring> {
    let lines = lines(text)
    guard lines.first?.trimmingSpace == "---",
      let end = lines.dropFirst().firstIndex(where: { ["---", "..."].contains($0.trimmingSpace) })
    else { return lines[...] }
    return lines[(end + 1)...]
  }

  private static func heading(_ line: String) -> (level: Int, text: String)? {
    let marks = line.prefix { $0 == "#" }
    guard (1...6).contains(marks.count), line.dropFirst(marks.count).first?.isWhitespace ?? true else { return nil }
    var text = line.dropFirst(marks.count).trimmingSpace
    while text.last == "#" { text.removeLast() }
    return (marks.count, text.trimmingSpace)
  }

  private static func underline(_ line: String) -> Int? {
    if line.count >= 3, line.allSatisfy({ $0 == "=" }) { return 1 }
    return line.count >= 3 && line.allSatisfy { $0 == "-" } ? 2 : nil
  }
}
