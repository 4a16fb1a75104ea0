// Holds an answer against its context and says how much of it the context does not support, sentence by sentence.

/// What is said of one answer. Scores are for comparison with a stream's own past; they are no probabilities that hold everywhere.
package struct Groundedness: Sendable {
  package struct Sentence: Sendable {
    /// In bytes of the answer.
    package var range: Range<Int>
    package var score: Double
    /// In bytes of the context; empty when nothing there is like it.
    package var evidence: Range<Int>
    let features: ContiguousArray<Float>
  }

  package enum Band: String, Sendable { case supported, doubtful, unsupported }

  package var score: Double
  package var sentences: [Sentence]

  package var band: Band { score < 0.35 ? .supported : score < 0.65 ? .doubtful : .unsupported }
}

/// Why there is no number.
package enum EvidenceGap: String, Sendable {
  case noContext = "no context"
  case noAnswer = "no answer"
  case code = "the answer is code"
  case language = "a language that the model does not know"
  case declined = "the answer declines"
}

/// One sentence and why it has its score.
package struct GroundednessReason: Sendable {
  /// Both in bytes.
  package var sentence: Range<Int>
  package var evidence: Range<Int>
  package var score: Double
  /// What moved the score most, with how much it added to the log-odds.
  package var features: [(label: String, weight: Double)]
}

package struct GroundednessScorer: Sendable {
  package let model: GroundednessModel
  private let trees: TreeWalk
  private let answerTrees: TreeWalk

  package init(model: GroundednessModel) {
    self.model = model
    trees = TreeWalk(model.trees)
    answerTrees = TreeWalk(model.answerTrees)
  }

  /// Content words below which a context supports nothing.
  package static let minimumContext = 5

  package enum Result: Sendable {
    case scored(Groundedness)
    case tooThin(EvidenceGap)
  }

  func score(evidence: EvidenceIndex, question: ReadText, answer: [UInt8], read words: ReadText? = nil) -> Result {
    guard evidence.contentCount >= Self.minimumContext else { return .tooThin(.noContext) }
    if CodeShare.of(answer) > 0.5 { return .tooThin(.code) }
    var reader = AnswerReader(evidence: evidence, question: question, answer: answer, read: words)
    let read = reader.sentences()
    guard let first = read.first else { return .tooThin(.noAnswer) }
    var sentences: [Groundedness.Sentence] = []
    sentences.reserveCapacity(read.count)
    for sentence in read {
      let margin = sentence.features.withUnsafeBufferPointer { trees.margin($0) }
      let window =
        sentence.window.isEmpty
        ? 0..<0
        : evidence.sentences[sentence.window.lowerBound].start..<evidence.sentences[sentence.window.upperBound - 1].end
      sentences.append(
        Groundedness.Sentence(
          range: sentence.range.start..<sentence.range.end, score: Logistic.probability(Double(margin)), evidence: window,
          features: sentence.features))
    }
    let margin = AnswerRow.make(read.lazy.map(\.features)).withUnsafeBufferPointer { answerTrees.margin($0) }
    let aggregate = AnswerAggregate.values(sentences.lazy.map(\.score), features: first.features, margin: margin)
    return .scored(Groundedness(score: model.answerProbability(aggregate), sentences: sentences))
  }

  /// The sentences with the highest scores and their reasons: worked out when somebody looks.
  package func reasons(_ groundedness: Groundedness, sentences count: Int = 3, features: Int = 4) -> [GroundednessReason] {
    groundedness.sentences.sorted { $0.score > $1.score }.prefix(count).map { sentence in
      let weights = model.trees.contributions(sentence.features)
      let order = weights.indices.sorted { abs(weights[$0]) > abs(weights[$1]) }
      return GroundednessReason(
        sentence: sentence.range, evidence: sentence.evidence, score: sentence.score,
        features: order.prefix(features).compactMap { index in
          GroundednessFeature(rawValue: index).map { ($0.label, Double(weights[index])) }
        })
    }
  }
}

/// How much of a text is code, by fences and by lines that end like statements.
enum CodeShare {
  static func of(_ bytes: [UInt8]) -> Double {
    bytes.withUnsafeBufferPointer { bytes in
      var fenced = 0
      var statements = 0
      var lines = 0
      var isFenced = false
      var start = 0
      var last: UInt8 = 0
      for index in 0...bytes.count {
        if index < bytes.count, bytes[index] != 10 {
          if bytes[index] > 32 { last = bytes[index] }
          continue
        }
        if index - start >= 3, bytes[start] == 96, bytes[start + 1] == 96, bytes[start + 2] == 96 {
          isFenced.toggle()
        } else if last != 0 {
          if isFenced { fenced += index - start }
          lines += 1
          if last == UInt8(ascii: ";") || last == UInt8(ascii: "{") || last == UInt8(ascii: "}") { statements += 1 }
        }
        start = index + 1
        last = 0
      }
      return max(Double(fenced) / Double(max(1, bytes.count)), Double(statements) / Double(max(1, lines)))
    }
  }
}
