// What the readers of all formats make of a document: its title, and paragraphs under headings.

/// A paragraph, a list, a piece of code or a table, with the headings above it.
package struct TextBlock: Sendable, Hashable {
  /// From the outermost heading below the title to the nearest.
  package var headings: [String]
  package var text: String

  package init(headings: [String] = [], text: String) {
    self.headings = headings
    self.text = text
  }
}

package struct ReadDocument: Sendable, Hashable {
  /// `nil` where the document has none of its own.
  package var title: String?
  package var blocks: [TextBlock]
}

/// Keeps track of the headings while a document is read from top to bottom.
struct HeadingStack {
  private var headings: [(level: Int, text: String)] = []
  private(set) var title: String?

  /// The first heading of the outermost level is the document's title.
  mutating func add(level: Int, text: String) {
    guard !text.isEmpty else { return }
    if level == 1, title == nil {
      title = text
      return
    }
    headings.removeAll { $0.level >= level }
    headings.append((level, text))
  }

  var current: [String] { headings.map(\.text) }
}

/// The kinds of files that can be read.
package enum MediaType: String, CaseIterable, Sendable {
  case markdown = "text/markdown"
  case html = "text/html"
  case text = "text/plain"
  case pdf = "application/pdf"

  package init?(fileName: String) {
    switch fileName.split(separator: ".").last.map({ $0.lowercased() }) {
    case "md", "markdown": self = .markdown
    case "html", "htm", "xhtml": self = .html
    case "txt", "text": self = .text
    case "pdf": self = .pdf
    default: return nil
    }
  }

  /// From a `content-type` with or without parameters.
  package init?(contentType: String) {
    self.init(rawValue: String(contentType.prefix { $0 != ";" }).lowercased().trimmingSpace)
  }
}

extension StringProtocol {
  var trimmingSpace: String {
    String(self.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
