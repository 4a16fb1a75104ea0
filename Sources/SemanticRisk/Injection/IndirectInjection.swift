// Orders hidden in what a model reads: sentences of a document that speak to the model and do not belong where they stand.

package enum IndirectFeature: Int, CaseIterable, Sendable {
  case imperative, verbOfOutput, secondPerson, speaksOfAnswer, speaksOfModel, isQuestion, overrides, attack
  case overlapWithDocument, overlapWithNeighbours, overlapWithQuestion, knownWords, position, isFirst, isLast, wordCount
  case address, quotes, newLine, marks, secret, numbers, capitals, politeness, documentSentences, documentQuestions,
    documentImperatives
  case content, meanLength

  /// Counted once: `allCases` makes an array each time.
  static let count = allCases.count

  package var label: String {
    switch self {
    case .imperative: "begins with an order"
    case .verbOfOutput: "asks for a text, a translation or an explanation"
    case .secondPerson: "speaks to the reader"
    case .speaksOfAnswer: "speaks of the answer"
    case .speaksOfModel: "speaks of the model"
    case .isQuestion: "is a question"
    case .overrides: "words of overriding"
    case .attack: "words of attacks"
    case .overlapWithDocument: "words of the rest of the document"
    case .overlapWithNeighbours: "words of the sentences beside it"
    case .overlapWithQuestion: "words of the question"
    case .knownWords: "known stems"
    case .position: "position in the document"
    case .isFirst: "is the first sentence"
    case .isLast: "is the last sentence"
    case .wordCount: "words"
    case .address: "has an address"
    case .quotes: "has quotation marks"
    case .newLine: "stands on a line of its own"
    case .marks: "has markers"
    case .secret: "words of secrets"
    case .numbers: "numbers"
    case .capitals: "words in capitals"
    case .politeness: "words of politeness"
    case .documentSentences: "sentences of the document"
    case .documentQuestions: "share of questions in the document"
    case .documentImperatives: "share of orders in the document"
    case .content: "content words"
    case .meanLength: "mean word length"
    }
  }
}

struct IndirectReading {
  private static let verbs =
    """
    add append answer augment analyze build calculate check choose click combine compare compile compose compute conduct confirm contact
    convert copy create decode define delete describe design develop disclose discuss display do download draft draw emphasize encode
    encrypt enhance ensure evaluate execute explain express extract fetch find follow forget format forward generate give group guide
    help hide identify ignore illustrate imagine implement include incorporate indicate inform insert inquire install integrate introduce invite
    jumble list make mention misspell modify name navigate obtain offer open organize outline paraphrase perform persuade plan please post
    prepare present print prioritize produce promote propose provide publish purchase push put query quote rearrange recite recommend
    record reference remind remove render repeat replace reply report request reschedule research respond retrieve return reverse review rewrite
    run say schedule scramble search seek send set share show solve spread stop store submit substitute suggest summarize switch tease
    tell think transcribe transfer translate turn update upload urge use utilize verify visit warn write break urge advise break create encourage
    """
  private static let output =
    """
    translate explain write compose draft describe list summarize poem story essay letter speech equivalent meaning define function
    example lyrics solve capital what how who why difference generate code script respond reply answer email message schedule reminder alarm
    recommend suggest plan search recipe news weather joke sentiment analyze classify
    """
  private static let answer =
    "response reply answer responses answers replies message output text summary letters words letter vowels characters sentence emoji emojis base64 cipher reverse"
  private static let model = "ai assistant model chatbot bot chatgpt gpt llm system user prompt instructions instruction"
  private static let polite = "please kindly can could would"

  /// One table for all five lists, a bit each: a word is looked up once.
  private static let classes: HashTable = {
    var table = HashTable(minimumCapacity: 400)
    for (bit, words) in [verbs, output, answer, model, polite].enumerated() {
      for word in words.split(whereSeparator: \.isWhitespace) {
        let key = TextHash.of(String(word))
        table.set(key, (table[key] ?? 0) | Int32(1 << bit))
      }
    }
    return table
  }()

  private let stems: StemIndex
  private let question: HashTable
  private let imperatives: Float
  private let questions: Float
  /// By stem: the last sentence beside which it stands.
  private var beside: ContiguousArray<Int32>

  /// `stems` are those of the document.
  init(_ bytes: UnsafeBufferPointer<UInt8>, stems: StemIndex, question words: ReadText) {
    self.stems = stems
    var orders: Float = 0
    var asks: Float = 0
    for sentence in stems.read.sentences {
      if (Self.classes[stems.read.words[sentence.words.lowerBound].form] ?? 0) & 1 != 0 { orders += 1 }
      if bytes[sentence.end - 1] == UInt8(ascii: "?") { asks += 1 }
    }
    let total = Float(max(1, stems.read.sentences.count))
    (imperatives, questions) = (orders / total, asks / total)
    var table = HashTable(minimumCapacity: 16)
    for word in words.words where word.isContent { table.insert(word.stem) }
    question = table
    beside = ContiguousArray(repeating: -1, count: stems.spread.count)
  }

  var sentences: ContiguousArray<SentenceRange> { stems.read.sentences }

  mutating func features(_ number: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> ContiguousArray<Float> {
    var values = ContiguousArray<Float>(repeating: 0, count: IndirectFeature.count)
    values.withUnsafeMutableBufferPointer { fill($0, number, bytes) }
    return values
  }

  /// `values` are zeros, one for each feature.
  mutating func fill(_ values: UnsafeMutableBufferPointer<Float>, _ number: Int, _ bytes: UnsafeBufferPointer<UInt8>) {
    func set(_ feature: IndirectFeature, _ value: Float) { values[feature.rawValue] = value }
    func add(_ feature: IndirectFeature, _ value: Float = 1) { values[feature.rawValue] += value }
    let (words, sentences) = (stems.read.words, stems.read.sentences)
    let sentence = sentences[number]
    var content: Float = 0, shared: Float = 0, asked: Float = 0, near: Float = 0, letters: Float = 0
    for other in [number - 1, number + 1] where sentences.indices.contains(other) {
      for index in sentences[other].words where stems.numberOfWord[index] >= 0 {
        beside[Int(stems.numberOfWord[index])] = Int32(number)
      }
    }
    let attacks = InjectionWords.table
    let classes = Self.classes
    for index in sentence.words {
      let word = words[index]
      letters += Float(word.length)
      if let known = attacks[word.form] {
        let mask = Int(known)
        if mask & InjectionWords.override != 0 { add(.overrides) }
        if mask & (InjectionWords.free | InjectionWords.role | InjectionWords.prompt) != 0 { add(.attack) }
        if mask & InjectionWords.secret != 0 { add(.secret) }
        if mask & InjectionWords.second != 0 { add(.secondPerson) }
      }
      if let kinds = classes[word.form] {
        if kinds & 2 != 0 { add(.verbOfOutput) }
        if kinds & 4 != 0 { add(.speaksOfAnswer) }
        if kinds & 8 != 0 { add(.speaksOfModel) }
        if kinds & 16 != 0 { add(.politeness) }
        // An order begins with its verb, or with one word before it.
        if kinds & 1 != 0, index < sentence.words.lowerBound + 2 {
          add(.imperative, index == sentence.words.lowerBound ? 1 : 0.5)
        }
      }
      if word.classes.contains(.number) { add(.numbers) }
      if word.length > 2, word.classes.contains(.capitalised), bytes[Int(word.end) - 1] >= 65, bytes[Int(word.end) - 1] <= 90 {
        add(.capitals)
      }
      let stem = Int(stems.numberOfWord[index])
      guard stem >= 0 else { continue }
      content += 1
      if stems.spread[stem] > 1 { shared += 1 }
      if question.contains(word.stem) { asked += 1 }
      if beside[stem] == Int32(number) { near += 1 }
    }
    set(.overlapWithDocument, shared / max(1, content))
    set(.overlapWithNeighbours, near / max(1, content))
    set(.overlapWithQuestion, asked / max(1, content))
    set(.content, content)
    set(.meanLength, letters / Float(max(1, sentence.words.count)))
    set(.position, Float(number) / Float(max(1, sentences.count - 1)))
    set(.isFirst, number == 0 ? 1 : 0)
    set(.isLast, number == sentences.count - 1 ? 1 : 0)
    set(.wordCount, Float(min(60, sentence.words.count)))
    set(.documentSentences, Float(min(40, sentences.count)))
    set(.documentQuestions, questions)
    set(.documentImperatives, imperatives)
    if bytes[sentence.end - 1] == UInt8(ascii: "?") { set(.isQuestion, 1) }
    if sentence.start == 0 || bytes[sentence.start - 1] == 10 || (sentence.start > 1 && bytes[sentence.start - 2] == 10) {
      set(.newLine, 1)
    }
    for index in sentence.start..<sentence.end {
      switch bytes[index] {
      case UInt8(ascii: "\""), UInt8(ascii: "'"): add(.quotes)
      case UInt8(ascii: "|"), UInt8(ascii: ":"), UInt8(ascii: "<"), UInt8(ascii: "#"), UInt8(ascii: "="): add(.marks)
      case UInt8(ascii: "@"): add(.address)
      case UInt8(ascii: ".") where index + 3 < sentence.end && bytes[index + 1] | 32 == UInt8(ascii: "c"):
        if bytes[index + 2] | 32 == UInt8(ascii: "o"), bytes[index + 3] | 32 == UInt8(ascii: "m") { add(.address) }
      default: break
      }
    }
  }
}

/// The sentences of a document that look like orders to the model.
package struct IndirectInjectionScorer: Sendable {
  private let trees: TreeWalk

  package init?(model: BoostedTrees) {
    guard model.width == IndirectFeature.count else { return nil }
    trees = TreeWalk(model)
  }

  package struct Finding: Sendable {
    /// In bytes.
    package var range: Range<Int>
    package var score: Double
  }

  /// Sentences that are read of one document.
  package static let limit = 200

  /// The highest score and every sentence's; nil without a sentence.
  package func score(document: [UInt8], question: [UInt8]) -> (score: Double, sentences: [Finding])? {
    score(document: document, stems: StemIndex(WordReader.read(document)), question: WordReader.read(question))
  }

  /// `stems` are those of `document`.
  func score(document: [UInt8], stems: StemIndex, question: ReadText) -> (score: Double, sentences: [Finding])? {
    guard !stems.read.sentences.isEmpty else { return nil }
    return document.withUnsafeBufferPointer { bytes in
      var reading = IndirectReading(bytes, stems: stems, question: question)
      var findings: [Finding] = []
      findings.reserveCapacity(min(Self.limit, stems.read.sentences.count))
      var highest = 0.0
      withUnsafeTemporaryAllocation(of: Float.self, capacity: IndirectFeature.count) { values in
        for number in stems.read.sentences.indices.prefix(Self.limit) {
          values.initialize(repeating: 0)
          reading.fill(values, number, bytes)
          let score = Logistic.probability(Double(trees.margin(UnsafeBufferPointer(values))))
          let sentence = stems.read.sentences[number]
          findings.append(Finding(range: sentence.start..<sentence.end, score: score))
          highest = max(highest, score)
        }
      }
      return (highest, findings)
    }
  }
}
