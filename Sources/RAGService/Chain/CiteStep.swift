// Finds the numbers of the passages in the answer: `[2]`, `[1, 3]`.
import LLMInstrumentation
import LLMTelemetry

struct CiteStep: PipelineStep {
  let name = "cite sources"

  func applies(to state: AnswerState) -> Bool { state.decline == nil && !state.text.isEmpty }

  func run(_ state: inout AnswerState, in span: ActiveSpan) async throws {
    state.citations = Self.citations(in: state.text, passages: state.passages.map(\.passage))
    let cited = Set(state.citations.map(\.passageID)).count
    span.record(output: "\(cited) of \(state.passages.count) passages are cited")
  }

  /// For a conversation that goes on: the next question has other passages under the same numbers.
  static func withoutCitations(_ text: String, _ citations: [Citation]) -> String {
    var characters = Array(text)
    for range in Set(citations.map(\.range)).sorted(by: { $0.lowerBound > $1.lowerBound }) {
      let start = range.lowerBound > 0 && characters[range.lowerBound - 1] == " " ? range.lowerBound - 1 : range.lowerBound
      characters.removeSubrange(start..<range.upperBound)
    }
    return String(characters)
  }

  /// A number that no passage has is no citation.
  static func citations(in text: String, passages: [Passage]) -> [Citation] {
    var citations: [Citation] = []
    let characters = Array(text)
    var position = 0
    while position < characters.count {
      guard characters[position] == "[", let end = characters[position...].prefix(40).firstIndex(of: "]") else {
        position += 1
        continue
      }
      let numbers = String(characters[(position + 1)..<end]).split(separator: ",").map { Int($0.trimmingSpace) }
      if !numbers.isEmpty, numbers.allSatisfy({ $0 != nil }) {
        for case let number? in numbers where number >= 1 && number <= passages.count {
          citations.append(Citation(number: number, passageID: passages[number - 1].id, range: position..<(end + 1)))
        }
        position = end + 1
      } else {
        position += 1
      }
    }
    return citations
  }
}
