// Turns an answer, sentence by sentence, into the numbers of `GroundednessFeature`.

/// One sentence of an answer held against the evidence.
struct ReadSentence {
  var range: SentenceRange
  var features: ContiguousArray<Float>
  /// The context sentences that support it best; empty when nothing does.
  var window: Range<Int>
}

struct AnswerReader {
  let evidence: EvidenceIndex
  private(set) var answer: ReadText
  let bytes: [UInt8]
  private let question: HashTable
  private let questionInContext: Float
  /// By word: 1 for a content word that the context does not have.
  private var isNovel: ContiguousArray<Bool> = []
  private var novelty: ContiguousArray<Float> = []
  private var counts: ContiguousArray<Float>
  private var touched: ContiguousArray<Int32> = []

  /// Tables that every sentence uses again.
  private var seen = HashTable(minimumCapacity: 64)
  private var places = HashTable(minimumCapacity: 64)
  private var local = HashTable(minimumCapacity: 64)

  /// `read` are the words of the answer, when somebody has them already.
  init(evidence: EvidenceIndex, question asked: ReadText, answer bytes: [UInt8], read: ReadText? = nil) {
    self.evidence = evidence
    self.bytes = bytes
    answer = read ?? WordReader.read(bytes)
    // A list's numbers say nothing.
    for sentence in answer.sentences where sentence.isListItem {
      let first = sentence.words.lowerBound
      if answer.words[first].classes.contains(.number), Int(answer.words[first].start) == sentence.start, sentence.words.count > 1
      {
        answer.words[first].classes = .function
      }
    }
    var table = HashTable(minimumCapacity: asked.words.count)
    var known: Float = 0
    var total: Float = 0
    for word in asked.words where word.isContent && table.insert(word.stem) {
      total += 1
      if evidence.stems.contains(word.stem) { known += 1 }
    }
    self.question = table
    questionInContext = total == 0 ? 0.5 : known / total
    counts = ContiguousArray(repeating: 0, count: evidence.sentences.count + 1)
    isNovel.reserveCapacity(answer.words.count)
    for word in answer.words {
      isNovel.append(word.isContent && !evidence.stems.contains(word.stem))
    }
    for sentence in answer.sentences { novelty.append(share(of: sentence)) }
  }

  private func share(of sentence: SentenceRange) -> Float {
    var content: Float = 0
    var novel: Float = 0
    for index in sentence.words where answer.words[index].isContent {
      content += 1
      if isNovel[index] { novel += 1 }
    }
    return novel / max(1, content)
  }

  mutating func sentences() -> [ReadSentence] {
    var said = HashTable(minimumCapacity: answer.words.count)
    var contentBefore: Float = 0
    var novelBefore: Float = 0
    var totalNovel: Float = 0
    var totalContent: Float = 0
    for index in answer.words.indices where answer.words[index].isContent {
      totalContent += 1
      if isNovel[index] { totalNovel += 1 }
    }
    let worst = novelty.enumerated().reduce(Float(0)) { max($0, answer.sentences[$1.offset].words.count > 3 ? $1.element : 0) }
    let listShare = Float(answer.sentences.count { $0.isListItem }) / Float(max(1, answer.sentences.count))
    var result: [ReadSentence] = []
    result.reserveCapacity(answer.sentences.count)
    let row = UnsafeMutableBufferPointer<Float>.allocate(capacity: GroundednessFeature.count)
    defer { row.deallocate() }
    for number in answer.sentences.indices {
      let sentence = answer.sentences[number]
      row.initialize(repeating: 0)
      var features = FeatureRow(values: row)
      words(sentence, &features, said: &said)
      runs(sentence, &features)
      fragments(sentence, &features)
      let window = self.window(sentence, &features)
      surface(sentence, &features)
      citations(sentence, &features)
      features[.position] = Float(number) / Float(max(1, answer.sentences.count - 1))
      features[.place] = Float(number)
      features[.sentenceCount] = Float(answer.sentences.count)
      features[.previousNovelty] = number > 0 ? novelty[number - 1] : -1
      features[.nextNovelty] = number + 1 < novelty.count ? novelty[number + 1] : -1
      features[.responseNovelty] = totalNovel / max(1, totalContent)
      features[.worstNovelty] = worst
      features[.noveltyBefore] = contentBefore > 0 ? novelBefore / contentBefore : -1
      features[.responseWords] = logarithm(answer.words.count)
      features[.questionInContext] = questionInContext
      features[.listShare] = listShare
      contentBefore += features[.contentCount]
      novelBefore += features[.novelCount]
      result.append(ReadSentence(range: sentence, features: ContiguousArray(row), window: window))
    }
    return result
  }

  private func logarithm(_ count: Int) -> Float {
    // Steps of a quarter of an octave are enough for a tree.
    var value = Float(max(1, count))
    var result: Float = 0
    while value >= 2 {
      value /= 2
      result += 1
    }
    return result + value - 1
  }

  private func words(_ sentence: SentenceRange, _ features: inout FeatureRow, said: inout HashTable) {
    var content: Float = 0, novel: Float = 0, weight: Float = 0, novelWeight: Float = 0, long: Float = 0, novelLong: Float = 0
    var asked: Float = 0, novelAsked: Float = 0, repeated: Float = 0
    var prefixes: Float = 0, trigrams: Float = 0, newTrigrams: Float = 0, letters: Float = 0, run: Float = 0,
      longestRun: Float = 0
    var recent: UInt32 = 0
    var densest = 0
    for index in sentence.words {
      let word = answer.words[index]
      letters += Float(word.length)
      classes(word, index, &features)
      guard word.isContent else { continue }
      content += 1
      recent = (recent << 1 | (isNovel[index] && word.classes.isDisjoint(with: .sayingLittle) ? 1 : 0)) & 0b11111
      densest = max(densest, recent.nonzeroBitCount)
      let own: Float = word.classes.contains(.number) ? 3 : word.length >= 8 ? 1.3 : 1
      weight += own
      if word.length >= 7 { long += 1 }
      let isAsked = question.contains(word.stem)
      if isAsked { asked += 1 }
      if !said.insert(word.stem) { repeated += 1 }
      guard isNovel[index] else {
        run = 0
        continue
      }
      novel += 1
      run += 1
      longestRun = max(longestRun, run)
      novelWeight += own
      if word.length >= 7 { novelLong += 1 }
      if isAsked { novelAsked += 1 }
      if evidence.prefixes.contains(word.prefix) { prefixes += 1 }
      bytes.withUnsafeBufferPointer { bytes in
        EvidenceIndex.eachTrigram(bytes, in: Int(word.start)..<Int(word.end)) {
          trigrams += 1
          if !evidence.hasTrigram($0) { newTrigrams += 1 }
        }
      }
    }
    features[.contentCount] = content
    features[.novelCount] = novel
    features[.novelShare] = novel / max(1, content)
    features[.novelWeight] = novelWeight / max(1, weight)
    features[.novelLongShare] = novelLong / max(1, long)
    features[.questionShare] = asked / max(1, content)
    features[.novelInQuestion] = novel > 0 ? novelAsked / novel : -1
    features[.saidBefore] = repeated / max(1, content)
    features[.novelKnownPrefix] = novel > 0 ? prefixes / novel : -1
    features[.novelTrigrams] = trigrams > 0 ? newTrigrams / trigrams : -1
    features[.novelRun] = longestRun
    features[.densestNovelty] = Float(densest)
    features[.wordCount] = Float(sentence.words.count)
    features[.meanWordLength] = letters / Float(sentence.words.count)
  }

  private func classes(_ word: Word, _ index: Int, _ features: inout FeatureRow) {
    let classes = word.classes
    if classes.contains(.number) {
      features[.numbers] += 1
      if isNovel[index] { features[.unseenNumbers] += 1 }
    }
    if classes.contains(.numberWord) {
      features[.numberWords] += 1
      if isNovel[index] { features[.unseenNumberWords] += 1 }
    }
    if classes.contains(.capitalised), !classes.contains(.opening), !classes.contains(.function) {
      features[.capitalised] += 1
      if isNovel[index] {
        features[.unseenCapitalised] += 1
        if word.length <= 5, bytes[Int(word.start) + 1] >= 65, bytes[Int(word.start) + 1] <= 90 { features[.unseenAcronyms] += 1 }
      }
    }
    guard classes.rawValue & ~0x9_0009 != 0 else { return }
    if classes.contains(.negation) { features[.negations] += 1 }
    if classes.contains(.hedge) {
      features[.hedges] += 1
      if !evidence.forms.contains(word.form) { features[.newHedges] += 1 }
    }
    if classes.contains(.superlative) { features[.superlatives] += 1 }
    if classes.contains(.addition) { features[.additions] += 1 }
    if classes.contains(.summary) { features[.summaries] += 1 }
    if classes.contains(.source) { features[.sourceWords] += 1 }
    if classes.contains(.telling) { features[.tellingDenied] += 1 }
    if classes.contains(.modal) { features[.modals] += 1 }
    if classes.contains(.person) { features[.persons] += 1 }
    if classes.contains(.courtesy) { features[.courtesies] += 1 }
    if classes.contains(.advice) { features[.advice] += 1 }
    if classes.contains(.example) { features[.examples] += 1 }
    if classes.contains(.contrast) { features[.contrasts] += 1 }
  }

  private func runs(_ sentence: SentenceRange, _ features: inout FeatureRow) {
    if features[.negations] == 0 { features[.tellingDenied] = 0 }
    let words = answer.words
    var pairs: Float = 0, triples: Float = 0
    for index in sentence.words.dropFirst() {
      if !evidence.pairs.contains(TextHash.pair(words[index - 1].form, words[index].form)) { pairs += 1 }
      guard index >= sentence.words.lowerBound + 2 else { continue }
      if !evidence.triples.contains(EvidenceIndex.triple(words[index - 2], words[index - 1], words[index])) { triples += 1 }
    }
    let count = Float(sentence.words.count)
    features[.newPairs] = count > 1 ? pairs / (count - 1) : -1
    features[.newTriples] = count > 2 ? triples / (count - 2) : -1
  }

  /// Greedy fragments that stand in the context word by word, after Grusky et al.
  private func fragments(_ sentence: SentenceRange, _ features: inout FeatureRow) {
    let words = answer.words
    var index = sentence.words.lowerBound
    var covered: Float = 0, density: Float = 0, longest: Float = 0
    var loose: Float = 0, longestLoose: Float = 0
    while index < sentence.words.upperBound {
      var best = 0
      var place = evidence.forms[words[index].form] ?? -1
      var tries = 0
      while place >= 0, tries < 40 {
        var length = 1
        while index + length < sentence.words.upperBound, Int(place) + length < evidence.words.count,
          words[index + length].form == evidence.words[Int(place) + length].form
        {
          length += 1
        }
        best = max(best, length)
        place = evidence.next[Int(place)]
        tries += 1
      }
      if best > 1 || (best == 1 && words[index].isContent) {
        covered += Float(best)
        density += Float(best * best)
        longest = max(longest, Float(best))
      }
      if best > 1 {
        loose = 0
      } else if words[index].isContent {
        loose += 1
        longestLoose = max(longestLoose, loose)
      }
      index += max(1, best)
    }
    features[.looseRun] = longestLoose
    let count = Float(sentence.words.count)
    features[.fragmentCoverage] = covered / count
    features[.fragmentDensity] = density / count
    features[.longestFragment] = longest
    features[.longestFragmentShare] = longest / count
  }

  /// The one or two context sentences that cover most of the sentence, and what they leave out.
  private mutating func window(_ sentence: SentenceRange, _ features: inout FeatureRow) -> Range<Int> {
    seen.removeAll()
    var total: Float = 0
    touched.removeAll(keepingCapacity: true)
    for index in sentence.words where answer.words[index].isContent {
      let word = answer.words[index]
      guard seen.insert(word.stem) else { continue }
      guard let stem = evidence.stems[word.stem] else {
        total += 1
        continue
      }
      let weight = evidence.weights[Int(stem)]
      total += weight
      var posting = evidence.heads[Int(stem)]
      while posting >= 0 {
        let entry = evidence.postings[Int(posting)]
        if counts[Int(entry.sentence)] == 0 { touched.append(entry.sentence) }
        counts[Int(entry.sentence)] += weight
        posting = entry.next
      }
    }
    defer { for sentence in touched { counts[Int(sentence)] = 0 } }
    var best: Float = 0, bestPair: Float = 0, second: Float = 0
    var bestSentence = -1, pairStart = -1
    for number in touched {
      let own = counts[Int(number)]
      if own > best || (own == best && Int(number) < bestSentence) { (best, bestSentence) = (own, Int(number)) }
      for start in [Int(number) - 1, Int(number)] where start >= 0 && start + 1 < evidence.sentences.count {
        let both = counts[start] + counts[start + 1]
        if both > bestPair || (both == bestPair && start < pairStart) { (bestPair, pairStart) = (both, start) }
      }
    }
    features[.bestSentence] = total > 0 ? best / total : -1
    guard bestSentence >= 0 else {
      features[.bestWindow] = total > 0 ? 0 : -1
      // Without a window everything is outside of it.
      features[.numbersOutsideWindow] = features[.unseenNumbers]
      features[.capitalisedOutsideWindow] = features[.unseenCapitalised]
      return 0..<0
    }
    var window = bestSentence..<(bestSentence + 1)
    if pairStart >= 0, bestPair > best * 1.15 { window = pairStart..<(pairStart + 2) }
    for number in touched where !window.contains(Int(number)) { second = max(second, counts[Int(number)]) }
    features[.windowGap] = (best - second) / max(0.01, total)
    compare(sentence, with: window, &features, total: total)
    return window
  }

  private mutating func compare(_ sentence: SentenceRange, with window: Range<Int>, _ features: inout FeatureRow, total: Float) {
    let first = evidence.sentences[window.lowerBound].words.lowerBound
    let last = evidence.sentences[window.upperBound - 1].words.upperBound
    places.removeAll()
    local.removeAll()
    seen.removeAll()
    var previous: UInt32 = 0
    for index in first..<last where evidence.words[index].isContent {
      let stem = evidence.words[index].stem
      if places[stem] == nil { places.set(stem, Int32(index - first)) }
      if previous != 0 { local.insert(EvidenceIndex.unordered(previous, stem)) }
      previous = stem
    }
    var covered: Float = 0, pairs: Float = 0, found: Float = 0, near: Float = 0, scattered: Float = 0, swaps: Float = 0
    var ordered: Float = 0, disordered: Float = 0, loose: Float = 0
    previous = 0
    var previousPlace: Int32 = -1
    var previousIsValue = false
    for index in sentence.words where answer.words[index].isContent {
      let word = answer.words[index]
      let here = places[word.stem]
      if seen.insert(word.stem) {
        if here != nil { covered += evidence.stems[word.stem].map { evidence.weights[Int($0)] } ?? 0 }
        if here == nil {
          if word.classes.contains(.number) { features[.numbersOutsideWindow] += 1 }
          if word.classes.contains(.capitalised), !word.classes.contains(.opening) { features[.capitalisedOutsideWindow] += 1 }
        }
      }
      if word.classes.contains(.number), evidence.stems.contains(word.stem), index + 1 < sentence.words.upperBound,
        !evidence.pairs.contains(TextHash.pair(word.form, answer.words[index + 1].form)),
        index == sentence.words.lowerBound || !evidence.pairs.contains(TextHash.pair(answer.words[index - 1].form, word.form))
      {
        loose += 1
      }
      if let here {
        if previousPlace >= 0 { if here >= previousPlace { ordered += 1 } else { disordered += 1 } }
        previousPlace = here
      }
      let isValue = word.classes.contains(.number) || (word.classes.contains(.capitalised) && !word.classes.contains(.opening))
      if previous != 0, previous != word.stem {
        pairs += 1
        let key = EvidenceIndex.unordered(previous, word.stem)
        if local.contains(key) { found += 1 }
        let isNear = evidence.neighbours.contains(key)
        if !isNear { near += 1 }
        if !isNear, evidence.stems.contains(previous), evidence.stems.contains(word.stem) {
          if !shareSentence(previous, word.stem) { scattered += 1 }
          if isValue || previousIsValue { swaps += 1 }
        }
      }
      previous = word.stem
      previousIsValue = isValue
    }
    features[.bestWindow] = total > 0 ? covered / total : -1
    features[.looseQuantities] = loose
    features[.bestWindowPairs] = pairs > 0 ? found / pairs : -1
    features[.newNeighbours] = pairs > 0 ? near / pairs : -1
    features[.scatteredPairs] = pairs > 0 ? scattered / pairs : -1
    features[.swappedValues] = swaps
    features[.windowOrder] = ordered + disordered > 0 ? disordered / (ordered + disordered) : -1
    let denies = window.contains { evidence.deniesBySentence[$0] }
    features[.newNegation] = features[.negations] > 0 && !denies ? 1 : 0
    features[.lostNegation] = features[.negations] == 0 && denies ? 1 : 0
  }

  private func shareSentence(_ left: UInt32, _ right: UInt32) -> Bool {
    guard let first = evidence.stems[left], let second = evidence.stems[right] else { return false }
    // Postings run from the last sentence to the first, so two chains are merged.
    var one = evidence.heads[Int(first)]
    var other = evidence.heads[Int(second)]
    while one >= 0, other >= 0 {
      let (left, right) = (evidence.postings[Int(one)], evidence.postings[Int(other)])
      if left.sentence == right.sentence { return true }
      if left.sentence > right.sentence { one = left.next } else { other = right.next }
    }
    return false
  }

  private func surface(_ sentence: SentenceRange, _ features: inout FeatureRow) {
    features[.isListItem] = sentence.isListItem ? 1 : 0
    features[.endsInColon] = bytes[sentence.end - 1] == UInt8(ascii: ":") ? 1 : 0
    features[.isQuestion] = bytes[sentence.end - 1] == UInt8(ascii: "?") ? 1 : 0
    var quotes: Float = 0, parentheses: Float = 0
    var isQuoted = false
    var opened: Int?
    var inside = sentence.words.lowerBound
    var word = sentence.words.lowerBound
    for index in sentence.start..<sentence.end {
      let byte = bytes[index]
      if byte == UInt8(ascii: "(") {
        parentheses += 1
        opened = index
      } else if byte == UInt8(ascii: ")"), let start = opened {
        opened = nil
        while inside < sentence.words.upperBound, Int(answer.words[inside].start) < index {
          if Int(answer.words[inside].start) > start, isNovel[inside] { features[.novelInParentheses] += 1 }
          inside += 1
        }
      }
      let isCurly =
        byte == 0xE2 && index + 2 < bytes.count && bytes[index + 1] == 0x80
        && (bytes[index + 2] == 0x9C || bytes[index + 2] == 0x9D)
      guard byte == UInt8(ascii: "\"") || isCurly else { continue }
      quotes += 1
      while word < sentence.words.upperBound, Int(answer.words[word].start) < index {
        if isQuoted, isNovel[word] { features[.unseenQuotes] += 1 }
        word += 1
      }
      isQuoted.toggle()
    }
    features[.quotes] = quotes
    features[.parentheses] = parentheses
  }
}

/// Names a row of numbers by feature.
struct FeatureRow {
  let values: UnsafeMutableBufferPointer<Float>

  @inline(__always)
  subscript(feature: GroundednessFeature) -> Float {
    get { values[feature.rawValue] }
    nonmutating set { values[feature.rawValue] = newValue }
  }
}
