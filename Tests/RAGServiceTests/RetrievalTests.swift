// Retrieval over the example handbook: the passage that answers is found first.
import Testing

@testable import RAGService

@Suite struct RetrievalTests {
  @Test(arguments: [
    ("How long is the warranty on batteries?", "warranty"), ("What does express delivery cost?", "shipping"),
    ("How many requests a minute does the API allow?", "api-limits"), ("When are failed payments tried again?", "billing"),
    ("How do I reset the hub?", "devices"), ("Is two-factor authentication mandatory?", "security"),
    ("Until when can I cancel an order?", "support"), ("Are opened consumables refunded?", "returns"),
  ])
  func theRightDocumentIsFirst(question: String, document: String) throws {
    let retriever = LexicalRetriever(passages: try DocumentLibrary.passages(inFolder: Examples.folder + "/documents"))
    let found = retriever.search(question, limit: 4)
    #expect(found.first?.passage.id.hasPrefix(document + "#") == true, "\(found.map(\.passage.id))")
    #expect(found.allSatisfy { $0.score > 0 && $0.score <= 1 })
    #expect(found.map(\.score) == found.map(\.score).sorted(by: >))
  }

  @Test func unknownWordsFindNothing() {
    let retriever = LexicalRetriever(passages: [Passage(id: "a#1", title: "A", text: "Returns are free.")])
    #expect(retriever.search("xylophone zeppelin", limit: 4).isEmpty)
    #expect(retriever.search("", limit: 4).isEmpty)
  }

  @Test func headingsBecomeTitlesAndParagraphsPassages() {
    let passages = DocumentLibrary.passages(of: "# Book\n\nIntro.\n\n## Part\nOne\ntwo.\n\nThree.\n", name: "book")
    #expect(passages.map(\.id) == ["book#1", "book#2", "book#3"])
    #expect(passages.map(\.title) == ["Book", "Book – Part", "Book – Part"])
    #expect(passages.map(\.text) == ["Intro.", "One two.", "Three."])
  }
}
