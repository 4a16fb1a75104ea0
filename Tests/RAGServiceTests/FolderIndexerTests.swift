// Indexing a folder: idempotent by content, resumed after a stop, and true to what was removed.
import AsyncHTTPClient
import Foundation
import LLMInstrumentation
import LLMTelemetry
import Pricing
import Synchronization
import Testing

@testable import RAGService

/// Counts what is embedded, and fails when it is told to.
private final class CountingEmbedder: Embedder {
  let provider = "test"
  let model = "counting"
  let dimensions: Int? = 512
  let batchLimit = 2
  let texts = Mutex<[String]>([])
  let failsAfter = Mutex<Int?>(nil)

  func embed(_ texts: [EmbeddingText], purpose: EmbeddingPurpose, headers: [(name: String, value: String)]) async throws
    -> EmbeddingReply
  {
    #expect(texts.count <= batchLimit)
    let count = self.texts.withLock { known in
      known += texts.map(\.text)
      return known.count
    }
    if let limit = failsAfter.withLock({ $0 }), count > limit {
      throw ModelCallError(errorClass: .overloaded, spanMessage: "enough")
    }
    return EmbeddingReply(vectors: texts.map { WordEmbedder.vector(of: $0.text) })
  }
}

@Suite struct FolderIndexerTests {
  private let embedder = CountingEmbedder()
  private let spans = CollectedSpans()
  private let store: DocumentStore
  private let pauses = Pauses()

  private final class Pauses: Sendable {
    private let kept = Mutex<[Duration]>([])
    func add(_ pause: Duration) { kept.withLock { $0.append(pause) } }
    var all: [Duration] { kept.withLock { $0 } }
  }

  init() throws { store = try DocumentStore(path: nil, embedder: "test") }

  private func indexer(_ splitter: PassageSplitter = PassageSplitter()) -> FolderIndexer {
    let tracer = LLMTracer(TracerSettings(service: "test"), exporter: spans)
    return FolderIndexer(
      index: DocumentIndex(store: store, search: LocalVectorSearch(store: store)), reader: DocumentReader(), splitter: splitter,
      embedding: TracedEmbedding(embedder: embedder, tracer: tracer, prices: .builtIn), tracer: tracer, tenant: "t",
      now: { Timestamp(unixSeconds: 1_800_000_000) }, pause: { [pauses] in pauses.add($0) })
  }

  @Test func aSecondRunCostsNothing() async throws {
    let folder = try ScratchFolder([
      "a.md": "# A\n\nOne.", "sub/b.html": "<h1>B</h1><p>Two.</p>", "c.txt": "Three.", "d.png": "x", ".e.md": "y",
    ])
    let progress = Mutex<[String]>([])
    let first = try await indexer().index(folder: folder.path) { step in
      progress.withLock { $0.append("\(step.done)/\(step.total)") }
    }
    #expect(first.indexed == ["a.md", "c.txt", "sub/b.html"])
    #expect(progress.withLock { $0 } == ["0/3", "1/3", "2/3", "3/3"])
    #expect(try await store.document("sub/b.html")?.tags == ["folder": ["sub"]])
    #expect(try await store.document("sub/b.html")?.title == "B")
    let embedded = embedder.texts.withLock { $0.count }
    let second = try await indexer().index(folder: folder.path)
    #expect(second.indexed.isEmpty && second.unchanged == 3 && second.removed.isEmpty)
    #expect(embedder.texts.withLock { $0.count } == embedded)
  }

  @Test func changesAreTakenOverAndWhatIsGoneIsRemoved() async throws {
    let folder = try ScratchFolder(["a.md": "One.", "b.md": "Two.", "c.md": "Three."])
    _ = try await indexer().index(folder: folder.path)
    try folder.write("b.md", "Two and a half.")
    try folder.remove("c.md")
    let report = try await indexer().index(folder: folder.path)
    #expect(report.indexed == ["b.md"] && report.removed == ["c.md"] && report.unchanged == 1)
    #expect(try await store.passages(of: "b.md").map(\.text) == ["Two and a half."])
    #expect(try await store.document("c.md") == nil)
    // Another splitting is another index.
    let other = try await indexer(PassageSplitter(passageCharacters: 500, overlapCharacters: 0)).index(folder: folder.path)
    #expect(other.indexed == ["a.md", "b.md"])
  }

  @Test func aRunThatFailedIsContinued() async throws {
    let folder = try ScratchFolder(Dictionary(uniqueKeysWithValues: (1...6).map { ("\($0).txt", "Text number \($0).") }))
    embedder.failsAfter.withLock { $0 = 3 }
    await #expect(throws: ModelCallError.self) { try await indexer().index(folder: folder.path) }
    #expect(try await store.counts().documents == 3)
    #expect(pauses.all == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)], "an overloaded provider is given time")
    embedder.failsAfter.withLock { $0 = nil }
    let report = try await indexer().index(folder: folder.path)
    #expect(report.indexed == ["4.txt", "5.txt", "6.txt"] && report.unchanged == 3)
  }

  @Test func aFileThatCannotBeReadIsToldAndTheOthersAreIndexed() async throws {
    let folder = try ScratchFolder(["a.md": "One.", "b.md": "Two.", "c.md": "   \n"])
    try Data([0xFF, 0xFE, 0, 1]).write(to: URL(fileURLWithPath: folder.path + "/b.md"))
    let report = try await indexer().index(folder: folder.path)
    #expect(report.indexed == ["a.md"])
    #expect(report.problems.map(\.id) == ["b.md", "c.md"])
    #expect(report.problems[0].reason.contains("UTF-8"))
    #expect(report.sentence.contains("2 not read"))
  }

  @Test func anEmptyFolderDoesNotEmptyTheIndex() async throws {
    let folder = try ScratchFolder(["a.md": "One."])
    _ = try await indexer().index(folder: folder.path)
    try folder.remove("a.md")
    let error = await #expect(throws: IndexError.self) { try await indexer().index(folder: folder.path) }
    #expect(error?.description.contains("nothing was removed") == true)
    #expect(try await store.counts().documents == 1)
  }

  @Test func aLinkOutOfTheFolderIsNotFollowed() async throws {
    let outside = try ScratchFolder(["secret.md": "Secret."])
    let folder = try ScratchFolder(["a.md": "One."])
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link.md", withDestinationPath: outside.path + "/secret.md")
    #expect(try FolderIndexer.files(in: folder.path) == ["a.md"])
  }

  @Test func eachStepIsASpanOfOneTrace() async throws {
    let folder = try ScratchFolder(["a.md": "# A\n\nOne.\n\n## B\n\nTwo.\n\n## C\n\nThree."])
    _ = try await indexer().index(folder: folder.path)
    let trace = spans.trace(of: "index folder")
    #expect(
      trace.map(\.name) == [
        "load document", "split document", "embeddings counting", "embeddings counting", "write index", "index folder",
      ])
    let root = try #require(trace.last)
    #expect(trace.dropLast().allSatisfy { $0.parentSpanID == root.spanID && $0.dimensions.tenant == "t" })
  }

  @Test func aProgressBarShowsWhereItIs() {
    #expect(ProgressBar.line(IndexingProgress(done: 1, total: 4, current: "a\u{1B}[2J.md"), width: 8) == "██░░░░░░ 1/4 a[2J.md")
    let written = Mutex<[String]>([])
    let bar = ProgressBar(isShown: true, isTerminal: false) { text in written.withLock { $0.append(text) } }
    for done in 0...100 { bar.show(IndexingProgress(done: done, total: 100, current: "x")) }
    #expect(written.withLock { $0.count } == 11, "a line each tenth where it is no terminal")
  }
}
