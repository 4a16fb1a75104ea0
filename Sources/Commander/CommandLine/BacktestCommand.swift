// `commander backtest`: which incidents would have opened on recorded traffic, when, for how long, and what they would have been blamed on.

import ArgumentParser
import Compression
import Detection
import Foundation

struct BacktestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest", abstract: "Run detection and incident grouping over recorded traffic, on the recorded clock.",
    discussion: """
      Reads recorded traffic (JSON Lines, plain or gzip) in bounded memory; "-" is standard input. Files that continue each other are one \
      recording, a file that begins earlier starts another. With labels it also says how right detection was.
      Exit code 1 when a file cannot be read or a line is wrong.
      """)

  @Option(name: .customLong("traffic"), parsing: .upToNextOption, help: "Recorded traffic.", completion: .file())
  var traffic: [String]
  @Option(
    name: .customLong("labels"), parsing: .upToNextOption,
    help: "What really happened: one file for each of the traffic, or one for all.",
    completion: .file(extensions: ["json"]))
  var labels: [String] = []
  @Option(help: "table or json.")
  var output = ConsoleOption.Output.table

  func run() throws {
    let known = try labels.map(read)
    var backtest = Backtest()
    for path in traffic {
      do { try BacktestFile.read(path, into: &backtest) } catch {
        Say.message("\(error)")
        throw Exit.failed
      }
    }
    let recordings = backtest.finish()
    let score =
      labels.isEmpty
      ? nil : BacktestScore(recordings, labels: BacktestDocument.assign(known, to: recordings, trafficFiles: traffic.count))
    let document = BacktestDocument(recordings, score: score)
    switch output {
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      Say.data(String(decoding: try encoder.encode(document), as: UTF8.self))
    case .table:
      let table = document.table
      Say.data(TableOutput.render(table.header, table.rows))
      if let sentence = document.sentence { Say.message(sentence) }
    }
  }

  private func read(_ path: String) throws -> TrafficLabels {
    guard let data = FileManager.default.contents(atPath: path) else {
      Say.message("\(path): no such file, or not readable; name a file of labels")
      throw Exit.failed
    }
    do { return try JSONDecoder().decode(TrafficLabels.self, from: data) } catch {
      Say.message("\(path): not labels of recorded traffic: \(error)")
      throw Exit.failed
    }
  }
}

/// A file of recorded traffic, decompressed when its first bytes say so.
enum BacktestFile {
  struct Unreadable: Error, CustomStringConvertible {
    let description: String
  }

  private static let pieceSize = 1 << 18
  /// A recording may be large; what is decompressed is never kept.
  private static let largest = 1 << 44

  static func read(_ path: String, into backtest: inout Backtest) throws {
    guard let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path) else {
      throw Unreadable(description: "\(path): no such file, or not readable; name recorded traffic")
    }
    backtest.beginFile(path)
    var inflater: Decompressor?
    var isFirst = true
    while let piece = try file.read(upToCount: pieceSize), !piece.isEmpty {
      if isFirst, piece.starts(with: [0x1f, 0x8b]) { inflater = Decompressor(limit: largest) }
      isFirst = false
      try piece.withUnsafeBytes { bytes in
        guard let inflater else { return try backtest.read(bytes) }
        do { try inflater.decompress(bytes) { try backtest.read($0) } } catch let failure as DecompressionFailure {
          throw Unreadable(description: "\(path): not readable as gzip (\(failure)); copy the file again")
        }
      }
    }
    do { try inflater?.finish() } catch {
      throw Unreadable(description: "\(path): the gzip file ends too early; copy the file again")
    }
    try backtest.endFile()
  }
}
