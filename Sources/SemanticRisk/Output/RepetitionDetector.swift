// Notices while an answer streams that it runs in a loop: the same words again and again.

/// Fed with pieces of text in any cut. A loop is a run of up to 60 words that comes at least four times in a row; for long runs
/// three times are enough. Punctuation is not counted, so lines of a table are no loop.
package struct RepetitionDetector: Sendable {
  package static let longestPeriod = 60
  private static let kept = 512

  /// The last words, in a ring.
  private var ring = ContiguousArray<UInt32>(repeating: 0, count: RepetitionDetector.kept)
  /// For each period: how many words in a row equal the word one period before.
  private var matches = ContiguousArray<Int32>(repeating: 0, count: RepetitionDetector.longestPeriod + 1)
  private var count = 0
  private var hash = TextHash.start
  private var isInWord = false
  private var wordBytes = 0
  private var run = 0
  private var lastByte: UInt8 = 0

  /// The period in words and how often it was repeated when a loop was first seen; nil before.
  package private(set) var loop: (period: Int, repeats: Int)?
  /// How many words the longest loop covered.
  package private(set) var loopedWords = 0
  package var words: Int { count }

  package init() {}

  package mutating func add(_ piece: some Sequence<UInt8>) { for byte in piece { add(byte) } }

  /// What is left when the answer ends.
  package mutating func finish() { endWord() }

  /// 0 without a loop; with one, by the share of the answer that it covers.
  package var score: Double {
    guard loop != nil, count > 0 else { return 0 }
    return min(1, 0.6 + 0.4 * Double(loopedWords) / Double(count))
  }

  private mutating func add(_ byte: UInt8) {
    let isLetter = byte >= 0x80 || (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
    if isLetter {
      // One letter without end is a loop that has no words.
      run = byte == lastByte && byte < 0x80 ? run + 1 : 0
      if run == 60, loop == nil { loop = (0, 60) }
      if run >= 60 { loopedWords = max(loopedWords, max(1, count)) }
      isInWord = true
      wordBytes += 1
      hash = TextHash.add(hash, byte >= 65 && byte <= 90 ? byte + 32 : byte)
      // Scripts without spaces would be one word: they are cut at every third byte, which is one letter of most of them.
      if byte >= 0xE3, byte < 0xF0 { endWord() }
    } else {
      endWord()
    }
    lastByte = byte
  }

  private mutating func endWord() {
    guard isInWord else { return }
    isInWord = false
    let word = hash
    hash = TextHash.start
    wordBytes = 0
    let place = count % Self.kept
    ring[place] = word
    count += 1
    ring.withUnsafeBufferPointer { ring in
      matches.withUnsafeMutableBufferPointer { matches in
        let furthest = min(Self.longestPeriod, count - 1)
        guard furthest > 0 else { return }
        for period in 1...furthest {
          let earlier = ring[(place &- period &+ Self.kept) & (Self.kept - 1)]
          matches[period] = earlier == word ? matches[period] &+ 1 : 0
        }
      }
    }
    guard count > 8 else { return }
    for period in 1...min(Self.longestPeriod, count - 1) where matches[period] > 0 {
      // A period that came n times has matched n - 1 times its length.
      let repeats = Int(matches[period]) / period + 1
      let wanted = period >= 20 ? 3 : period == 1 ? 8 : period == 2 ? 6 : 4
      if repeats >= wanted {
        if loop == nil { loop = (period, repeats) }
        loopedWords = max(loopedWords, Int(matches[period]) + period)
        break
      }
    }
  }
}
