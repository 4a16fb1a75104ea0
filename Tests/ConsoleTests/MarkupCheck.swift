// A check that a page's tags nest and close, its attributes are quoted, and no id stands twice.

enum MarkupCheck {
  /// A sentence about the first thing that is wrong, or `nil`.
  static func firstProblem(in page: String) -> String? {
    guard page.hasPrefix("<!DOCTYPE html>\n") else { return "no doctype" }
    var open: [Substring] = []
    var ids: Set<Substring> = []
    var rest = page.dropFirst("<!DOCTYPE html>\n".count)
    while let start = rest.firstIndex(of: "<") {
      if rest[..<start].contains(">") { return "a bare > before \(rest[start...].prefix(40))" }
      guard let end = rest[start...].firstIndex(of: ">") else { return "a tag without end" }
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("/") {
        guard let last = open.popLast() else { return "</\(tag.dropFirst())> closes nothing" }
        guard last == tag.dropFirst() else { return "<\(last)> is closed by <\(tag)>" }
        continue
      }
      guard tag.wholeMatch(of: /[a-zA-Z][a-zA-Z0-9]*( [a-zA-Z][a-zA-Z0-9:-]*="[^"<]*")*\/?/) != nil else {
        return "malformed <\(tag)>"
      }
      if let id = tag.firstMatch(of: /\ id="([^"]*)"/)?.1, !ids.insert(id).inserted { return "id \(id) stands twice" }
      if !tag.hasSuffix("/") { open.append(tag.prefix { $0 != " " }) }
    }
    return open.isEmpty ? nil : "<\(open.joined(separator: "> <"))> never closed"
  }
}
