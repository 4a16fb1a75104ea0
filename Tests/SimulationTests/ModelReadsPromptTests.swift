// The simulated model reads its prompt: grounded answers from documents, invented ones when told to hallucinate.
import Testing

@testable import Simulation

@Suite struct ModelReadsPromptTests {
  private let prompt = """
    Answer from the documents.

    [1] Returns
    Unused items can be returned within 30 days of delivery. Refunds reach the card within five working days.

    [2] Warranty
    The warranty covers manufacturing defects for two years. Water damage is not covered.

    Question: How many days do I have to return an unused item?
    """

  private func answer(_ effect: FaultRule.Effect = .init(), seed: UInt64 = 1) throws -> SimulatedAnswer {
    let body: JSONValue = ["model": "m", "messages": [["role": "user", "content": .string(prompt)]]]
    return SimulatedModel.answer(to: try ModelRequest(chatCompletion: body), seed: seed, effect: effect)
  }

  @Test func documentsAndQuestionAreToldApart() {
    let reading = PromptReading(prompt)
    #expect(reading.documents.map(\.label) == ["1", "2"])
    #expect(reading.documents[1].text.contains("manufacturing defects"))
    #expect(reading.question == "How many days do I have to return an unused item?")
    #expect(PromptReading("just a chat?").documents.isEmpty)
  }

  @Test func theAnswerIsTheBestSentenceWithItsDocument() throws {
    #expect(try answer().text.hasPrefix("Unused items can be returned within 30 days of delivery [1]."))
  }

  @Test func aHallucinationSharesAlmostNoWordWithTheDocuments() throws {
    var effect = FaultRule.Effect()
    effect.hallucinates = true
    let evidence = Set(ExtractiveReader.words(of: prompt))
    for seed in 0..<200 as Range<UInt64> {
      let words = ExtractiveReader.words(of: try answer(effect, seed: seed &* 0x9e37_79b9_7f4a_7c15).text)
      #expect(Double(words.filter { !evidence.contains($0) }.count) / Double(words.count) > 0.8)
    }
  }

  @Test func theLengthFactorStretchesAndShortens() throws {
    let plain = try answer().text.split(separator: " ").count
    for factor in [0.5, 3] {
      var effect = FaultRule.Effect()
      effect.lengthFactor = factor
      #expect(try answer(effect).text.split(separator: " ").count == Int((Double(plain) * factor).rounded()))
    }
  }
}
