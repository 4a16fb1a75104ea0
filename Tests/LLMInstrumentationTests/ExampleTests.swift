// The example is run as a program, against standard output and against an intake, and what the documents show is its text.
import Foundation
import Hummingbird
import HummingbirdTesting
import LLMInstrumentation
import Synchronization
import Testing

@Suite struct ExampleTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Runs the example until it ends; what it wrote on standard output.
  private func run(_ environment: [String: String]) async throws -> String {
    let process = Process()
    process.executableURL = Self.root.appending(path: ".build/debug/instrumented-app")
    // Nothing of the surroundings: DD_ENV of whoever runs the tests is not the example's.
    process.environment = environment
    let output = Pipe()
    process.standardOutput = output
    let (ended, end) = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { end.yield($0.terminationStatus) }
    try process.run()
    let reading = Task.detached { output.fileHandleForReading.readDataToEndOfFile() }
    var status: Int32?
    for await code in ended {
      status = code
      break
    }
    #expect(status == 0)
    return String(decoding: await reading.value, as: UTF8.self)
  }

  private func spans(_ text: String) throws -> [LLMSpan] {
    try RecordedTraffic.records(in: text.utf8, file: "example").map {
      guard case .span(let span) = $0 else { throw CancellationError() }
      return span
    }
  }

  private func expectTheTree(_ spans: [LLMSpan]) throws {
    #expect(spans.map(\.name) == ["search handbook", "days left", "chat fake-1", "answer question", "chat fake-1"])
    #expect(spans.map(\.kind) == [.retrieval, .tool, .llm, .workflow, .llm])
    let workflow = spans[3]
    #expect(workflow.parentSpanID == nil)
    #expect(spans[..<3].allSatisfy { $0.parentSpanID == workflow.spanID && $0.traceID == workflow.traceID })
    #expect(spans.allSatisfy { $0[.service] == "handbook" && $0[.env] == "dev" && $0[.version] == "1.0" })
    #expect(spans[0].retrieval == RetrievalFacts(documentCount: 1, topScore: 0.82))
    let chat = spans[2]
    #expect(chat.isStreaming && chat.timeToFirstToken != nil && chat.longestGap != nil)
    #expect(chat.usage == TokenUsage(input: 15, output: 7))
    #expect(chat.finishReason == .stop && chat.outcome == .ok)
    #expect(chat[.provider] == "in-process" && chat[.model] == "fake-1" && chat[.tenant] == "acme")
    #expect(chat[.prompt] == "handbook-answer" && chat[.promptVersion] == "3")
    let refused = spans[4]
    #expect(refused.traceID != workflow.traceID && refused.parentSpanID == nil)
    #expect(refused.outcome == .failed(.invalidRequest, message: "the model was given no text"))
  }

  @Test func theExamplePrintsItsTree() async throws {
    let output = try await run(["OTEL_TRACES_EXPORTER": "console"])
    try expectTheTree(spans(output))
    // Content is off by default: neither the question nor the evidence leaves the program.
    #expect(!output.contains("return a product") && !output.contains("Unused products"))
  }

  @Test func theExampleSendsItsTreeToACommander() async throws {
    let received = Mutex<[String]>([])
    let router = Router()
    router.post("intake/spans") { request, _ in
      #expect(request.headers[.authorization] == "Bearer ck-test")
      let body = try await request.body.collect(upTo: 1 << 20)
      received.withLock { $0.append(String(buffer: body)) }
      return Response(status: .accepted)
    }
    try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0))).test(.live) { server in
      let port = try #require(server.port)
      let output = try await run(["COMMANDER_URL": "http://127.0.0.1:\(port)/", "COMMANDER_KEY": "ck-test"])
      #expect(output.isEmpty)
    }
    try expectTheTree(spans(received.withLock { $0 }.joined()))
  }

  // MARK: The documents

  private func text(_ path: String) throws -> String { try String(contentsOf: Self.root.appending(path: path), encoding: .utf8) }

  /// The marked pieces of the examples, without the indentation they share.
  private func snippets() throws -> [String: String] {
    var snippets: [String: String] = [:]
    for file in ["InstrumentedApp/InstrumentedApp.swift", "InstrumentedApp/FakeModel.swift", "DatadogApp/DatadogApp.swift"] {
      var name: String?
      var lines: [Substring] = []
      for line in try text("Examples/" + file).split(separator: "\n", omittingEmptySubsequences: false) {
        let bare = line.drop { $0 == " " }
        if bare.hasPrefix("// snippet: ") {
          name = String(bare.dropFirst("// snippet: ".count))
          lines = []
        } else if bare == "// end of snippet", let ended = name {
          let indentation = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
          snippets[ended] = lines.map { String($0.dropFirst(indentation)) }.joined(separator: "\n")
          name = nil
        } else {
          lines.append(line)
        }
      }
      #expect(name == nil, "\(file) has a snippet without an end")
    }
    return snippets
  }

  /// The Swift blocks of a document with the name that the comment before each gives it.
  private func blocks(_ document: String) -> [(name: String?, text: String)] {
    var blocks: [(name: String?, text: String)] = []
    var before = ""
    var lines: [String]?
    for line in document.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if let open = lines {
        if line == "```" {
          let name = before.hasPrefix("<!-- snippet: ") ? String(before.dropFirst(14).prefix { $0 != " " }) : nil
          blocks.append((name, open.joined(separator: "\n")))
          lines = nil
        } else {
          lines = open + [line]
        }
      } else if line == "```swift" {
        lines = []
      } else if !line.isEmpty {
        before = line
      }
    }
    return blocks
  }

  @Test(arguments: [
    "docs/swift-sdk.md", "README.md", "Sources/LLMInstrumentation/LLMInstrumentation.docc/GettingStarted.md",
  ])
  func whatADocumentShowsIsTheExamplesText(path: String) throws {
    let snippets = try snippets()
    let blocks = blocks(try text(path))
    if path != "README.md" { #expect(blocks.count >= 4) }
    for block in blocks {
      let name = try #require(block.name, "a Swift block of \(path) names no snippet: \(block.text)")
      #expect(block.text == snippets[name], "snippet \(name) of \(path)")
    }
  }
}
