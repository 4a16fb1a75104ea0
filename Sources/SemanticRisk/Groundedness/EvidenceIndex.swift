// What a context says, indexed once so that every sentence of an answer can be held against it.

/// Built once a context; answers, turns and candidates share it.
package struct EvidenceIndex: Sendable {
  let words: ContiguousArray<Word>
  let sentences: ContiguousArray<SentenceRange>
  /// By stem: its number, for `heads` and `weights`.
  let stems: HashTable
  /// By number: the place of the newest posting, in `postings`.
  let heads: ContiguousArray<Int32>
  /// Chains of sentence numbers by stem, each sentence once.
  let postings: ContiguousArray<Posting>
  /// By number: how rare a stem is in this context.
  let weights: ContiguousArray<Float>
  /// By spelling: the first word with it; `next` leads to the others.
  let forms: HashTable
  let next: ContiguousArray<Int32>
  let pairs: HashSet
  let triples: HashSet
  /// Pairs of content words a few words apart, in either order.
  let neighbours: HashSet
  let prefixes: HashSet
  /// Character trigrams, a bit each.
  let trigrams: ContiguousArray<UInt64>
  /// Which sentences deny something.
  let deniesBySentence: ContiguousArray<Bool>
  let contentCount: Int
  let passages: EvidencePassages

  struct Posting {
    var sentence: Int32
    var next: Int32
  }

  package init(_ context: [UInt8]) { self.init(context, stems: StemIndex(WordReader.read(context))) }

  /// `stems` are those of `context`.
  init(_ context: [UInt8], stems index: StemIndex) {
    words = index.read.words
    sentences = index.read.sentences
    stems = index.numbers
    contentCount = index.contentCount
    passages = EvidencePassages(context, read: index.read)
    let count = words.count
    var forms = HashTable(minimumCapacity: count / 2)
    var pairs = HashSet(minimumCapacity: count)
    var triples = HashSet(minimumCapacity: count)
    var neighbours = HashSet(minimumCapacity: count * 2)
    var prefixes = HashSet(minimumCapacity: count / 2)
    var postings: ContiguousArray<Posting> = []
    postings.reserveCapacity(contentCount)
    var next = ContiguousArray<Int32>(repeating: -1, count: count)
    var denies = ContiguousArray<Bool>(repeating: false, count: sentences.count)
    // The last word so far by the first one with its spelling.
    var last = ContiguousArray<Int32>(repeating: -1, count: count)
    var heads = ContiguousArray<Int32>(repeating: -1, count: index.spread.count)
    var before: (form: UInt32, pair: UInt32) = (0, 0)
    for number in sentences.indices {
      var recent: (UInt32, UInt32, UInt32) = (0, 0, 0)
      for place in sentences[number].words {
        let word = words[place]
        let first = forms.setIfAbsent(word.form, Int32(place))
        if let first { next[Int(last[Int(first)])] = Int32(place) }
        last[Int(first ?? Int32(place))] = Int32(place)
        let pair = TextHash.pair(before.form, word.form)
        if place > 0 { pairs.insert(pair) }
        if place > 1 { triples.insert(TextHash.pair(before.pair, word.form)) }
        before = (word.form, pair)
        if word.classes.contains(.negation) { denies[number] = true }
        let stem = Int(index.numberOfWord[place])
        guard stem >= 0 else { continue }
        // Words of one spelling begin alike.
        if first == nil { prefixes.insert(word.prefix) }
        if recent.0 != 0 { neighbours.insert(Self.unordered(recent.0, word.stem)) }
        if recent.1 != 0 { neighbours.insert(Self.unordered(recent.1, word.stem)) }
        if recent.2 != 0 { neighbours.insert(Self.unordered(recent.2, word.stem)) }
        recent = (recent.1, recent.2, word.stem)
        if heads[stem] < 0 || postings[Int(heads[stem])].sentence != Int32(number) {
          postings.append(Posting(sentence: Int32(number), next: heads[stem]))
          heads[stem] = Int32(postings.count - 1)
        }
      }
    }
    weights = ContiguousArray(index.spread.map { 1 / (1 + Float($0 - 1) * 0.25) })
    (self.forms, self.next, self.pairs, self.triples, self.neighbours) = (forms, next, pairs, triples, neighbours)
    (self.prefixes, self.postings, self.heads, deniesBySentence) = (prefixes, postings, heads, denies)
    trigrams = context.withUnsafeBufferPointer { bytes in
      ContiguousArray(unsafeUninitializedCapacity: 512) { trigrams, initialized in
        trigrams.initialize(repeating: 0)
        Self.eachTrigram(bytes, in: 0..<bytes.count) { trigrams[$0 >> 6] |= 1 << UInt64($0 & 63) }
        initialized = 512
      }
    }
  }

  /// Whether the context has the character trigram with this number.
  @inline(__always)
  func hasTrigram(_ number: Int) -> Bool { trigrams[number >> 6] & (1 << UInt64(number & 63)) != 0 }

  /// The trigrams of letters and digits, as numbers below 32,768.
  @inline(__always)
  static func eachTrigram(_ bytes: UnsafeBufferPointer<UInt8>, in range: Range<Int>, _ body: (Int) -> Void) {
    var window: UInt32 = 0
    var length = 0
    for index in range {
      let byte = bytes[index]
      let lower = byte &- 65 < 26 ? byte | 32 : byte
      guard lower &- 97 < 26 || lower >= 0x80 || lower &- 48 < 10 else {
        length = 0
        continue
      }
      window = (window << 8 | UInt32(lower)) & 0xFF_FFFF
      length &+= 1
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
