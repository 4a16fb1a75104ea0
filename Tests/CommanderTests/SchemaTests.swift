// The published JSON Schemas: current, in agreement with the reader, and taken by an independent validator.

import Datadog
import Foundation
import Monitors
import StrictYAML
import TestSeries
import Testing

@testable import Commander

@Suite struct SchemaTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static let files: [(ShapeSchema.Document, String)] = [
    (.pack, "pack.schema.json"), (.configuration, "configuration.schema.json"), (.tests, "monitor-tests.schema.json"),
  ]

  /// `commander schema pack > docs/reference/pack.schema.json`, and so on, after a change of the shapes.
  @Test(arguments: files.indices)
  func thePublishedSchemaIsCurrent(index: Int) throws {
    let (document, name) = Self.files[index]
    let text = try String(contentsOf: Self.root.appending(path: "docs/reference/\(name)"), encoding: .utf8)
    #expect(text == ObjectText.text(of: ShapeSchema.schema(document)))
  }

  /// A key of the schema that the reader does not take, or a form it reads otherwise, would be a lie to every editor.
  @Test func theReaderTakesEveryKeyOfTheSchema() throws {
    let full = try #require(PackGenerator.everything?.yamlText)
    #expect(throws: Never.self) { try PackFile.parse(full, file: "pack.yaml") }
    let definitions = try #require(ShapeSchema.schema(.pack)["$defs"]?.members)
    for (shape, members) in definitions where shape != "override" {
      for key in (members["properties"]?.members ?? [:]).keys where key != "overrides" {
        #expect(full.contains("\(key):"), "\(shape).\(key) is in no text that is written")
      }
    }
  }

  @Test func everyKeyIsDocumented() throws {
    let pages = try ["configuration", "monitors", "monitor-tests"].map {
      try String(contentsOf: Self.root.appending(path: "docs/\($0).md"), encoding: .utf8)
    }
    let words = Set(pages.joined().split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
    for document in ShapeSchema.Document.allCases where document != .configuration {
      let schema = ShapeSchema.schema(document)
      for shape in (schema["$defs"]?.members ?? [:]).values + [schema] {
        for key in (shape["properties"]?.members ?? [:]).keys { #expect(words.contains(key), "\(key)") }
      }
    }
  }

  /// Damage that the validator notices is noticed by the reader too; what is written passes both.
  @Test func anIndependentValidatorAgrees() throws {
    let python = Self.root.appending(path: ".build/venvs/bench-litellm/bin/python")
    // The validator comes with the environment of the benchmark, which not every clone has.
    guard FileManager.default.isExecutableFile(atPath: python.path) else { return }
    var texts = [MonitorPack.default.yamlText]
    for seed in 0..<10 {
      var generator = PackGenerator(seed: UInt64(seed))
      texts.append(generator.pack().yamlText)
    }
    let mistakes = [
      "monitor: []", "monitors: [{name: m}]",
      "monitors: [{name: m, title: T, severity: high, window: 5m, above: 1, query: sum(llm.errors)}]",
      "slos: [{name: s, title: S, target: 99}]", "slos: [{name: s, title: S, target: x, monitors: [a]}]",
      "dashboards: [{name: d, title: D, sections: [{title: S, widgets: [{title: W, note: a, show: slos}]}]}]",
      "monitors: [{name: m, title: T, severity: SEV-2, window: 5 m, above: 1, query: sum(llm.errors)}]",
    ]
    let results = try validate(texts + mistakes, python: python)
    try #require(results.count == texts.count + mistakes.count, "\(results)")
    #expect(results.prefix(texts.count).allSatisfy { $0 == 0 }, "\(results)")
    #expect(results.dropFirst(texts.count).allSatisfy { $0 > 0 }, "\(results)")
    for mistake in mistakes { #expect(throws: ConfigurationError.self) { try PackFile.parse(mistake, file: "pack.yaml") } }
  }

  /// How many errors each text has.
  private func validate(_ texts: [String], python: URL) throws -> [Int] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "schema-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (index, text) in texts.enumerated() {
      try text.write(to: folder.appending(path: "\(index).yaml"), atomically: true, encoding: .utf8)
    }
    let program = """
      import json, sys, yaml, jsonschema
      schema = json.load(open(sys.argv[1]))
      jsonschema.Draft202012Validator.check_schema(schema)
      validator = jsonschema.Draft202012Validator(schema)
      print(json.dumps([len(list(validator.iter_errors(yaml.safe_load(open(f"{sys.argv[2]}/{i}.yaml"))))) for i in range(int(sys.argv[3]))]))
      """
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", "ulimit -v 2000000 && exec timeout 60 \"$0\" \"$@\"", python.path, "-c", program,
      Self.root.appending(path: "docs/reference/pack.schema.json").path, folder.path, "\(texts.count)",
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try JSONDecoder().decode([Int].self, from: data)
  }
}
