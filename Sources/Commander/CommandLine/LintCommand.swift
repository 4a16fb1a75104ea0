// `commander lint`: which monitors, SLOs and dashboards can never fire, in our YAML and in anybody's Datadog JSON, without network.

import ArgumentParser
import Datadog
import Foundation
import Monitors
import StrictYAML

struct LintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Say of each monitor, SLO and dashboard whether it can ever fire, and why not.",
    discussion: """
      Reads configuration files of this product (.yaml) and Datadog's JSON as its API and its pages export it: a file, or every .json, \
      .yaml and .yml file of a folder and the folders in it. Needs no account and no network.
      Exit code 3 when something cannot fire, 2 when a file has none of these objects.
      """)

  @Argument(help: "Files and folders.", completion: .file())
  var paths = ["commander.yaml"]
  @Option(
    name: .customLong("metrics"),
    help: "The metrics there are, instead of this product's: JSON, Datadog's metadata.csv, or a name a line.", completion: .file()
  )
  var metrics: String?
  @Option(help: "table or json.")
  var output = ConsoleOption.Output.table

  func run() throws {
    let linter = DatadogLint(knowledge: try knowledge())
    var reports: [LintReport.Entry] = []
    var problems: [String] = []
    var objects = LintFiles()
    for path in try LintFiles.expand(paths) {
      do {
        if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
          reports += try LintFiles.ours(path)
        } else {
          try objects.read(path)
        }
      } catch let error as LintFiles.Unreadable {
        problems.append(error.description)
        reports += error.entries
      }
    }
    reports += objects.entries(linter)
    let report = LintReport(objects: reports, problems: problems)
    Say.data(output == .json ? try report.json() : report.table())
    for problem in problems { Say.message(problem) }
    Say.message(report.sentence)
    if report.summary.no > 0 { throw Exit.gateFailed }
    if !problems.isEmpty { throw Exit.outsideTolerance }
  }

  private func knowledge() throws -> MetricKnowledge {
    guard let metrics else { return .ours }
    guard let data = FileManager.default.contents(atPath: metrics) else {
      Say.message("\(metrics): no such file, or not readable; name a list of metrics")
      throw Exit.failed
    }
    do { return try MetricKnowledgeFile.read(data) } catch {
      Say.message("\(metrics): \(error)")
      throw Exit.failed
    }
  }
}

extension Exit {
  static let gateFailed = ExitCode(3)
}

/// The JSON documents of one run, and the configurations beside them.
struct LintFiles {
  struct Unreadable: Error, CustomStringConvertible {
    let description: String
    /// What could be judged nevertheless.
    var entries: [LintReport.Entry] = []
  }

  private var files: [(path: String, objects: DatadogLint.Objects)] = []

  /// Folders become their files, in the order of their names.
  static func expand(_ paths: [String]) throws -> [String] {
    var files: [String] = []
    for path in paths {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        Say.message("\(path): no such file or folder")
        throw Exit.failed
      }
      guard isFolder.boolValue else {
        files.append(path)
        continue
      }
      let inside = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
      files += inside.filter { name in [".json", ".yaml", ".yml"].contains { name.hasSuffix($0) } }.sorted().map {
        "\(path)/\($0)"
      }
    }
    return files
  }

  mutating func read(_ path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Unreadable(description: "\(path): not readable")
    }
    var found = DatadogLint.Objects()
    do {
      found.add(try JSONDecoder().decode(JSONValue.self, from: data))
    } catch {
      throw Unreadable(description: "\(path): not readable as JSON; export it again")
    }
    guard !found.isEmpty else { throw Unreadable(description: "\(path): no monitor, SLO or dashboard in it") }
    files.append((path, found))
  }

  /// All files are judged together, since a burn rate in one speaks of an SLO in another.
  func entries(_ linter: DatadogLint) -> [LintReport.Entry] {
    var all = DatadogLint.Objects()
    for file in files {
      all.monitors += file.objects.monitors
      all.objectives += file.objects.objectives
      all.dashboards += file.objects.dashboards
    }
    let verdicts = linter.verdicts(on: all)
    var rest = verdicts[...]
    // In the order they were added: every monitor, then every SLO, then every dashboard.
    var entries: [LintReport.Entry] = []
    for list in [\DatadogLint.Objects.monitors, \.objectives, \.dashboards] {
      for file in files {
        for _ in file.objects[keyPath: list] {
          if let verdict = rest.popFirst() { entries.append(.init(file: file.path, verdict)) }
        }
      }
    }
    return entries
  }

  /// The definitions of a pack or configuration, whatever else is wrong with it.
  static func ours(_ path: String) throws -> [LintReport.Entry] {
    guard let data = FileManager.default.contents(atPath: path) else { throw Unreadable(description: "\(path): not readable") }
    let lint = LintPack(String(decoding: data, as: UTF8.self), file: path)
    guard lint.problems.isEmpty else {
      throw Unreadable(
        description: lint.problems.map(\.description).joined(separator: "\n"),
        entries: lint.verdicts.map { .init(file: path, $0) })
    }
    guard !lint.verdicts.isEmpty else { throw Unreadable(description: "\(path): no monitor, objective or dashboard in it") }
    return lint.verdicts.map { .init(file: path, $0) }
  }
}

/// What is printed.
struct LintReport: Encodable {
  struct Entry: Encodable {
    let file: String
    let kind: LintVerdict.Kind
    let name: String
    let canFire: CanFire
    let reasons: [String]
    let findings: [LintFinding]

    init(file: String, _ verdict: LintVerdict) {
      self.file = file
      kind = verdict.kind
      name = verdict.name
      canFire = verdict.canFire
      let decisive: LintFinding.Weight? = verdict.canFire == .no ? .dead : verdict.canFire == .unknown ? .unknown : nil
      reasons = verdict.findings.filter { $0.weight == decisive }.map(\.message)
      findings = verdict.findings
    }

    private enum CodingKeys: String, CodingKey {
      case file, kind, name, reasons, findings
      case canFire = "can_fire"
    }
  }

  struct Summary: Encodable {
    let yes: Int
    let no: Int
    let unknown: Int
  }

  let objects: [Entry]
  let summary: Summary
  /// Files that could not be read.
  let problems: [String]

  init(objects: [Entry], problems: [String]) {
    self.objects = objects
    self.problems = problems
    func count(_ verdict: CanFire) -> Int { objects.count { $0.canFire == verdict } }
    summary = Summary(yes: count(.yes), no: count(.no), unknown: count(.unknown))
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  func table() -> String {
    let rows = objects.flatMap { object -> [[String]] in
      let head = [object.canFire.rawValue, object.kind.rawValue, object.name, object.file]
      guard !object.findings.isEmpty else { return [head + ["", ""]] }
      return object.findings.enumerated().map { index, finding in
        (index == 0 ? head : ["", "", "", ""]) + [finding.weight.rawValue, "\(finding.place): \(finding.message)"]
      }
    }
    return TableOutput.render(["CAN FIRE", "KIND", "NAME", "FILE", "WEIGHT", "FINDING"], rows)
  }

  var sentence: String {
    "\(objects.count) objects: \(summary.yes) can fire, \(summary.no) cannot, of \(summary.unknown) it is not known."
  }
}
