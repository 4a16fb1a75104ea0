// Configuration: the example loads, and everything that is wrong is reported at once with its place.
import Foundation
import StrictYAML
import Testing

@testable import RAGService

enum Examples {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Examples")
    .standardizedFileURL.path
}

@Suite struct ConfigurationTests {
  private func errors(_ yaml: String, environment: [String: String] = [:]) throws -> [String] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("rag-\(UUID()).yaml")
    try Data(yaml.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationReader.read(path: file.path, environment: environment)
    }
    return (error?.problems ?? []).map { $0.description.replacingOccurrences(of: file.path, with: "rag.yaml") }
  }

  @Test func theExampleLoads() throws {
    let configuration = try ConfigurationReader.read(
      path: Examples.folder + "/rag-service.yaml", environment: ["RAG_VIRTUAL_KEY": "key"])
    #expect(configuration.port == 8070)
    #expect(configuration.documents.count > 25)
    #expect(configuration.vertex.bearerToken == "key")
    #expect(configuration.prompt.text == nil)
    #expect(configuration.telemetry?.spansURL == "http://127.0.0.1:8090/intake/spans")
  }

  @Test func everyErrorIsReportedWithItsPlace() throws {
    let yaml = """
      listen: somewhere
      documents: missing-folder
      colour: blue
      vertex:
        base_url: ftp://example
        project: [p]
        model: gemini-2.5-flash
        credential: {environment: NO_SUCH_SECRET}
      prompt: rag-answer
      """
    let lines = try errors(yaml)
    #expect(lines.count == 8, "\(lines)")
    for (prefix, word) in [
      ("rag.yaml:1:9:", "127.0.0.1:8080"), ("rag.yaml:2:12:", "missing-folder"), ("rag.yaml:3:1:", "unknown key `colour`"),
      ("rag.yaml:5:3:", "needs `location`"), ("rag.yaml:5:13:", "http or https URL"), ("rag.yaml:6:12:", "must be text"),
      ("rag.yaml:8:", "NO_SUCH_SECRET is not set; export it"), ("rag.yaml:9:9:", "must be a mapping"),
    ] {
      #expect(lines.contains { $0.hasPrefix(prefix) && $0.contains(word) }, "\(prefix) \(word): \(lines)")
    }
  }

  @Test func brokenYAMLNamesItsPlace() throws {
    let lines = try errors("listen: [1, 2\nvertex: {")
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix("rag.yaml:") == true)
  }

  @Test func aSecretOutsideIsNeverPartOfAnError() throws {
    let lines = try errors("vertex: {credential: {environment: TOKEN}}", environment: ["TOKEN": "s3cret"])
    #expect(!lines.isEmpty)
    #expect(!lines.joined().contains("s3cret"))
  }
}
