// Answers from the evidence score low, invented ones high, and nothing is scored that cannot be compared.

import Foundation
@testable import SemanticRisk
import Testing

@Suite struct GroundingScorerTests {
  private let evidence = """
    Refund policy. Customers may return any unused item within 30 days of delivery for a full refund. Refunds are issued to the original \
    payment method within 5 business days after the warehouse has received the item. Shipping costs are not refunded unless the item arrived \
    damaged. Gift cards and personalised items cannot be returned. To start a return, open your order in the account page and choose "Return \
    item"; a prepaid label is sent by e-mail.
    """

  @Test(arguments: [
    "Based on the provided context, here is what I found: Customers may return any unused item within 30 days of delivery for a full refund. Refunds are issued to the original payment method within 5 business days.",
    "You can return an unused item within 30 days of delivery and get a full refund, which is paid to the original payment method within 5 business days after the warehouse receives it.",
    "According to the document:\n- Gift cards cannot be returned\n- Personalised items cannot be returned\n- Shipping costs are not refunded unless the item arrived damaged",
  ])
  func answerFromTheEvidenceScoresLow(_ answer: String) throws {
    #expect(try #require(GroundingScorer.score(evidence: evidence, answer: answer)) < 0.3)
  }

  @Test(arguments: [
    "Our premium loyalty programme grants members lifetime replacement of any product, and a courier from Zurich collects broken hardware at no charge. Managers approve claims above 900 euros on Sundays.",
    "Returns are accepted for 90 days and every customer gets a complimentary voucher worth 25 dollars for the inconvenience.",
  ])
  func inventedAnswerScoresHigh(_ answer: String) throws {
    #expect(try #require(GroundingScorer.score(evidence: evidence, answer: answer)) > 0.6)
  }

  @Test func anInventedNumberCostsMoreThanAReworded() throws {
    let right = try #require(
      GroundingScorer.score(evidence: evidence, answer: "Customers may return any unused item within 30 days of delivery."))
    let wrong = try #require(
      GroundingScorer.score(evidence: evidence, answer: "Customers may return any unused item within 60 days of delivery."))
    #expect(right == 0)
    #expect(wrong > right + 0.1)
  }

  @Test func thousandsSeparatorsAndEndingsAreNoNews() throws {
    let facts = evidence + " The warehouse shipped 12,500 orders."
    #expect(
      GroundingScorer.score(evidence: facts, answer: "Warehouses shipping 12500 order, refunding unused items.").map { $0 < 0.3 }
        == true)
  }

  @Test(arguments: [
    "I don\u{2019}t know.",
    "I'm sorry, but the provided documents do not contain an answer to warranty questions about batteries.", "Yes, 30 days.", "",
  ])
  func declinedAndThinAnswersAreNotScored(_ answer: String) {
    #expect(GroundingScorer.score(evidence: evidence, answer: answer) == nil)
  }

  @Test func thinEvidenceIsNotScored() {
    #expect(
      GroundingScorer.score(evidence: "Where is my parcel?", answer: "Your parcel left the warehouse in Leipzig this morning.")
        == nil)
  }

  @Test(.enabled(if: sharedFile("data/semantic/groundedness") != nil, "the labelled data is not in a clone of the project"))
  func separatesLabelledAnswers() throws {
    // HaluEval answers and evidence are shorter than what is scored in service.
    let halueval = try rows("halueval_qa_a.jsonl").map { row in
      (
        GroundingScorer.score(evidence: row.context, answer: row.response, minimumEvidenceTokens: 10, minimumAnswerTokens: 2),
        row.label
      )
    }
    #expect(areaUnderCurve(halueval) > 0.9)
    let ragtruth = try rows("ragtruth_qa_train.jsonl").enumerated().filter { $0.offset % 4 == 0 }.map { _, row in
      (GroundingScorer.score(evidence: row.context, answer: row.response), row.label)
    }
    #expect(areaUnderCurve(ragtruth) > 0.66)
  }

  private struct LabelledAnswer: Decodable {
    let context: String
    let response: String
    let label: Int
  }

  private func rows(_ name: String) throws -> [LabelledAnswer] {
    let file = try #require(sharedFile("data/semantic/groundedness/" + name))
    return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map {
      try JSONDecoder().decode(LabelledAnswer.self, from: $0)
    }
  }

  /// The chance that a risky answer scores above a safe one; ties count half.
  private func areaUnderCurve(_ scored: [(score: Double?, label: Int)]) -> Double {
    let risky = scored.filter { $0.label == 1 }.compactMap(\.score)
    let safe = scored.filter { $0.label == 0 }.compactMap(\.score).sorted()
    func count(below value: Double, orEqual: Bool) -> Int {
      var low = 0
      var high = safe.count
      while low < high {
        let middle = (low + high) / 2
        if safe[middle] < value || (orEqual && safe[middle] == value) { low = middle + 1 } else { high = middle }
      }
      return low
    }
    let wins = risky.reduce(0.0) { $0 + Double(count(below: $1, orEqual: false) + count(below: $1, orEqual: true)) / 2 }
    return wins / Double(risky.count * safe.count)
  }
}
