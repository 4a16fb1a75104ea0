// `commander lint` as a program: what it prints, and the exit code a pipeline acts on.

import Foundation
import Testing

@Suite struct LintCommandTests {
  private struct Run {
    let status: Int32
    let output: String
    let messages: String
  }

  private func lint(_ files: [String: String], _ arguments: [String] = []) throws -> Run {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lint-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: "inner"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files { try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8) }
    let process = Process()
    process.executableURL = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: ".build/debug/commander")
    process.arguments = ["lint", folder.path] + arguments.map { $0.replacing("FOLDER", with: folder.path) }
    let (output, messages) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = messages
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let errors = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Run(status: process.terminationStatus, output: text, messages: errors)
  }

  private static let good = """
    {"name": "Errors", "type": "query alert", "message": "@slack-llm", "options": {"notify_no_data": true, "no_data_timeframe": 10},
     "query": "sum(last_5m):sum:llm.errors{*}.as_count() / sum:llm.requests{*}.as_count() > 0.05"}
    """

  @Test func whatCanFireExitsWithZero() throws {
    let run = try lint(["a.json": Self.good])
    #expect(run.status == 0 && run.output.contains("yes") && run.messages.contains("1 objects: 1 can fire, 0 cannot"))
  }

  @Test func whatCannotFireExitsWithThreeAndSaysWhyInItsJSON() throws {
    let yaml = """
      monitors:
        - {name: never, title: Never, severity: SEV-2, query: sum(llm.errors) / sum(llm.requests), window: 5m, above: 5, traffic_gate: 20}
        - {name: wrong, title: Wrong, severity: SEV-2, query: sum(llm.error), window: 5m, above: 5}
        - {name: fine, title: Fine, severity: SEV-2, query: sum(llm.errors), window: 5m, above: 5, no_data: ok}
      """
    let run = try lint(
      ["inner/a.json": "[\(Self.good.replacing("llm.errors", with: "llm.faults"))]", "c.yaml": yaml], ["--output", "json"])
    #expect(run.status == 3)
    struct Report: Decodable {
      struct Object: Decodable {
        let file: String
        let name: String
        let can_fire: String
        let reasons: [String]
      }
      let objects: [Object]
      let summary: [String: Int]
    }
    let report = try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
    #expect(report.summary == ["yes": 1, "no": 3, "unknown": 0])
    let byName = Dictionary(uniqueKeysWithValues: report.objects.map { ($0.name, $0) })
    #expect(byName["fine"]?.can_fire == "yes" && byName["fine"]?.reasons == [])
    #expect(byName["never"]?.reasons.first?.contains("can never fire") == true)
    #expect(byName["wrong"]?.reasons.first?.contains("line 3") == true)
    #expect(byName["Errors"]?.reasons.first?.contains("no metric llm.faults") == true)
    #expect(byName["Errors"]?.file.hasSuffix("inner/a.json") == true)
  }

  @Test func metricsOfAnotherProductComeFromAFile() throws {
    let other = Self.good.replacing("llm.", with: "shop.").replacing("a.json", with: "")
    #expect(try lint(["a.json": other]).output.contains("unknown"))
    let known = try lint(
      ["a.json": other, "metrics.txt": "shop.errors count env\nshop.requests count env\n"], ["--metrics", "FOLDER/metrics.txt"])
    #expect(known.status == 0, "\(known.output)\(known.messages)")
    let absent = try lint(["a.json": other, "metrics.txt": "shop.requests count env\n"], ["--metrics", "FOLDER/metrics.txt"])
    #expect(absent.status == 3)
  }

  @Test func aFileThatIsNoneOfTheseIsNamed() throws {
    let run = try lint(["a.json": "{\"a\": 1}", "b.json": "{"])
    #expect(run.status == 2)
    #expect(
      run.messages.contains("a.json: no monitor, SLO or dashboard in it") && run.messages.contains("b.json: not readable as JSON")
    )
  }
}
