// `commander risk`: score files of labelled or unlabelled rows, and fit the scorers' models to one's own feedback.

import ArgumentParser
import Foundation
import SemanticRisk

struct RiskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "risk", abstract: "Score texts for semantic risk, and train the scorers on your own feedback.",
    subcommands: [RiskScoreCommand.self, RiskTrainCommand.self])
}

struct RiskScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Score every row of a JSON Lines file.",
    discussion: """
      Rows are {"id","question","context","response"} or {"id","text"}. Each gives one line {"id","score","spans":[[start,end,score],…]};
      places count Unicode scalars. Where there is too little to judge by, "thin" says why in the score's place.
      """)

  @Option(
    help: """
      groundedness, injection, indirect_injection, refusal, sensitive, prompt_leak, repetition, malformed, language_mismatch or toxicity.
      """)
  var scorer: String
  @Option(help: "A model that `commander risk train` wrote, in place of the shipped one.", completion: .file())
  var model: String?
  @Option(parsing: .upToNextOption, help: "For sensitive: only these kinds (card, iban, ssn, email, phone, ip, secret).")
  var kinds: [String] = []
  @Flag(help: "For groundedness: say which sentences, evidence and features made the score.")
  var explain = false
  @Argument(help: "The rows, one JSON object a line; - reads standard input.", completion: .file(extensions: ["jsonl"]))
  var input: String

  func run() throws {
    let scoring = try RowScoring(
      scorer: RiskFiles.scorer(scorer), scoring: RiskScoring(models: RiskFiles.models(scorer, file: model)),
      kinds: selectedKinds(),
      explains: explain)
    var isComplete = true
    for (number, line) in try RiskFiles.lines(input).enumerated() {
      do { Say.data(scoring.line(for: try LabelledRow(line: line))) } catch {
        Say.message("\(input):\(number + 1): \(error)")
        isComplete = false
      }
    }
    if !isComplete { throw Exit.failed }
  }

  private func selectedKinds() throws -> Set<SensitiveKind> {
    Set(
      try kinds.map { name in
        guard let kind = SensitiveKind(rawValue: name) else {
          throw ValidationError("\(name): the kinds are \(SensitiveKind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return kind
      })
  }
}

struct RiskTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Fit a scorer's model to labelled rows and say how good it is.",
    discussion: """
      Rows as for `score`, with "label" 1 or 0; "gid" names the source that rows share, "spans" say what is risky. Groups are never
      divided between fitting and testing. The report goes to standard error.
      """)

  @Option(help: "groundedness, injection, indirect_injection, refusal or toxicity.")
  var scorer: String
  @Option(name: .shortAndLong, help: "Where the model is written.", completion: .file())
  var output: String
  @Option(help: "Number of folds of the cross-validation.")
  var folds = 5
  @Option(help: "The same seed gives the same model.")
  var seed: UInt64 = 7
  @Option(help: "Keep one group in so many for one last look; 0 keeps none.")
  var heldOut = 5
  @Option(help: "Trees over sentences, for groundedness and indirect_injection (200).")
  var trees: Int?
  @Option(help: "End after so many trees that make the first fold no better; 0 keeps all.")
  var patience = 0
  @Option(help: "A set (the rows' \"set\" begins with it) that is only looked at, never fitted. May be given more than once.")
  var checkOnly: [String] = []
  @Flag(help: "For injection: without the prompts that were written for this product.")
  var withoutTemplates = false
  @Option(
    help: "For indirect_injection: attacks ({\"text\",\"cat\"} a line) that are put into the rows' contexts.", completion: .file()
  )
  var attacks: String?
  @Argument(help: "The labelled rows, one JSON object a line.", completion: .file(extensions: ["jsonl"]))
  var labels: [String]

  func validate() throws {
    if let trees, trees < 1 { throw ValidationError("--trees: at least 1") }
    guard folds >= 2 else { throw ValidationError("--folds: at least 2") }
    guard !labels.isEmpty else { throw ValidationError("name at least one file of labelled rows") }
  }

  func run() throws {
    let scorer = try RiskFiles.scorer(scorer)
    var options = TrainingOptions(scorer)
    options.folds = folds
    options.seed = seed
    options.heldOut = heldOut
    options.checkedSets = checkOnly
    options.usesTemplates = !withoutTemplates
    if let trees { options.trees.trees = trees }
    options.trees.patience = patience
    do {
      var rows = try RiskFiles.rows(labels)
      if let attacks {
        rows = IndirectRows.make(contexts: rows, attacks: try RiskFiles.rows([attacks]), copies: 6, seed: seed)
      }
      let result = try TrainingRun.run(scorer, rows: rows, options: options)
      for line in result.report { Say.message(line) }
      try Data(result.model).write(to: URL(filePath: output), options: .atomic)
      Say.message("\(output): \(result.model.count) bytes")
    } catch let failure as TrainingFailure {
      Say.message(failure.description)
      throw Exit.failed
    }
  }
}

/// Reading files for the two commands.
private enum RiskFiles {
  static func scorer(_ name: String) throws -> RowScorer {
    guard let scorer = RowScorer(name: name) else {
      throw ValidationError("\(name): the scorers are \(RowScorer.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return scorer
  }

  static func models(_ name: String, file: String?) throws -> RiskModels {
    guard let file else { return .shipped }
    guard let models = try RiskModels.shipped.replacing(scorer(name), with: [UInt8](data(file))) else {
      Say.message("\(file): no model for \(name); `commander risk train --scorer \(name)` writes one")
      throw Exit.failed
    }
    return models
  }

  static func lines(_ path: String) throws -> [Data.SubSequence] {
    try data(path).split(separator: UInt8(ascii: "\n")).filter { line in line.contains { $0 > 32 } }
  }

  static func rows(_ paths: [String]) throws -> [LabelledRow] {
    try paths.flatMap { path in
      try lines(path).enumerated().map { number, line in
        do { return try LabelledRow(line: line, number: number) } catch {
          Say.message("\(path):\(number + 1): \(error)")
          throw Exit.failed
        }
      }
    }
  }

  private static func data(_ path: String) throws -> Data {
    if path == "-" { return FileHandle.standardInput.readDataToEndOfFile() }
    guard let data = FileManager.default.contents(atPath: path) else {
      Say.message("\(path): no such file, or not readable")
      throw Exit.failed
    }
    return data
  }
}
