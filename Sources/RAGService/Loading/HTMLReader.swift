// Reads HTML: what a reader of the page sees, in paragraphs under its headings.

/// Reads tags, text and character references, and forgives what browsers forgive. Scripts, styles, navigation and hidden
/// templates are no text of the page.
enum HTMLReader {
  static func read(_ html: String) -> ReadDocument {
    var reader = Reader(bytes: Array(html.utf8))
    reader.run()
    return ReadDocument(title: reader.pageTitle ?? reader.headings.title, blocks: reader.blocks)
  }

  private static let silent: Set<String> = [
    "script", "style", "noscript", "template", "svg", "iframe", "object", "head", "nav", "select", "button",
  ]
  private static let blocks: Set<String> = [
    "address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section",
    "summary", "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
  ]
  /// Parts of one paragraph, so that a list stays together with its items.
  private static let lines: Set<String> = ["li", "tr", "dt", "dd", "br", "caption", "thead", "tbody", "tfoot"]
  private static let void: Set<String> = ["br", "hr", "img", "input", "meta", "link", "wbr", "area", "base", "col", "source"]

  private struct Reader {
    let bytes: [UInt8]
    var position = 0
    var headings = HeadingStack()
    var blocks: [TextBlock] = []
    var pageTitle: String?
    private var text = ""
    private var heading: Int?
    private var silence: [String] = []
    private var isTitle = false
    private var isPreformatted = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func run() {
      while position < bytes.count {
        if bytes[position] == UInt8(ascii: "<"), let tag = readTag() {
          handle(tag)
        } else {
          readText()
        }
      }
      close()
    }

    private enum Tag {
      case open(String, isClosed: Bool)
      case close(String)
      case nothing
    }

    private func find(_ text: String, from start: Int) -> Int? {
      let wanted = Array(text.utf8)
      guard bytes.count >= wanted.count, start <= bytes.count - wanted.count else { return nil }
      return (start...(bytes.count - wanted.count)).first { at in
        wanted.indices.allSatisfy { Self.lower(bytes[at + $0]) == wanted[$0] }
      }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }

    /// `nil` when the `<` is no tag but text.
    private mutating func readTag() -> Tag? {
      let next = position + 1 < bytes.count ? bytes[position + 1] : 0
      if next == UInt8(ascii: "!") || next == UInt8(ascii: "?") {
        let isComment = position + 3 < bytes.count && bytes[position + 2] == 0x2d && bytes[position + 3] == 0x2d
        let end = isComment ? find("-->", from: position + 4).map { $0 + 3 } : find(">", from: position).map { $0 + 1 }
        position = end ?? bytes.count
        return .nothing
      }
      let isClosing = next == UInt8(ascii: "/")
      var end = position + (isClosing ? 2 : 1)
      let start = end
      while end < bytes.count, Self.isNameByte(bytes[end]) { end += 1 }
      guard end > start, Self.lower(bytes[start]) >= 97, Self.lower(bytes[start]) <= 122 else { return nil }
      let name = String(decoding: bytes[start..<end].map(Self.lower), as: UTF8.self)
      var quote: UInt8?
      while end < bytes.count {
        let byte = bytes[end]
        if let open = quote {
          if byte == open { quote = nil }
        } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
          quote = byte
        } else if byte == UInt8(ascii: ">") {
          break
        }
        end += 1
      }
      let isClosed = end > 0 && end <= bytes.count && bytes[end - 1] == UInt8(ascii: "/")
      position = min(bytes.count, end + 1)
      // The text of a script is no HTML: it lasts until its own end tag.
      if !isClosing, name == "script" || name == "style" {
        position = find("</\(name)", from: position) ?? bytes.count
      }
      return isClosing ? .close(name) : .open(name, isClosed: isClosed)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
      let lower = lower(byte)
      return (lower >= 97 && lower <= 122) || (byte >= 48 && byte <= 57) || byte == 0x2d || byte == 0x3a
    }

    private mutating func readText() {
      let start = position
      position += 1
      while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
      guard silence.isEmpty || isTitle else { return }
      let piece = CharacterReferences.decoded(String(decoding: bytes[start..<position], as: UTF8.self))
      if isPreformatted > 0 {
        text += piece
        return
      }
      let words = piece.split(whereSeparator: \.isWhitespace)
      if piece.first?.isWhitespace == true || words.isEmpty { space() }
      text += words.joined(separator: " ")
      if !words.isEmpty, piece.last?.isWhitespace == true { space() }
    }

    private mutating func space() {
      if let last = text.last, !last.isWhitespace { text += " " }
    }

    private mutating func handle(_ tag: Tag) {
      switch tag {
      case .nothing: return
      case .open(let name, let isClosed):
        if name == "title" { isTitle = true }
        if HTMLReader.silent.contains(name), !isClosed { silence.append(name) }
        guard silence.isEmpty || isTitle else { return }
        boundary(name)
        if let level = Self.level(name) { heading = level }
        if name == "pre" { isPreformatted += 1 }
        if name == "td" || name == "th" { if !text.isEmpty, text.last != "\n" { text += text.last == " " ? "| " : " | " } }
      case .close(let name):
        if name == "title" {
          let title = text.trimmingSpace
          text = ""
          isTitle = false
          if pageTitle == nil, !title.isEmpty { pageTitle = title }
          return
        }
        if let open = silence.lastIndex(of: name) { silence.removeSubrange(open...) }
        guard silence.isEmpty else { return }
        if let level = Self.level(name), heading == level {
          let heading = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
          text = ""
          self.heading = nil
          headings.add(level: level, text: heading)
          return
        }
        boundary(name)
        if name == "pre" { isPreformatted = max(0, isPreformatted - 1) }
      }
    }

    private static func level(_ name: String) -> Int? {
      name.utf8.count == 2 && name.hasPrefix("h") ? Int(name.dropFirst()).flatMap { (1...6).contains($0) ? $0 : nil } : nil
    }

    private mutating func boundary(_ name: String) {
      guard !isTitle else { return }
      if HTMLReader.lines.contains(name) {
        while text.last == " " { text.removeLast() }
        if !text.isEmpty, text.last != "\n" { text += "\n" }
      } else if HTMLReader.blocks.contains(name) {
        close()
      }
    }

    private mutating func close() {
      let paragraph = text.trimmingSpace
      text = ""
      if !paragraph.isEmpty { blocks.append(TextBlock(headings: headings.current, text: paragraph)) }
    }
  }
}
