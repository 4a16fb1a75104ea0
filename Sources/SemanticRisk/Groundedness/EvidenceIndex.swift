// What a context says, indexed once so that every sentence of an answer can be held against it.

/// Built once a context; answers, turns and candidates share it.
package struct EvidenceIndex: Sendable {
  let words: ContiguousArray<Word>
  let sentences: ContiguousArray<SentenceRange>
  /// By stem: the place of its first posting, in `postings`.
  let stems: HashTable
  /// Chains of sentence numbers by stem, each sentence once.
  private(set) var postings: ContiguousArray<Posting>
  /// How rare a stem is in this context and in general; by the number that `stems` gives.
  private(set) var weights: ContiguousArray<Float>
  /// By spelling: the first word with it; `next` leads to the others.
  let forms: HashTable
  private(set) var next: ContiguousArray<Int32>
  let pairs: HashTable
  let triples: HashTable
  /// Pairs of content words a few words apart, in either order.
  let neighbours: HashTable
  let prefixes: HashTable
  /// Character trigrams, a bit each.
  private(set) var trigrams: ContiguousArray<UInt64>
  /// Which sentences deny something.
  private(set) var deniesBySentence: ContiguousArray<Bool>
  let contentCount: Int

  struct Posting {
    var sentence: Int32
    var next: Int32
  }

  package init(_ context: [UInt8]) { self.init(context, read: WordReader.read(context)) }

  /// `read` are the words of `context`.
  init(_ context: [UInt8], read: ReadText) {
    words = read.words
    sentences = read.sentences
    let count = words.count
    var stems = HashTable(minimumCapacity: count / 2)
    var forms = HashTable(minimumCapacity: count / 2)
    var pairs = HashTable(minimumCapacity: count)
    var triples = HashTable(minimumCapacity: count)
    var neighbours = HashTable(minimumCapacity: count * 2)
    var prefixes = HashTable(minimumCapacity: count / 2)
    postings = []
    postings.reserveCapacity(count)
    weights = []
    next = ContiguousArray(repeating: -1, count: count)
    trigrams = ContiguousArray(repeating: 0, count: 512)
    deniesBySentence = ContiguousArray(repeating: false, count: sentences.count)
    var lastOfForm = HashTable(minimumCapacity: count / 2)
    var heads: ContiguousArray<Int32> = []
    var sentenceCounts: ContiguousArray<Int32> = []
    var contentCount = 0
    for (number, sentence) in sentences.enumerated() {
      var recent: (UInt32, UInt32, UInt32) = (0, 0, 0)
      for index in sentence.words {
        let word = words[index]
        if let last = lastOfForm.set(word.form, Int32(index)) {
          next[Int(last)] = Int32(index)
        } else {
          forms.set(word.form, Int32(index))
        }
        if index > 0 { pairs.insert(TextHash.pair(words[index - 1].form, word.form)) }
        if index > 1 { triples.insert(Self.triple(words[index - 2], words[index - 1], word)) }
        if word.classes.contains(.negation) { deniesBySentence[number] = true }
        guard word.isContent else { continue }
        contentCount += 1
        prefixes.insert(word.prefix)
        if recent.0 != 0 { neighbours.insert(Self.unordered(recent.0, word.stem)) }
        if recent.1 != 0 { neighbours.insert(Self.unordered(recent.1, word.stem)) }
        if recent.2 != 0 { neighbours.insert(Self.unordered(recent.2, word.stem)) }
        recent = (recent.1, recent.2, word.stem)
        let stem: Int
        if let known = stems[word.stem] {
          stem = Int(known)
        } else {
          stem = heads.count
          stems.set(word.stem, Int32(stem))
          heads.append(-1)
          sentenceCounts.append(0)
        }
        if heads[stem] < 0 || postings[Int(heads[stem])].sentence != Int32(number) {
          postings.append(Posting(sentence: Int32(number), next: heads[stem]))
          heads[stem] = Int32(postings.count - 1)
          sentenceCounts[stem] += 1
        }
      }
    }
    weights.reserveCapacity(sentenceCounts.count)
    for spread in sentenceCounts { weights.append(1 / (1 + Float(spread - 1) * 0.25)) }
    self.stems = stems
    self.forms = forms
    self.pairs = pairs
    self.triples = triples
    self.neighbours = neighbours
    self.prefixes = prefixes
    self.contentCount = contentCount
    self.heads = heads
    markTrigrams(context)
  }

  /// The newest posting of each stem.
  let heads: ContiguousArray<Int32>

  private mutating func markTrigrams(_ bytes: [UInt8]) {
    Self.eachTrigram(bytes[...]) { trigrams[$0 >> 6] |= 1 << UInt64($0 & 63) }
  }

  /// Whether the context has the character trigram with this number.
  @inline(__always)
  func hasTrigram(_ number: Int) -> Bool { trigrams[number >> 6] & (1 << UInt64(number & 63)) != 0 }

  /// The trigrams of letters and digits, as numbers below 32,768.
  static func eachTrigram(_ bytes: ArraySlice<UInt8>, _ body: (Int) -> Void) {
    var window: UInt32 = 0
    var length = 0
    for byte in bytes {
      let lower = byte >= 65 && byte <= 90 ? byte + 32 : byte
      guard lower >= 0x80 || (lower >= 97 && lower <= 122) || (lower >= 48 && lower <= 57) else {
        length = 0
        continue
      }
      window = (window << 8 | UInt32(lower)) & 0xFF_FFFF
      length += 1
      if length >= 3 { body(Int((window &* 0x9E37_79B1) >> 17)) }
    }
  }

  static func triple(_ first: Word, _ second: Word, _ third: Word) -> UInt32 {
    TextHash.pair(TextHash.pair(first.form, second.form), third.form)
  }
  static func quad(_ first: Word, _ second: Word, _ third: Word, _ fourth: Word) -> UInt32 {
    TextHash.pair(TextHash.pair(TextHash.pair(first.form, second.form), third.form), fourth.form)
  }
  /// The same for both orders.
  static func unordered(_ left: UInt32, _ right: UInt32) -> UInt32 { TextHash.pair(min(left, right), max(left, right)) }
}
