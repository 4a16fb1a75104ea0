// The part of Markdown a postmortem uses, as HTML: headings, lists, tables, paragraphs, code, strong, links.

struct MarkdownText {
  let markdown: String

  init(_ markdown: String) { self.markdown = markdown }

  var html: HTML {
    var blocks: [HTML] = []
    var lines = markdown.split(separator: "\n", omittingEmptySubsequences: false).map { $0.last == "\r" ? $0.dropLast() : $0 }[
      ...]
    func take(while holds: (Substring) -> Bool) -> [Substring] {
      let taken = Array(lines.prefix(while: holds))
      lines = lines.dropFirst(taken.count)
      return taken
    }
    while let line = lines.first {
      if line.allSatisfy(\.isWhitespace) {
        lines = lines.dropFirst()
      } else if line.hasPrefix("```") {
        lines = lines.dropFirst()
        let code = take { !$0.hasPrefix("```") }
        lines = lines.dropFirst()
        blocks.append("<pre tabindex=\"0\"><code>\(code.joined(separator: "\n"))</code></pre>\n")
      } else if let (level, text) = Self.heading(line) {
        lines = lines.dropFirst()
        blocks.append("<h\(level)>\(Self.inline(text))</h\(level)>\n")
      } else if Self.isItem(line) {
        let items = take(while: Self.isItem).map { HTML("<li>\(Self.inline($0.drop { $0 == " " }.dropFirst(2)))</li>") }
        blocks.append("<ul>\(items)</ul>\n")
      } else if line.hasPrefix("|") {
        blocks.append(Self.table(take { $0.hasPrefix("|") }))
      } else {
        let text = take {
          !$0.allSatisfy(\.isWhitespace) && Self.heading($0) == nil && !Self.isItem($0) && !$0.hasPrefix("|")
            && !$0.hasPrefix("```")
        }
        blocks.append("<p>\(Self.inline(text.joined(separator: " ")[...]))</p>\n")
      }
    }
    return "\(blocks)"
  }

  private static func heading(_ line: Substring) -> (level: Int, text: Substring)? {
    let level = line.prefix { $0 == "#" }.count
    guard (1...4).contains(level), line.dropFirst(level).first == " " else { return nil }
    return (level, line.dropFirst(level + 1))
  }

  private static func isItem(_ line: Substring) -> Bool {
    let text = line.drop { $0 == " " }
    return text.hasPrefix("- ") || text.hasPrefix("* ")
  }

  private static func table(_ lines: [Substring]) -> HTML {
    func cells(_ line: Substring) -> [Substring] {
      line.dropFirst().split(separator: "|", omittingEmptySubsequences: false).dropLast().map { $0.trimmingSpaces }
    }
    let body = lines.dropFirst().filter { !$0.allSatisfy { "|-: ".contains($0) } }
    let heads = cells(lines[0]).map { HTML("<th scope=\"col\">\(inline($0))</th>") }
    let rows = body.map { line in HTML("<tr>\(cells(line).map { HTML("<td>\(inline($0))</td>") })</tr>") }
    return
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table><thead><tr>\(heads)</tr></thead><tbody>\(rows)</tbody></table></div>\n"
  }

  /// Code, strong and links; everything else is text and is escaped.
  private static func inline(_ text: Substring) -> HTML {
    var result: [HTML] = []
    var rest = text
    var plain = ""
    func flush() {
      if !plain.isEmpty { result.append("\(plain)") }
      plain = ""
    }
    while let first = rest.first {
      if first == "`", let end = rest.dropFirst().firstIndex(of: "`") {
        flush()
        result.append("<code>\(rest[rest.index(after: rest.startIndex)..<end])</code>")
        rest = rest[rest.index(after: end)...]
      } else if rest.hasPrefix("**"), let end = rest.dropFirst(2).firstRange(of: "**") {
        flush()
        result.append("<strong>\(inline(rest.dropFirst(2)[..<end.lowerBound]))</strong>")
        rest = rest[end.upperBound...]
      } else if first == "[", let middle = rest.firstRange(of: "]("), let end = rest[middle.upperBound...].firstIndex(of: ")") {
        let target = rest[middle.upperBound..<end]
        let label = rest[rest.index(after: rest.startIndex)..<middle.lowerBound]
        flush()
        // Any other scheme, javascript: above all, stays text.
        let isSafe =
          target.hasPrefix("https://") || target.hasPrefix("http://") || target.hasPrefix("#")
          || (target.hasPrefix("/") && !target.hasPrefix("//"))
        result.append(isSafe ? "<a href=\"\(target)\">\(label)</a>" : "\(label)")
        rest = rest[rest.index(after: end)...]
      } else {
        plain.append(first)
        rest = rest.dropFirst()
      }
    }
    flush()
    return "\(result)"
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}
