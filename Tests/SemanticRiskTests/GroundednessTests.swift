// Answers from the evidence score low, invented ones high; every score can be explained, and thin evidence has none.

@testable import SemanticRisk
import Testing

@Suite struct GroundednessTests {
  private let evidence = """
    Refund policy. Customers may return any unused item within 30 days of delivery for a full refund. Refunds are issued to the original \
    payment method within 5 business days after the warehouse has received the item. Shipping costs are not refunded unless the item arrived \
    damaged. Gift cards and personalised items cannot be returned. To start a return, open your order in the account page and choose "Return \
    item"; a prepaid label is sent by e-mail.
    """

  @Test(arguments: [
    "Customers may return any unused item within 30 days of delivery for a full refund. Refunds are issued to the original payment method within 5 business days.",
    "You can return an unused item within 30 days of delivery and get a full refund, which is paid to the original payment method within 5 business days after the warehouse receives it.",
    "Gift cards cannot be returned. Personalised items cannot be returned.",
  ])
  func answerFromTheEvidenceScoresLow(_ answer: String) throws {
    #expect(try #require(GroundingScorer.score(evidence: evidence, answer: answer)) < 0.45)
  }

  @Test(arguments: [
    "Our premium loyalty programme grants members lifetime replacement of any product, and a courier from Zurich collects broken hardware at no charge. Managers approve claims above 900 euros on Sundays.",
    "Returns are accepted for 90 days and every customer gets a complimentary voucher worth 25 dollars for the inconvenience.",
  ])
  func inventedAnswerScoresHigh(_ answer: String) throws {
    #expect(try #require(GroundingScorer.score(evidence: evidence, answer: answer)) > 0.6)
  }

  @Test func anInventedNumberCostsMoreThanAKnownOne() throws {
    let right = try #require(
      GroundingScorer.score(evidence: evidence, answer: "Customers may return any unused item within 30 days of delivery."))
    let wrong = try #require(
      GroundingScorer.score(evidence: evidence, answer: "Customers may return any unused item within 60 days of delivery."))
    #expect(wrong > right)
  }

  @Test func anInventedSentenceIsFoundAmongTrueOnes() throws {
    let answer =
      "Customers may return any unused item within 30 days of delivery. Every return earns 500 points in the Platinum club of Geneva. Gift cards cannot be returned."
    let scoring = RiskScoring.shared
    let verdict = scoring.score(RiskExchange(question: "What can I return?", context: evidence, answer: answer))
    let sentences = try #require(verdict.groundedness?.sentences)
    #expect(sentences.count == 3)
    #expect(sentences.indices.max { sentences[$0].score < sentences[$1].score } == 1)
    let reason = try #require(scoring.reasons(verdict).first)
    let bytes = Array(answer.utf8)
    #expect(
      String(decoding: bytes[reason.sentence], as: UTF8.self) == "Every return earns 500 points in the Platinum club of Geneva.")
    #expect(reason.features.count == 4 && reason.features.allSatisfy { !$0.label.isEmpty })
    #expect(reason.features.contains { $0.weight > 0 })
    let first = sentences[0].evidence
    #expect(String(decoding: Array(evidence.utf8)[first], as: UTF8.self).contains("within 30 days of delivery"))
  }

  /// What a sentence says stands in the passage it cites, or in another one.
  @Test(arguments: [
    ("Passage", "The pump needs oil every month (Passage 1).", 1, false),
    ("Passage", "The pump needs oil every month (Passage 2).", 1, true),
    ("Passage", "Passages 1 and 2 say that the pump needs oil every month.", 2, false),
    ("Passage", "The pump needs oil every month [2].", 1, true),
    ("Passage", "The pump needs 2 drops of oil every month.", 0, false),
    ("Document", "According to document 7 the pump needs oil every month.", 0, false),
    ("", "The pump needs oil every month, as document 2 says.", 1, true),
  ])
  func citationsAreHeldAgainstWhatTheyCite(word: String, answer: String, cited: Int, isElsewhere: Bool) throws {
    func head(_ number: Int) -> String { word.isEmpty ? "" : "\(word) \(number): " }
    let context = """
      \(head(1))The pump needs fresh oil every month, or it runs dry.

      \(head(2))The valve is closed by hand before the winter comes.
      """
    var reader = AnswerReader(
      evidence: EvidenceIndex(Array(context.utf8)), question: WordReader.read([]), answer: Array(answer.utf8))
    let features = try #require(reader.sentences().first).features
    #expect(features[GroundednessFeature.citations.rawValue] == Float(cited))
    #expect((features[GroundednessFeature.citedElsewhere.rawValue] > 0.3) == isElsewhere)
  }

  @Test func writingsOfANumberAreOneNumber() {
    func stems(_ text: String) -> [UInt32] { WordReader.read(Array(text.utf8)).words.map(\.stem) }
    #expect(stems("1,000") == stems("1000"))
    #expect(stems("1k") == stems("1000"))
    #expect(stems("3.50") == stems("3.5"))
    #expect(stems("seven") == stems("7"))
    #expect(stems("3.5") != stems("35"))
    #expect(stems("40th") == stems("40"))
    #expect(stems("returning items") == stems("return item"))
  }

  @Test func sentencesEndWhereTheyShould() {
    let text = "Dr. Smith paid 3.5 dollars. 1. Open the box (twice!). \"Done.\" Next\nlast line"
    let bytes = Array(text.utf8)
    let read = WordReader.read(bytes)
    #expect(
      read.sentences.map { String(decoding: bytes[$0.start..<$0.end], as: UTF8.self) } == [
        "Dr. Smith paid 3.5 dollars.", "1. Open the box (twice!).", "\"Done.\"", "Next", "last line",
      ])
    #expect(read.sentences.map(\.isListItem) == [false, true, false, false, false])
  }

  @Test func evidenceThatIsTooThinHasNoScore() {
    func gap(_ context: String, _ answer: String) -> EvidenceGap? {
      RiskScoring.shared.score(RiskExchange(question: "", context: context, answer: answer)).gap
    }
    #expect(gap("", "Your parcel left the warehouse in Leipzig.") == .noContext)
    #expect(gap(evidence, "") == .noAnswer)
    #expect(gap(evidence, "I'm sorry, but I cannot help with that request.") == .declined)
    #expect(gap(evidence, "```swift\nlet days = 30\nfunc refund() -> Int { days }\n```") == .code)
    #expect(
      gap(
        evidence,
        "Kunden können jeden unbenutzten Artikel innerhalb von dreißig Tagen nach der Lieferung zurückgeben und bekommen ihr Geld."
      )
        == .language)
    #expect(GroundingScorer.score(evidence: "", answer: "Your parcel left Leipzig.") == nil)
  }

  @Test func anyBytesGiveAScoreOrNone() {
    var generator = SeededGenerator(seed: 11)
    let signs = Array("aZ09 .,!?\n\"'()-*:é“”👩‍💻中%$#@{}".utf8)
    for _ in 0..<300 {
      func text() -> [UInt8] {
        (0..<Int(generator.next() % 400)).map { _ in
          generator.next() % 9 == 0
            ? UInt8(truncatingIfNeeded: generator.next()) : signs[Int(generator.next() % UInt64(signs.count))]
        }
      }
      var exchange = RiskExchange(system: text(), question: text(), context: text(), answer: text())
      exchange.expectation = OutputExpectation(form: .json)
      let verdict = RiskScoring.shared.score(exchange)
      for (_, score) in verdict.scores.all { #expect((0...1).contains(score)) }
      for sentence in verdict.groundedness?.sentences ?? [] { #expect(sentence.range.upperBound <= exchange.answer.count) }
    }
  }

  @Test(.enabled(if: hasSharedData, "the labelled data is not in a clone of the project"))
  func separatesLabelledAnswers() throws {
    for (path, least) in [("groundedness/halueval_qa_a.jsonl", 0.95), ("groundedness/begin_dev.jsonl", 0.85)] {
      let rows = try sharedRows(path)
      let scoring = RowScoring(scorer: .groundedness)
      let scores = rows.map { scoring.result($0).score ?? 0 }
      #expect(
        try #require(RankingMetrics.areaUnderCurve(scores: scores, labels: rows.map { $0.label == true })) > least, "\(path)")
    }
  }
}
