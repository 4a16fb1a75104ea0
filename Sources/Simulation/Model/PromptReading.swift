// Tells the documents of a retrieval prompt from its question, as a model that reads the prompt would.

/// A numbered document inside a prompt.
struct PromptDocument: Sendable, Equatable {
  var label: String
  var text: String
}

struct PromptReading: Sendable, Equatable {
  /// Empty for a plain chat.
  var documents: [PromptDocument] = []
  var question: String

  /// Documents start with a line `[1] …` or `Document 1: …`; the question follows the last line that starts with `Question:`.
  /// Text before a question without such marks is one document.
  init(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let marker = "question:"
    guard let questionLine = lines.lastIndex(where: { $0.trimmedOfSpace.lowercased().hasPrefix(marker) }) else {
      question = String(text.trimmedOfSpace)
      return
    }
    let rest = [lines[questionLine].trimmedOfSpace.dropFirst(marker.count)] + lines[(questionLine + 1)...]
    question = String(rest.joined(separator: "\n").trimmedOfSpace)
    let evidence = lines[..<questionLine]
    for line in evidence {
      if let (label, title) = Self.heading(line.trimmedOfSpace) {
        documents.append(PromptDocument(label: label, text: title.isEmpty ? "" : title + "\n"))
      } else if !documents.isEmpty {
        documents[documents.count - 1].text += line + "\n"
      }
    }
    let whole = evidence.joined(separator: "\n")
    if documents.isEmpty, !whole.trimmedOfSpace.isEmpty {
      documents = [PromptDocument(label: "1", text: whole)]
    }
  }

  private static func heading(_ line: Substring) -> (label: String, title: String)? {
    if line.first == "[", let close = line.firstIndex(of: "]") {
      let label = line[line.index(after: line.startIndex)..<close]
      guard !label.isEmpty, label.allSatisfy(\.isNumber) else { return nil }
      return (String(label), String(line[line.index(after: close)...].trimmedOfSpace))
    }
    let prefix = "document "
    guard line.lowercased().hasPrefix(prefix) else { return nil }
    let label = line.dropFirst(prefix.count).prefix { $0.isNumber }
    guard !label.isEmpty else { return nil }
    return (String(label), String(line.dropFirst(prefix.count + label.count).drop { $0 == ":" }.trimmedOfSpace))
  }
}

extension StringProtocol {
  var trimmedOfSpace: SubSequence {
    var result = self[...]
    while result.first?.isWhitespace == true { result = result.dropFirst() }
    while result.last?.isWhitespace == true { result = result.dropLast() }
    return result
  }
}
