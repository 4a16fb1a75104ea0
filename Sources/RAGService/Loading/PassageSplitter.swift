// Cuts a document into passages: paragraphs that stand under the same heading, together as long as there is room.

package struct PassageSplitter: Sendable, Hashable {
  /// Characters that a passage should not exceed.
  package var passageCharacters: Int
  /// Characters of whole sentences that a passage repeats from the one before, where a paragraph had to be cut.
  package var overlapCharacters: Int

  package init(passageCharacters: Int = 1000, overlapCharacters: Int = 150) {
    self.passageCharacters = passageCharacters
    self.overlapCharacters = overlapCharacters
  }

  package func passages(of document: ReadDocument, id: String, title: String) -> [Passage] {
    var passages: [Passage] = []
    var headings: [String] = []
    var texts: [String] = []
    var length = 0
    func close() {
      guard !texts.isEmpty else { return }
      passages.append(
        Passage(
          id: "\(id)#\(passages.count + 1)", documentID: id, title: ([title] + headings).joined(separator: " – "),
          text: texts.joined(separator: "\n\n")))
      texts = []
      length = 0
    }
    for block in document.blocks {
      if block.headings != headings {
        close()
        headings = block.headings
      }
      for piece in pieces(of: block.text) {
        if length > 0, length + piece.count > passageCharacters { close() }
        texts.append(piece)
        length += piece.count
      }
    }
    close()
    return passages
  }

  /// A paragraph as it is, or cut between sentences, else between words.
  func pieces(of text: String) -> [String] {
    guard text.count > passageCharacters else { return [text] }
    var pieces: [String] = []
    var current: [Substring] = []
    var length = 0
    // What a piece repeats must leave room for something new.
    let overlap = min(overlapCharacters, passageCharacters / 2)
    for sentence in Sentences.split(text).flatMap({ shortened($0) }) {
      if length > 0, length + sentence.count > passageCharacters {
        pieces.append(current.joined().trimmingSpace)
        var repeated: [Substring] = []
        var repeatedLength = 0
        for earlier in current.reversed() where repeatedLength + earlier.count <= overlap {
          repeated.insert(earlier, at: 0)
          repeatedLength += earlier.count
        }
        // Only what stands directly before can be repeated.
        if repeated.last != current.last { repeated = [] }
        current = repeatedLength + sentence.count <= passageCharacters ? repeated : []
        length = current.reduce(0) { $0 + $1.count }
      }
      current.append(sentence)
      length += sentence.count
    }
    if !current.isEmpty { pieces.append(current.joined().trimmingSpace) }
    return pieces
  }

  private func shortened(_ sentence: Substring) -> [Substring] {
    var pieces: [Substring] = []
    var rest = sentence
    while rest.count > passageCharacters {
      let whole = rest.prefix(passageCharacters)
      let end = whole.lastIndex(where: \.isWhitespace).map { rest.index(after: $0) } ?? whole.endIndex
      pieces.append(rest[..<end])
      rest = rest[end...]
    }
    if !rest.isEmpty { pieces.append(rest) }
    return pieces
  }
}

/// Sentences of a paragraph, with the space that follows each.
enum Sentences {
  static func split(_ text: String) -> [Substring] {
    var sentences: [Substring] = []
    var start = text.startIndex
    var index = text.startIndex
    var endsSentence = false
    while index < text.endIndex {
      let character = text[index]
      if character.isNewline || (endsSentence && character.isWhitespace) {
        let next = text[index...].firstIndex { !$0.isWhitespace } ?? text.endIndex
        // `approx. 3` and `e.g. this` go on.
        if character.isNewline || next == text.endIndex || !text[next].isLowercase {
          sentences.append(text[start..<next])
          start = next
          index = next
          endsSentence = false
          continue
        }
      }
      endsSentence = ".!?…".contains(character) || (endsSentence && "\"”’)]".contains(character))
      index = text.index(after: index)
    }
    if start < text.endIndex { sentences.append(text[start...]) }
    return sentences
  }
}
