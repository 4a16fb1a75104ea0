// `commander backtest`: which incidents would have opened on recorded traffic, when, for how long, and what they would have been blamed on.

import ArgumentParser
import Detection
import Foundation
import LLMTelemetry
import Monitors
import StrictYAML

struct BacktestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest",
    abstract: "Run detection, or monitors, and incident grouping over recorded traffic, on the recorded clock.",
    discussion: """
      Reads recorded traffic (JSON Lines, plain or gzip) in bounded memory; "-" is standard input. Files that continue each other are one \
      recording, a file that begins earlier starts another. Without --monitors, detection alone says what it finds; with --monitors, the \
      monitors of a pack are evaluated as serve evaluates them. With labels it also says how right that was.
      Exit code 1 when a file cannot be read or a line is wrong, 78 when a pack is wrong.
      """)

  @Option(name: .customLong("traffic"), parsing: .upToNextOption, help: "Recorded traffic.", completion: .file())
  var traffic: [String] = []
  @Option(
    name: .customLong("store"), help: "A commander's store instead of files: the folder that `store:` names.",
    completion: .directory)
  var store: String?
  @Option(
    name: .customLong("labels"), parsing: .upToNextOption,
    help: "What really happened: one file for each of the traffic, or one for all.",
    completion: .file(extensions: ["json"]))
  var labels: [String] = []
  @Option(
    name: .customLong("monitors"), help: "A pack, a configuration, or `default`: its monitors open the incidents.",
    completion: .file())
  var monitors: String?
  @Option(
    name: .customLong("compare"), help: "Another pack (or `default`, or `detection`): what it finds otherwise.",
    completion: .file())
  var compare: String?
  @Option(
    name: .customLong("pages-per-week"),
    help: "Say for each threshold monitor of --monitors which threshold would have paged at most this often.")
  var pagesPerWeek: Double?
  @Option(name: .customLong("step"), help: "Seconds between two evaluations: a multiple of 10. serve evaluates every 10 s.")
  var step = 60
  @Option(name: .customLong("false-incidents-per-week"), help: "How many false incidents a week detection may open.")
  var falseIncidents = DetectionSettings().falseIncidentsPerWeek
  @Flag(help: "No progress bar.")
  var quiet = false
  @Option(help: "table or json.")
  var output = ConsoleOption.Output.table

  func validate() throws {
    guard traffic.isEmpty != (store == nil) else {
      throw ValidationError("name either --traffic FILE… or --store FOLDER")
    }
    if traffic.contains("-"), compare != nil {
      throw ValidationError("standard input can be read once; --compare needs files")
    }
    guard step > 0, step % 10 == 0, step <= 3_600 else { throw ValidationError("--step is 10 to 3600 seconds, a multiple of 10") }
    guard falseIncidents > 0, falseIncidents <= 1_000 else {
      throw ValidationError("--false-incidents-per-week is more than 0 and at most 1000")
    }
    if let pagesPerWeek {
      guard monitors != nil else {
        throw ValidationError("--pages-per-week needs --monitors: detection has no thresholds to choose")
      }
      guard pagesPerWeek >= 0 else { throw ValidationError("--pages-per-week is at least 0") }
    }
  }

  func run() throws {
    let known = try labels.map(read)
    let first = try run(with: monitors)
    let second = try compare.map { try run(with: $0 == "detection" ? nil : $0) }
    let assigned = BacktestDocument.assign(known, to: first.recordings, trafficFiles: traffic.count)
    let score = labels.isEmpty ? nil : BacktestScore(first.recordings, labels: assigned)
    var report = BacktestReport(document: BacktestDocument(first.recordings, score: score))
    if let second {
      report.comparison = BacktestComparison(first.recordings.flatMap(\.incidents), second.recordings.flatMap(\.incidents))
      report.comparisonLabels = labels.isEmpty ? nil : BacktestScore(second.recordings, labels: assigned)
    }
    if let pagesPerWeek, let pack = try monitors.map(pack) {
      let times = known.isEmpty ? [] : assigned.flatMap { $0 }.map { $0.start..<($0.end + .seconds(900)) }
      let weeks = first.recordings.reduce(0) { $0 + $1.seconds } / 604_800
      report.advice = ThresholdAdvice.advice(pack, values: first.values, incidents: times, weeks: weeks, rate: pagesPerWeek)
    }
    switch output {
    case .json: Say.data(try report.json())
    case .table: report.print()
    }
  }

  private func run(with name: String?) throws -> BacktestResult {
    let input = store.map(BacktestInput.store) ?? .files(traffic)
    let sizes = traffic.map(TrafficFile.size)
    let progress = ProgressLine(total: sizes.contains(nil) ? nil : sizes.compactMap { $0 }.reduce(0, +), isQuiet: quiet)
    defer { progress.end() }
    var detection = DetectionSettings()
    detection.falseIncidentsPerWeek = falseIncidents
    do {
      guard let name else { return try BacktestRun.detection(input, settings: detection, progress: progress) }
      let settings = ReplaySettings(
        pack: try pack(name), step: .seconds(step), detection: detection, keepsValues: pagesPerWeek != nil)
      return try BacktestRun.monitors(input, settings: settings, progress: progress)
    } catch let exit as ExitCode {
      throw exit
    } catch {
      progress.end()
      Say.message("\(error)")
      throw Exit.failed
    }
  }

  private func pack(_ name: String) throws -> MonitorPack {
    if name == "default" { return .default }
    do throws(ConfigurationError) { return try PackFile.load(path: name) } catch {
      Say.message("\(error)")
      throw Exit.badConfiguration
    }
  }

  private func read(_ path: String) throws -> TrafficLabels {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
      let data = FileManager.default.contents(atPath: path)
    else {
      Say.message("\(path): \(isFolder.boolValue ? "is a folder" : "no such file, or not readable"); name a file of labels")
      throw Exit.failed
    }
    do { return try JSONDecoder().decode(TrafficLabels.self, from: data) } catch {
      Say.message("\(path): not labels of recorded traffic: \(TrafficLabels.explanation(of: error))")
      throw Exit.failed
    }
  }
}
