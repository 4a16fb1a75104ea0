// Cuts text into the tokens that carry its content: word stems and exact numbers, as hashes.

/// One content token. Equal stems have equal hashes; the text itself is not kept.
struct ContentToken {
  let hash: UInt64
  /// How much an invented token of this kind says: numbers and long words are seldom filler.
  let weight: Double
}

enum ContentTokens {
  /// The tokens of `text` sentence by sentence; a sentence ends at `.`, `!` or `?` before white space, or at a line's end.
  static func sentences(_ text: some Sequence<UInt8>) -> [[ContentToken]] {
    let bytes = Array(text)
    var sentences: [[ContentToken]] = []
    var current: [ContentToken] = []
    var word: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if isDigit(byte) {
        let end = numberEnd(bytes, from: index)
        current.append(number(bytes[index..<end]))
        index = end
      } else if isLetter(bytes, index) {
        word.removeAll(keepingCapacity: true)
        while index < bytes.count, isLetter(bytes, index) {
          word.append(lowercased(bytes[index]))
          index += 1
        }
        if let token = token(&word) { current.append(token) }
      } else {
        if byte == newline || (isTerminator(byte) && (index + 1 == bytes.count || isSpace(bytes[index + 1]))), !current.isEmpty {
          sentences.append(current)
          current = []
        }
        // The punctuation of U+2000–U+203F (dashes, curly quotes) takes three bytes.
        index += byte == 0xE2 && index + 1 < bytes.count && bytes[index + 1] == 0x80 ? 3 : 1
      }
    }
    if !current.isEmpty { sentences.append(current) }
    return sentences
  }

  private static let newline = UInt8(ascii: "\n")

  private static func token(_ word: inout [UInt8]) -> ContentToken? {
    guard word.count > 1, !functionWords.contains(hash(word[...])) else { return nil }
    let isLong = word.count >= 8
    stem(&word)
    return ContentToken(hash: hash(word[...]), weight: isLong ? 1.3 : 1)
  }

  /// `1,000` and `1000` are one number; `3.5` and `35` are not.
  private static func number(_ digits: ArraySlice<UInt8>) -> ContentToken {
    ContentToken(hash: hash(digits.filter { $0 != UInt8(ascii: ",") }[...]), weight: 3)
  }

  private static func numberEnd(_ bytes: [UInt8], from start: Int) -> Int {
    var end = start
    while end < bytes.count {
      if isDigit(bytes[end]) {
        end += 1
      } else if bytes[end] == UInt8(ascii: ".") || bytes[end] == UInt8(ascii: ",") || bytes[end] == UInt8(ascii: ":"),
        end + 1 < bytes.count, isDigit(bytes[end + 1])
      {
        end += 2
      } else {
        break
      }
    }
    return end
  }

  /// Endings cut by rule and the first seven letters kept: crude, but the same for evidence and answer.
  private static func stem(_ word: inout [UInt8]) {
    func endsWith(_ suffix: StaticString) -> Bool {
      word.count >= suffix.utf8CodeUnitCount
        && word.suffix(suffix.utf8CodeUnitCount).elementsEqual(
          UnsafeBufferPointer(start: suffix.utf8Start, count: suffix.utf8CodeUnitCount))
    }
    if word.count > 5, endsWith("ing") {
      word.removeLast(3)
    } else if word.count > 5, endsWith("ies") {
      word.removeLast(3)
      word.append(UInt8(ascii: "y"))
    } else if word.count > 4, endsWith("ed") {
      word.removeLast(2)
    } else if word.count > 5, endsWith("ly") {
      word.removeLast(2)
    } else if word.count > 4, endsWith("es") {
      word.removeLast(2)
    } else if word.count > 3, endsWith("s"), !endsWith("ss") {
      word.removeLast()
    }
    if word.count > 4, word.last == UInt8(ascii: "e") { word.removeLast() }
    if word.count > 7 { word.removeLast(word.count - 7) }
  }

  /// FNV-1a.
  private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }
  private static func isTerminator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ".") || byte == UInt8(ascii: "!") || byte == UInt8(ascii: "?")
  }
  private static func lowercased(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }
  private static func isLetter(_ bytes: [UInt8], _ index: Int) -> Bool {
    let byte = bytes[index]
    if byte >= 0x80 { return !(byte == 0xE2 && index + 1 < bytes.count && bytes[index + 1] == 0x80) }
    return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
  }

  /// Words that say nothing about the facts of an answer, and those an answer speaks about its own sources with.
  private static let functionWords: Set<UInt64> = Set(
    """
    a an the and or but nor so yet if then than that this these those there here it its he she they him her them his their our your my we
    you me us who whom whose which what when where why how is are was were be been being am do does did done doing have has had having
    can could will would shall should may might must not no of in on at by for with about against between into through during before after
    above below to from up down out off over under again further as until while because also very just only own same too more most some any
    each few other such both all however therefore thus additionally moreover overall furthermore based provided context passage passages
    given according document documents information answer question mentioned following text source sources state states stated say says said
    mention mentions provide provides include includes including included note described describe refer refers one two using use used within
    without upon among per via etc though although since re ve ll don doesn isn aren didn wasn won couldn wouldn found
    """.split(whereSeparator: \.isWhitespace).map { hash(Array($0.utf8)[...]) })
}
