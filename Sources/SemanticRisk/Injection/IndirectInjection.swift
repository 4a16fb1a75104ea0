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

  let read: ReadText
  private let stemCounts: HashTable
  private let question: HashTable
  private let imperatives: Float
  private let questions: Float

  init(_ bytes: UnsafeBufferPointer<UInt8>, question: [UInt8], read words: ReadText? = nil) {
    read = words ?? WordReader.read(bytes)
    var counts = HashTable(minimumCapacity: read.words.count / 2)
    var orders: Float = 0
    var asks: Float = 0
    var own = HashTable(minimumCapacity: 64)
    for sentence in read.sentences {
      own.removeAll()
      for index in sentence.words where read.words[index].isContent && own.insert(read.words[index].stem) {
        counts.add(read.words[index].stem)
      }
      if (Self.classes[read.words[sentence.words.lowerBound].form] ?? 0) & 1 != 0 { orders += 1 }
      if bytes[sentence.end - 1] == UInt8(ascii: "?") { asks += 1 }
    }
    stemCounts = counts
    let total = Float(max(1, read.sentences.count))
    (imperatives, questions) = (orders / total, asks / total)
    var table = HashTable(minimumCapacity: 16)
    for word in WordReader.read(question).words where word.isContent { table.insert(word.stem) }
    self.question = table
  }

  func features(_ number: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> ContiguousArray<Float> {
    var values = ContiguousArray<Float>(repeating: 0, count: IndirectFeature.count)
    func set(_ feature: IndirectFeature, _ value: Float) { values[feature.rawValue] = value }
    func add(_ feature: IndirectFeature, _ value: Float = 1) { values[feature.rawValue] += value }
    let sentence = read.sentences[number]
    var content: Float = 0, shared: Float = 0, asked: Float = 0, beside: Float = 0, letters: Float = 0
    var neighbours = HashTable(minimumCapacity: 64)
    for other in [number - 1, number + 1] where read.sentences.indices.contains(other) {
      for index in read.sentences[other].words where read.words[index].isContent { neighbours.insert(read.words[index].stem) }
    }
    for index in sentence.words {
      let word = read.words[index]
      letters += Float(word.length)
      if let known = InjectionWords.table[word.form] {
        let mask = Int(known)
        if mask & InjectionWords.override != 0 { add(.overrides) }
        if mask & (InjectionWords.free | InjectionWords.role | InjectionWords.prompt) != 0 { add(.attack) }
        if mask & InjectionWords.secret != 0 { add(.secret) }
        if mask & InjectionWords.second != 0 { add(.secondPerson) }
      }
      if let kinds = Self.classes[word.form] {
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
      guard word.isContent else { continue }
      content += 1
      if (stemCounts[word.stem] ?? 0) > 1 { shared += 1 }
      if question.contains(word.stem) { asked += 1 }
      if neighbours.contains(word.stem) { beside += 1 }
    }
    set(.overlapWithDocument, shared / max(1, content))
    set(.overlapWithNeighbours, beside / max(1, content))
    set(.overlapWithQuestion, asked / max(1, content))
    set(.content, content)
    set(.meanLength, letters / Float(max(1, sentence.words.count)))
    set(.position, Float(number) / Float(max(1, read.sentences.count - 1)))
    set(.isFirst, number == 0 ? 1 : 0)
    set(.isLast, number == read.sentences.count - 1 ? 1 : 0)
    set(.wordCount, Float(min(60, sentence.words.count)))
    set(.documentSentences, Float(min(40, read.sentences.count)))
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
    return values
  }
}

/// The sentences of a document that look like orders to the model.
package struct IndirectInjectionScorer: Sendable {
  package let model: BoostedTrees

  package init?(model: BoostedTrees) {
    guard model.width == IndirectFeature.count else { return nil }
    self.model = model
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
    score(document: document, question: question, read: nil)
  }

  func score(document: [UInt8], question: [UInt8], read words: ReadText?) -> (score: Double, sentences: [Finding])? {
    document.withUnsafeBufferPointer { bytes in
      let reading = IndirectReading(bytes, question: question, read: words)
      guard !reading.read.sentences.isEmpty else { return nil }
      var findings: [Finding] = []
      for number in reading.read.sentences.indices.prefix(Self.limit) {
        let margin = reading.features(number, bytes).withUnsafeBufferPointer { model.margin($0) }
        let sentence = reading.read.sentences[number]
        findings.append(Finding(range: sentence.start..<sentence.end, score: Logistic.probability(Double(margin))))
      }
      return (findings.reduce(0) { max($0, $1.score) }, findings)
    }
  }
}
