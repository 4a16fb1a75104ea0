// Reads a notification's text back into what a definition says of it: the inverse of `MonitorMessage`, and less of anybody else's.

import Foundation
import Monitors

struct DecompileMessage: Hashable, Sendable {
  var meaning = ""
  var steps: [String] = []
  var playbooks: [String] = []
  var runbook: String?
  var handles: [String] = []
  /// What a composite's text says is combined, with the names of definitions.
  var combination: String?

  init(_ text: String, title: String, groups: [String]) {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { String($0).trimmed }
    for line in lines where line.hasPrefix("@") { handles += Self.handles(in: line) }
    guard let start = lines.firstIndex(of: "{{#is_alert}}"), let end = lines.firstIndex(of: "{{/is_alert}}"), start < end else {
      readForeign(text)
      return
    }
    let body = lines[(start + 1)..<end]
    let scope = groups.map { "\($0.replacing("_", with: " ")) {{\($0).name}}" }.joined(separator: ", ")
    let head = scope.isEmpty ? "\(title)." : "\(title) for \(scope)."
    let paragraph = body.prefix { !$0.isEmpty }.joined(separator: "\n")
    guard paragraph.hasPrefix(head) else {
      readForeign(text)
      return
    }
    meaning = String(paragraph.dropFirst(head.count)).trimmed
    for line in body {
      if let dot = line.firstIndex(of: "."), Int(line[..<dot]) == steps.count + 1 {
        steps.append(String(line[line.index(after: dot)...]).trimmed)
      } else if line.hasPrefix("Playbooks of the commander: ") {
        playbooks = line.dropFirst("Playbooks of the commander: ".count).split(separator: ",")
          .map { String($0).trimmed }.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
      } else if line.hasPrefix("The condition "), line.hasSuffix(" holds.") {
        combination = String(line.dropFirst("The condition ".count).dropLast(" holds.".count))
      } else if line.hasPrefix("Runbook: ") {
        runbook = String(line.dropFirst("Runbook: ".count))
      }
    }
  }

  /// Anybody's text: the words without markup and handles are what it means.
  private mutating func readForeign(_ text: String) {
    var words = ""
    var rest = text[...]
    while let open = rest.range(of: "{{"), let close = rest[open.upperBound...].range(of: "}}") {
      words += rest[..<open.lowerBound]
      rest = rest[close.upperBound...]
    }
    words += rest
    let all = words.split(whereSeparator: \.isWhitespace).map(String.init)
    handles = Self.handles(in: text)
    meaning = all.filter { !$0.hasPrefix("@") }.joined(separator: " ")
  }

  static func handles(in text: String) -> [String] {
    var seen: Set<String> = []
    return text.split { $0.isWhitespace || "{}".contains($0) }.map(String.init)
      .filter { $0.hasPrefix("@") && $0.count > 1 && seen.insert($0).inserted }
  }
}
