// Notices while an answer streams that it runs in a loop: the same words again and again.

/// Fed with pieces of text in any cut. A loop is a run of up to 60 words that comes at least four times in a row; for long runs
/// three times are enough. Punctuation is not counted, so lines of a table are no loop.
package struct RepetitionDetector: Sendable {
  package static let longestPeriod = 60
  private static let kept = 128
  private static let buckets = 256

  /// The last words, in a ring; beside each the place of the word before it in the same bucket.
  private var ring = ContiguousArray<UInt32>(repeating: 0, count: RepetitionDetector.kept)
  private var before = ContiguousArray<Int32>(repeating: -1, count: RepetitionDetector.kept)
  private var newest = ContiguousArray<Int32>(repeating: -1, count: RepetitionDetector.buckets)
  /// For each period: how many words in a row equal the word one period before, and the last of them. Where the last is not the
  /// word before this one, the run is over.
  private var runs = ContiguousArray<Int32>(repeating: 0, count: RepetitionDetector.longestPeriod + 1)
  private var ends = ContiguousArray<Int32>(repeating: -2, count: RepetitionDetector.longestPeriod + 1)
  private var count = 0
  private var hash = TextHash.start
  private var isInWord = false
  private var run = 0
  private var lastByte: UInt8 = 0

  /// The period in words and how often it was repeated when a loop was first seen; nil before.
  package private(set) var loop: (period: Int, repeats: Int)?
  /// How many words the longest loop covered.
  package private(set) var loopedWords = 0
  package var words: Int { count }

  package init() {}

  package mutating func add(_ piece: some Sequence<UInt8>) {
    var (hash, isInWord, run, lastByte) = (hash, isInWord, run, lastByte)
    for byte in piece {
      let lower = byte &- 65 < 26 ? byte | 32 : byte
      let isLetter = lower &- 97 < 26 || byte >= 0x80 || byte &- 48 < 10
      if isLetter {
        // One letter without end is a loop that has no words.
        run = byte == lastByte && byte < 0x80 ? run &+ 1 : 0
        if run >= 60 {
          if run == 60, loop == nil { loop = (0, 60) }
          loopedWords = max(loopedWords, max(1, count))
        }
        isInWord = true
        hash = TextHash.add(hash, lower)
      }
      // Scripts without spaces would be one word: they are cut at every third byte, which is one letter of most of them.
      if isInWord, !isLetter || (byte >= 0xE3 && byte < 0xF0) {
        end(word: hash)
        (hash, isInWord) = (TextHash.start, false)
      }
      lastByte = byte
    }
    (self.hash, self.isInWord, self.run, self.lastByte) = (hash, isInWord, run, lastByte)
  }

  /// What is left when the answer ends.
  package mutating func finish() {
    if isInWord { end(word: hash) }
    (hash, isInWord) = (TextHash.start, false)
  }

  /// 0 without a loop; with one, by the share of the answer that it covers.
  package var score: Double {
    guard loop != nil, count > 0 else { return 0 }
    return min(1, 0.6 + 0.4 * Double(loopedWords) / Double(count))
  }

  private mutating func end(word: UInt32) {
    let place = Int32(truncatingIfNeeded: count)
    count += 1
    let bucket = Int(word & UInt32(Self.buckets - 1))
    var earlier = newest[bucket]
    // Only the few places where the same word stood can be a period away.
    while earlier >= 0, place - earlier <= Int32(Self.longestPeriod) {
      let index = Int(earlier) & (Self.kept - 1)
      if ring[index] == word { matched(period: Int(place - earlier), at: place) }
      earlier = before[index]
    }
    let index = Int(place) & (Self.kept - 1)
    ring[index] = word
    before[index] = newest[bucket]
    newest[bucket] = place
  }

  private mutating func matched(period: Int, at place: Int32) {
    runs[period] = ends[period] == place - 1 ? runs[period] + 1 : 1
    ends[period] = place
    // A period that came n times has matched n - 1 times its length.
    let wanted = period >= 20 ? 3 : period == 1 ? 8 : period == 2 ? 6 : 4
    let matched = Int(runs[period])
    guard matched >= (wanted - 1) * period else { return }
    if loop == nil { loop = (period, matched / period + 1) }
    loopedWords = max(loopedWords, matched + period)
  }
}
