// Labelled answers and documents, taken apart into sentences to learn from.

package struct GroundednessExamples: Sendable {
  /// One answer's sentences among the examples.
  package struct Answer: Sendable {
    package var sentences: Range<Int>
    package var label: Bool
    package var group: Int
  }

  package private(set) var examples = Examples(width: GroundednessFeature.count)
  package private(set) var answers: [Answer] = []

  package init() {}

  /// Rows without `spans` give their sentences the answer's own label.
  package mutating func add(_ row: LabelledRow, group: Int) {
    guard let label = row.label else { return }
    let answer = Array(row.response.utf8)
    var reader = AnswerReader(
      evidence: EvidenceIndex(Array(row.context.utf8)), question: WordReader.read(Array(row.question.utf8)), answer: answer)
    let sentences = reader.sentences()
    let first = examples.count
    let places = ScalarPlaces.of(sentences.flatMap { [$0.range.start, $0.range.end] }, in: answer)
    for (number, sentence) in sentences.enumerated() {
      let range = places[number * 2]..<places[number * 2 + 1]
      let isRisky = row.spans.map { spans in spans.contains { $0.overlaps(range) } } ?? label
      examples.append(sentence.features, label: isRisky, group: group)
    }
    answers.append(Answer(sentences: first..<examples.count, label: label, group: group))
  }

  package func aggregate(_ answer: Answer, _ scores: [Double], margin: Float) -> [Float] {
    AnswerAggregate.values(
      scores[answer.sentences], features: answer.sentences.isEmpty ? [] : examples.row(answer.sentences.lowerBound),
      margin: margin)
  }

  /// The answers as rows to learn from.
  package var answerExamples: Examples {
    var result = Examples(width: AnswerRow.width)
    for answer in answers {
      result.append(AnswerRow.make(answer.sentences.map { examples.row($0) }), label: answer.label, group: answer.group)
    }
    return result
  }
}

struct IndirectExamples {
  struct Document {
    var sentences: Range<Int>
    var label: Bool
  }

  private(set) var examples = Examples(width: IndirectFeature.count)
  private(set) var documents: [Document] = []

  mutating func add(_ row: LabelledRow) {
    guard let label = row.label else { return }
    let document = Array((row.context.isEmpty ? row.text : row.context).utf8)
    let group = TrainingRun.number(row.group)
    let first = examples.count
    document.withUnsafeBufferPointer { bytes in
      var reading = IndirectReading(
        bytes, stems: StemIndex(WordReader.read(document)), question: WordReader.read(Array(row.question.utf8)))
      let places = ScalarPlaces.of(reading.sentences.flatMap { [$0.start, $0.end] }, in: document)
      for number in reading.sentences.indices {
        let range = places[number * 2]..<places[number * 2 + 1]
        let isOrder = label && (row.spans ?? []).contains { $0.overlaps(range) }
        examples.append(reading.features(number, bytes), label: isOrder, group: group)
      }
    }
    documents.append(Document(sentences: first..<examples.count, label: label))
  }

  func documentScores(_ scores: [Double]) -> [Double] { documents.map { scores[$0.sentences].max() ?? 0 } }
}
