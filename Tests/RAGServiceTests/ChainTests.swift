// The pure decisions of the chain: following up, ranking, gating, citing, counting cost, remembering.
import LLMTelemetry
import Synchronization
import Testing

@testable import RAGService

@Suite struct ChainTests {
  private func passage(_ id: String, _ text: String, title: String = "T") -> Passage {
    Passage(id: id, documentID: "d", title: title, text: text)
  }

  @Test(arguments: [
    ("And what about batteries?", true), ("Does it cover water damage?", true), ("How long?", true), ("Why?", true),
    ("How long is the warranty of Halden devices?", false), ("What does express delivery cost in Norway?", false),
  ])
  func aQuestionThatRefersBackIsKnown(question: String, refersBack: Bool) {
    #expect(FollowUp.refersBack(question) == refersBack)
  }

  @Test func rankingWeighsSimilarityAndRareWords() {
    let candidates = [
      ScoredPassage(passage: passage("a", "The hub has a button and a lamp."), similarity: 0.60),
      ScoredPassage(passage: passage("b", "Express delivery costs 12.50 euros."), similarity: 0.55),
      ScoredPassage(passage: passage("c", "Express delivery costs 12.50 euros."), similarity: 0.54),
      ScoredPassage(passage: passage("d", "Nothing of this kind."), similarity: 0.20),
    ]
    let question = "What does express delivery cost?"
    let bySimilarity = RerankStep.ranked(candidates, question: question, wordWeight: 0, limit: 4)
    #expect(bySimilarity.map(\.passage.id) == ["a", "b", "d"], "the same text is not told twice")
    let byBoth = RerankStep.ranked(candidates, question: question, wordWeight: 0.3, limit: 2)
    #expect(byBoth.map(\.passage.id) == ["b", "a"])
    #expect(byBoth[0].similarity == 0.55 && byBoth[0].score > byBoth[1].score)
    #expect(RerankStep.ranked(candidates, question: "?!", wordWeight: 0.3, limit: 1).first?.passage.id == "a")
  }

  @Test func relevanceIsAShare() {
    let scores = WordRelevance.scores(of: ["hub hub hub", "the hub", "sensor", ""], for: "Where is the hub?")
    #expect(scores[0] > scores[1] && scores[1] > 0 && scores[2] == 0 && scores[3] == 0)
    #expect(scores.allSatisfy { (0...1).contains($0) })
    #expect(WordRelevance.scores(of: ["a"], for: "") == [0])
  }

  @Test func theGateKnowsNothingFromTooFar() {
    let near = [ScoredPassage(passage: passage("a", "x"), similarity: 0.4)]
    #expect(GateStep.decline([], minimumSimilarity: 0) == .nothingFound)
    #expect(GateStep.decline(near, minimumSimilarity: 0.41) == .tooDistant)
    #expect(GateStep.decline(near, minimumSimilarity: 0.4) == nil)
  }

  @Test func citationsAreNumbersOfPassages() {
    let passages = [passage("a", ""), passage("b", ""), passage("c", "")]
    let text = "Ja [1]. Nein [2, 3]; [9] [x] [1][] größer [0] [3"
    let found = CiteStep.citations(in: text, passages: passages)
    #expect(found.map(\.passageID) == ["a", "b", "c", "a"])
    let characters = Array(text)
    #expect(found.map { String(characters[$0.range]) } == ["[1]", "[2, 3]", "[2, 3]", "[1]"])
    #expect(CiteStep.withoutCitations(text, found) == "Ja. Nein; [9] [x][] größer [0] [3")
    #expect(CiteStep.citations(in: String(repeating: "[", count: 10_000), passages: passages).isEmpty)
  }

  @Test func aCostIsAsExactAsItsLeastExactPart() {
    var sum = CostSum()
    #expect(sum.exactness == "exact")
    sum.add(Cost.exact(Nanodollars(5), priceVersion: "1"))
    sum.add(Cost.estimated(Nanodollars(7), priceVersion: "1"))
    #expect(sum.amount == Nanodollars(12) && sum.exactness == "estimated")
    sum.add(Cost.unknown)
    sum.add(Cost.exact(Nanodollars(1), priceVersion: "1"))
    #expect(sum.amount == Nanodollars(13) && sum.exactness == "unknown")
  }

  @Test func toolCallsAreReadOutOfPieces() {
    var calls = CallFragments()
    calls.add([["index": 0, "id": "c1", "function": ["name": "calculate", "arguments": ""]]])
    calls.add([["index": 1, "id": "c2", "function": ["name": "read_document"]]])
    calls.add([["index": 0, "function": ["arguments": "{\"expression\":"]]])
    calls.add([["index": 0, "function": ["arguments": " \"1 + 2\"}"]]])
    #expect(
      calls.whole == [
        ToolCall(id: "c1", name: "calculate", arguments: ["expression": "1 + 2"]),
        ToolCall(id: "c2", name: "read_document", arguments: [:]),
      ])
    calls.add([["index": 1, "function": ["arguments": "{"]]])
    #expect(calls.whole == nil)
  }

  @Test func geminisChunksAreRead() throws {
    var reply = GenerationReply()
    let first = try JSON(
      parsing: #"{"candidates":[{"content":{"parts":[{"text":"hidden","thought":true},{"text":"a"},{"text":"b"}]}}]}"#.utf8)
    #expect(GeminiModel.read(first, into: &reply) == "ab")
    let second = try JSON(
      parsing:
        #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"calculate","args":{"expression":"1"}},"thoughtSignature":"sig"}]},"citationMetadata":{"citations":[{"uri":"https://example.com","title":"E","startIndex":1}]}}]}"#
        .utf8)
    #expect(GeminiModel.read(second, into: &reply) == "")
    #expect(reply.text == "ab")
    #expect(reply.calls == [ToolCall(id: nil, name: "calculate", arguments: ["expression": "1"], thoughtSignature: "sig")])
    #expect(reply.attributions == [Attribution(uri: "https://example.com", title: "E")])
    let sentBack = GenerateContentRequest.body(GenerationRequest(turns: [.model("", calls: reply.calls)]))
    #expect(sentBack[path: "contents.0.parts.0.thoughtSignature"]?.string == "sig")
  }

  // MARK: Sessions

  @Test func conversationsEndAndMakeRoom() {
    let clock = Mutex(Timestamp(unixSeconds: 1_800_000_000))
    var limits = SessionStore.Limits()
    limits.turns = 2
    limits.idle = .seconds(60)
    limits.capacity = 3
    limits.answerCharacters = 4
    let store = SessionStore(limits: limits) { clock.withLock { $0 } }
    func advance(_ seconds: Int) { clock.withLock { $0 = $0 + .seconds(seconds) } }
    for number in 1...3 { store.add(SessionTurn(question: "q\(number)", answer: "answer"), to: "s", tenant: "t") }
    #expect(store.turns(of: "s", tenant: "t").map(\.question) == ["q2", "q3"])
    #expect(store.turns(of: "s", tenant: "t").map(\.answer) == ["answ", "answ"])
    #expect(store.turns(of: "s", tenant: "other").isEmpty)
    advance(60)
    #expect(store.turns(of: "s", tenant: "t").count == 2)
    advance(1)
    #expect(store.turns(of: "s", tenant: "t").isEmpty)
    for name in ["a", "b", "c", "d", "e"] {
      store.add(SessionTurn(question: name, answer: ""), to: name, tenant: "t")
      advance(1)
    }
    #expect(store.count <= 3)
    #expect(store.turns(of: "a", tenant: "t").isEmpty)
    #expect(store.turns(of: "e", tenant: "t").count == 1)
  }

  @Test func theWordEmbedderPutsRelatedTextsTogether() {
    func cosine(_ left: String, _ right: String) -> Float {
      guard let a = VectorBytes.normalized(WordEmbedder.vector(of: left)),
        let b = VectorBytes.normalized(WordEmbedder.vector(of: right))
      else { return 0 }
      return zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let question = "How long is the warranty on batteries?"
    let answer = cosine(question, "Batteries are covered by the warranty for 12 months.")
    let stranger = cosine(question, "Express delivery costs 12.50 euros regardless of the order value.")
    #expect(answer > 0.3 && stranger < 0.1, "\(answer) \(stranger)")
    #expect(cosine("refund", "refunds were refunded") > 0.5)
  }
}
