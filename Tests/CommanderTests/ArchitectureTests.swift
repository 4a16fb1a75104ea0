// The documents that describe the house are held to it: targets, imports, examples, configuration keys.

import Commander
import Foundation
import Testing

@Suite struct ArchitectureTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private func text(_ path: String) throws -> String { try String(contentsOf: Self.root.appending(path: path), encoding: .utf8) }

  /// Target name to the targets of ours that its files import.
  private func imports() throws -> [String: Set<String>] {
    let sources = Self.root.appending(path: "Sources")
    let targets = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    var result: [String: Set<String>] = [:]
    for target in targets {
      var found: Set<String> = []
      let files = FileManager.default.enumerator(atPath: sources.appending(path: target).path)?.compactMap { $0 as? String } ?? []
      for file in files where file.hasSuffix(".swift") {
        for line in try text("Sources/\(target)/\(file)").split(separator: "\n") where line.hasPrefix("import ") {
          let module = String(line.dropFirst(7))
          if targets.contains(module), module != target { found.insert(module) }
        }
      }
      result[target] = found
    }
    return result
  }

  @Test func theTargetTableNamesEveryTargetWithItsTrueImports() throws {
    let imports = try imports()
    let libraries = imports.keys.filter { $0.first?.isUppercase == true }
    let rows = try text("ARCHITECTURE.md").split(separator: "\n").filter { $0.hasPrefix("| `") }
    for target in libraries {
      let row = try #require(rows.first { $0.hasPrefix("| `\(target)` |") }, "ARCHITECTURE.md has no row for \(target)")
      let cell = row.split(separator: "|").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
      if cell == "all but RAGService" { continue }
      let named = cell == "–" ? [] : Set(cell.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
      #expect(named == imports[target], "\(target)")
    }
  }

  @Test func absencesAreRules() throws {
    let imports = try imports()
    #expect(imports["Gateway"]?.isDisjoint(with: ["Storage", "Monitors", "Remediation", "Ingest"]) == true)
    #expect(imports["Remediation"]?.contains("Gateway") == false)
    for (target, found) in imports where target != "commander" { #expect(!found.contains("Commander"), "\(target)") }
    for target in ["Monitors", "Incidents", "Remediation"] {
      let files =
        FileManager.default.enumerator(atPath: Self.root.appending(path: "Sources/\(target)").path)?.compactMap { $0 as? String }
        ?? []
      for file in files where file.hasSuffix(".swift") {
        #expect(!(try text("Sources/\(target)/\(file)").contains("Timestamp.now()")), "\(target)/\(file) reads a clock")
      }
    }
  }

  @Test func theExampleConfigurationLoads() throws {
    let environment = Dictionary(
      uniqueKeysWithValues: try text("Examples/commander.yaml").matches(of: /environment: ([A-Z_]+)/).map {
        (String($0.1), String($0.1).contains("WEBHOOK") ? "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz" : "value")
      })
    let configuration = try CommanderConfiguration.parse(
      try text("Examples/commander.yaml"), file: "Examples/commander.yaml", environment: environment)
    #expect(!configuration.monitors.isEmpty && !configuration.routes.isEmpty && !configuration.playbooks.isEmpty)
  }

  @Test func everyConfigurationKeyIsDocumented() throws {
    let words = Set(try text("docs/configuration.md").split { !($0.isLetter || $0.isNumber || $0 == "_") })
    let folder = "Sources/Commander/Configuration"
    for file in try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: folder).path) {
      for list in try text("\(folder)/\(file)").matches(of: /mapping\(\[([^\]]+)\]/) {
        for key in list.1.matches(of: /"([a-z_0-9]+)"/) {
          #expect(words.contains(key.1), "docs/configuration.md does not know \(key.1)")
        }
      }
    }
  }
}
