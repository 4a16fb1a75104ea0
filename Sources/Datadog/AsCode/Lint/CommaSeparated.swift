// Comma-separated values with quoted cells (RFC 4180), which may hold commas, quotes and line breaks.

enum CommaSeparated {
  struct Row: Hashable {
    /// Of its first character, from 1.
    let line: Int
    let cells: [String]
  }

  /// Rows that have something in them; those that begin with `#` are comments.
  static func rows(_ text: String) throws(MetricKnowledgeFile.Malformed) -> [Row] {
    var rows: [Row] = []
    var cells: [String] = []
    var cell = ""
    var quote: Int?
    var wasQuoted = false
    var (line, first) = (1, 1)
    func finish() {
      cells.append(cell)
      let isComment = !wasQuoted && cells[0].hasPrefix("#")
      if !isComment, cells.contains(where: { !$0.allSatisfy(\.isWhitespace) }) { rows.append(Row(line: first, cells: cells)) }
      (cells, cell, wasQuoted) = ([], "", false)
    }
    var characters = text.makeIterator()
    var pending: Character?
    while let character = pending ?? characters.next() {
      pending = nil
      if character.isNewline { line += 1 }
      if quote != nil {
        guard character == "\"" else {
          cell.append(character)
          continue
        }
        pending = characters.next()
        if pending == "\"" {
          cell.append("\"")
          pending = nil
        } else {
          quote = nil
        }
      } else if character == "\"", cell.allSatisfy(\.isWhitespace) {
        quote = line
        (cell, wasQuoted) = ("", true)
      } else if character == "," {
        cells.append(cell)
        cell = ""
      } else if character.isNewline {
        finish()
        first = line
      } else {
        cell.append(character)
      }
    }
    if let quote { throw MetricKnowledgeFile.Malformed(description: "line \(quote): this quote is never closed") }
    finish()
    return rows
  }
}
