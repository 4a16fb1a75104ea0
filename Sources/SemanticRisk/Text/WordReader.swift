// Cuts UTF-8 into words and sentences in one pass, with byte places so that every finding can be shown in the text.

/// The words of a text and where its sentences are.
package struct ReadText {
  var words: ContiguousArray<Word> = []
  var sentences: ContiguousArray<SentenceRange> = []
}

/// One sentence: its words and its bytes, without the white space around it.
package struct SentenceRange {
  var words: Range<Int>
  var start: Int
  var end: Int
  /// Begins with a bullet, a dash or a number and a dot.
  var isListItem: Bool
}

enum WordReader {
  static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> ReadText {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 8) { chain in
      var reader = Reader(bytes: bytes, chain: chain)
      reader.read()
      return reader.text
    }
  }

  static func read(_ bytes: [UInt8]) -> ReadText { bytes.withUnsafeBufferPointer { read($0) } }
}

private struct Reader {
  let bytes: UnsafeBufferPointer<UInt8>
  /// The hashes of the first one, two, … letters of the word that is read: its prefix and stem are found among them.
  let chain: UnsafeMutableBufferPointer<UInt32>
  let classes = WordList.classes
  var text = ReadText()
  private var sentenceStart = 0
  private var firstWord = 0

  init(bytes: UnsafeBufferPointer<UInt8>, chain: UnsafeMutableBufferPointer<UInt32>) {
    self.bytes = bytes
    self.chain = chain
    text.words.reserveCapacity(bytes.count / 5 + 8)
    text.sentences.reserveCapacity(bytes.count / 60 + 4)
  }

  mutating func read() {
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if isDigit(byte) {
        index = readNumber(from: index)
      } else if isLetter(index) {
        index = readWord(from: index)
      } else {
        if byte == newline {
          endSentence(at: index)
          sentenceStart = index + 1
        } else if isTerminator(byte), endsSentence(at: index) {
          var end = index + 1
          while end < bytes.count, isTerminator(bytes[end]) || isCloser(bytes[end]) { end += 1 }
          endSentence(at: end)
          sentenceStart = end
          index = end
          continue
        }
        index += isPunctuationOfThreeBytes(index) ? 3 : byte == 0xC2 ? 2 : 1
      }
    }
    endSentence(at: bytes.count)
  }

  private mutating func endSentence(at end: Int) {
    guard text.words.count > firstWord else { return }
    var start = sentenceStart
    while start < end, isSpace(bytes[start]) { start += 1 }
    var last = end
    while last > start, isSpace(bytes[last - 1]) { last -= 1 }
    var isListItem = bytes[start] == UInt8(ascii: "*") || bytes[start] == UInt8(ascii: "-") || bytes[start] == 0xE2
    if isDigit(bytes[start]) {
      var mark = start
      while mark < last, isDigit(bytes[mark]) { mark += 1 }
      isListItem = mark < last && (bytes[mark] == UInt8(ascii: ".") || bytes[mark] == UInt8(ascii: ")"))
    }
    text.words[firstWord].classes.insert(.opening)
    if text.words[firstWord].classes.contains(.number), firstWord + 1 < text.words.count {
      text.words[firstWord + 1].classes.insert(.opening)
    }
    text.sentences.append(
      SentenceRange(words: firstWord..<text.words.count, start: start, end: last, isListItem: isListItem))
    firstWord = text.words.count
  }

  /// A dot ends a sentence before white space or the end, unless it stands behind a list's number, an initial or a short form.
  private func endsSentence(at index: Int) -> Bool {
    var next = index + 1
    while next < bytes.count, isTerminator(bytes[next]) || isCloser(bytes[next]) { next += 1 }
    guard next == bytes.count || isSpace(bytes[next]) else { return false }
    guard bytes[index] == UInt8(ascii: "."), let last = text.words.last, Int(last.end) == index, text.words.count > firstWord
    else {
      return true
    }
    if text.words.count == firstWord + 1, last.classes.contains(.number) { return false }
    if last.length == 1, !last.classes.contains(.number) { return false }
    return !Reader.shortForms.contains(last.form)
  }

  private mutating func readWord(from start: Int) -> Int {
    var index = start
    var hash = TextHash.start
    var count = 0
    var end = start
    var isWhole = true
    while index < bytes.count {
      let byte = bytes[index]
      if (byte | 32) &- 97 < 26 || isLetter(index) || (isDigit(byte) && count > 0) {
        hash = TextHash.add(hash, lowercased(byte))
        if count < 8 { chain[count] = hash }
        count &+= 1
        index &+= 1
        end = index
      } else if byte != UInt8(ascii: " "), let width = apostrophe(index), count > 0, index + width < bytes.count,
        isLetter(index + width)
      {
        // A genitive's `s` is not part of the word; `don't` is one word without its apostrophe.
        let following = index + width
        if lowercased(bytes[following]) == UInt8(ascii: "s"), following + 1 == bytes.count || !isLetter(following + 1) {
          index = following + 1
          break
        }
        index = following
        isWhole = false
      } else {
        break
      }
    }
    var classes = WordClasses(rawValue: UInt32(truncatingIfNeeded: classes[hash] ?? 0))
    if bytes[start] &- 65 < 26 { classes.insert(.capitalised) }
    if count == 1, bytes[start] < 0x80 { classes.insert(.function) }
    let stem: UInt32
    if classes.contains(.numberWord), let value = WordList.numberWords[hash] {
      stem = TextHash.of(number: UInt64(value))
    } else {
      stem = stemHash(start: start, end: end, isWhole: isWhole)
    }
    text.words.append(
      Word(
        start: Int32(truncatingIfNeeded: start), end: Int32(truncatingIfNeeded: end), form: hash, stem: stem,
        prefix: chain[min(count, 4) - 1], classes: classes, length: UInt8(min(255, count))))
    return index
  }

  /// Endings cut by rule and the first seven letters kept: crude, but the same for evidence and answer. A word is whole when it has
  /// no apostrophe: then `chain` has the hash.
  private func stemHash(start: Int, end: Int, isWhole: Bool) -> UInt32 {
    var length = end - start
    var addsY = false
    @inline(__always) func letter(_ fromEnd: Int) -> UInt8 { fromEnd <= length ? lowercased(bytes[start + length - fromEnd]) : 0 }
    // By the last letter, so that most words are compared with one ending or none.
    switch letter(1) {
    case UInt8(ascii: "g") where length > 5 && letter(2) == UInt8(ascii: "n") && letter(3) == UInt8(ascii: "i"): length -= 3
    case UInt8(ascii: "s") where length > 4 && letter(2) == UInt8(ascii: "e"):
      addsY = letter(3) == UInt8(ascii: "i")
      length -= addsY ? 3 : 2
    case UInt8(ascii: "d") where length > 4 && letter(2) == UInt8(ascii: "e"):
      addsY = letter(3) == UInt8(ascii: "i")
      length -= addsY ? 3 : 2
    case UInt8(ascii: "y") where length > 5 && letter(2) == UInt8(ascii: "l"): length -= 2
    case UInt8(ascii: "r") where length > 5 && letter(2) == UInt8(ascii: "e"): length -= 2
    case UInt8(ascii: "s") where length > 3 && letter(2) != UInt8(ascii: "s"): length -= 1
    default: break
    }
    // `running` and `stopped` double a letter that `run` and `stop` do not have.
    if length > 3, length < end - start, letter(1) == letter(2), isDoubled(letter(1)) { length -= 1 }
    if length > 4, letter(1) == UInt8(ascii: "e") { length -= 1 }
    if length > 4, !addsY, letter(1) == UInt8(ascii: "y") { length -= 1 } else { addsY = addsY && length <= 3 }
    var hash = TextHash.start
    if isWhole {
      hash = chain[min(7, length) - 1]
    } else {
      for offset in 0..<min(7, length) { hash = TextHash.add(hash, lowercased(bytes[start + offset])) }
    }
    if addsY { hash = TextHash.add(hash, UInt8(ascii: "y")) }
    return hash
  }

  private func isDoubled(_ letter: UInt8) -> Bool {
    switch letter {
    case UInt8(ascii: "n"), UInt8(ascii: "p"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "g"), UInt8(ascii: "b"),
      UInt8(ascii: "d"), UInt8(ascii: "r"):
      true
    default: false
    }
  }

  /// `1,000` and `1000` are one number, `3.50` and `3.5` too; `3.5` and `35` are not. `k`, `m` and `%` behind it count.
  private mutating func readNumber(from start: Int) -> Int {
    var index = start
    var value: UInt64 = 0
    var decimals: UInt64 = 0
    var scale = 0
    var isDecimal = false
    var hash = TextHash.start
    var digits = 0
    while index < bytes.count {
      let byte = bytes[index]
      if isDigit(byte) {
        digits += 1
        if isDecimal {
          if scale < 6 {
            decimals = decimals * 10 + UInt64(byte - 48)
            scale += 1
          }
        } else {
          value = value &* 10 &+ UInt64(byte - 48)
        }
        hash = TextHash.add(hash, byte)
        index += 1
      } else if byte == UInt8(ascii: ","), index + 3 < bytes.count, isDigit(bytes[index + 1]), isDigit(bytes[index + 2]),
        isDigit(bytes[index + 3]), !isDecimal
      {
        index += 1
      } else if byte == UInt8(ascii: "."), !isDecimal, index + 1 < bytes.count, isDigit(bytes[index + 1]) {
        isDecimal = true
        index += 1
      } else {
        break
      }
    }
    while scale > 0, decimals % 10 == 0 {
      decimals /= 10
      scale -= 1
    }
    var suffixEnd = index
    if index < bytes.count, index + 1 == bytes.count || !isLetter(index + 1) {
      let suffix = lowercased(bytes[index])
      if suffix == UInt8(ascii: "k"), scale <= 3 {
        value = value &* 1000 &+ decimals &* [1000, 100, 10, 1][scale]
        (decimals, scale) = (0, 0)
        suffixEnd += 1
      }
    }
    // An ordinal's letters are not a word of their own.
    if suffixEnd == index, index + 2 <= bytes.count, isOrdinal(index), index + 2 == bytes.count || !isLetter(index + 2) {
      suffixEnd += 2
    }
    let stem =
      scale == 0
      ? TextHash.of(number: value)
      : TextHash.pair(TextHash.of(number: value), TextHash.of(number: decimals &* 10 &+ UInt64(scale)))
    text.words.append(
      Word(
        start: Int32(start), end: Int32(suffixEnd), form: stem, stem: stem, prefix: stem, classes: .number,
        length: UInt8(min(255, digits))))
    return suffixEnd
  }

  private func isOrdinal(_ index: Int) -> Bool {
    let pair = (lowercased(bytes[index]), lowercased(bytes[index + 1]))
    return pair == (UInt8(ascii: "t"), UInt8(ascii: "h")) || pair == (UInt8(ascii: "s"), UInt8(ascii: "t"))
      || pair == (UInt8(ascii: "n"), UInt8(ascii: "d")) || pair == (UInt8(ascii: "r"), UInt8(ascii: "d"))
  }

  private static let shortForms: Set<UInt32> = Set(
    ["dr", "mr", "mrs", "ms", "st", "vs", "no", "jr", "sr", "inc", "ltd", "etc", "approx", "fig", "prof", "mt", "ft", "co"].map {
      TextHash.of($0)
    })

  private let newline = UInt8(ascii: "\n")
  @inline(__always) private func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
  @inline(__always) private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }
  private func isTerminator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ".") || byte == UInt8(ascii: "!") || byte == UInt8(ascii: "?")
  }
  private func isCloser(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "]")
  }
  @inline(__always) private func lowercased(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 32 : byte }
  /// The punctuation of U+2000–U+203F (dashes, curly quotes, bullets) takes three bytes.
  @inline(__always) private func isPunctuationOfThreeBytes(_ index: Int) -> Bool {
    bytes[index] == 0xE2 && index + 2 < bytes.count && bytes[index + 1] == 0x80
  }
  @inline(__always) private func isLetter(_ index: Int) -> Bool {
    let byte = bytes[index]
    if byte >= 0x80 { return !isPunctuationOfThreeBytes(index) && !(byte == 0xC2 && index + 1 < bytes.count) }
    return (byte | 32) &- 97 < 26
  }
  @inline(__always) private func apostrophe(_ index: Int) -> Int? {
    if bytes[index] == UInt8(ascii: "'") { return 1 }
    return isPunctuationOfThreeBytes(index) && bytes[index + 2] == 0x99 ? 3 : nil
  }
}

/// Unicode scalars: what places are counted in when they leave this target.
package enum ScalarPlaces {
  /// The scalar places of ascending byte places, in one pass.
  package static func of(_ places: [Int], in bytes: [UInt8]) -> [Int] {
    var scalar = 0
    var byte = 0
    return places.map { place in
      while byte < place, byte < bytes.count {
        if bytes[byte] & 0xC0 != 0x80 { scalar += 1 }
        byte += 1
      }
      return scalar
    }
  }
}
