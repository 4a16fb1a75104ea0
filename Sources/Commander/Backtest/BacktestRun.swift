// One backtest from its input to its recordings: by detection alone, or by a pack of monitors as `serve` would run it.

import Detection
import Foundation
import LLMTelemetry

/// What is read.
enum BacktestInput: Sendable {
  case files([String])
  case store(String)
}

/// What was found, and what advice needs.
struct BacktestResult {
  var recordings: [Backtest.Recording]
  var values: [MonitorValues] = []
}

enum BacktestRun {
  /// Detection and its own grouping over the spans: the fast way.
  static func detection(_ input: BacktestInput, settings: DetectionSettings, progress: ProgressLine) throws -> BacktestResult {
    var backtest = Backtest(settings: settings)
    switch input {
    case .files(let paths):
      for path in paths {
        backtest.beginFile(path)
        try TrafficFile.read(path, progress: progress.add) { try backtest.read($0) }
        try backtest.endFile()
      }
    case .store(let folder):
      backtest.beginFile(folder)
      try StoredTraffic(folder: folder).read(progress: progress.set) { backtest.add($0) }
    }
    return BacktestResult(recordings: backtest.finish())
  }

  /// Monitors, alerts, incidents and causes as `serve` runs them.
  static func monitors(_ input: BacktestInput, settings: ReplaySettings, progress: ProgressLine) throws -> BacktestResult {
    var run = RecordingSplit(settings)
    switch input {
    case .files(let paths):
      for path in paths {
        var lines = TrafficLines()
        lines.beginFile(path)
        run.beginFile()
        func record(_ bytes: UnsafeRawBufferPointer, _ line: Int) throws {
          try run.add(try RecordedTraffic.record(from: bytes, file: path, line: line))
        }
        try TrafficFile.read(path, progress: progress.add) { try lines.read($0, record) }
        try lines.endFile(record)
      }
    case .store(let folder):
      run.beginFile()
      try StoredTraffic(folder: folder).read(progress: progress.set) { try run.add($0) }
    }
    return try run.finish()
  }
}

/// Files that continue each other are one recording; one that begins earlier, or more than an hour later, starts another.
private struct RecordingSplit {
  private let settings: ReplaySettings
  private var replay: MonitorReplay
  private var files: [Int] = []
  private var number = -1
  private var isFirstOfFile = false
  private var result = BacktestResult(recordings: [])

  init(_ settings: ReplaySettings) {
    self.settings = settings
    replay = MonitorReplay(settings)
  }

  mutating func beginFile() {
    number += 1
    isFirstOfFile = true
  }

  mutating func add(_ record: TrafficRecord) throws {
    if isFirstOfFile {
      isFirstOfFile = false
      let time =
        switch record {
        case .span(let span): span.start
        case .change(let change): change.at
        }
      if let now = replay.now, time < now || (time - now).wholeNanoseconds > Backtest.longestPause { try endRecording() }
      files.append(number)
    }
    try replay.add(record)
  }

  private mutating func endRecording() throws {
    guard replay.now != nil else { return }
    try replay.finish()
    result.recordings.append(replay.recording(files: files))
    result.values.append(replay.values)
    replay = MonitorReplay(settings)
    files = []
  }

  mutating func finish() throws -> BacktestResult {
    try endRecording()
    return result
  }
}

/// How far a long command is, on the last line of a terminal; silent where nobody looks.
final class ProgressLine {
  private let total: Int?
  private let isShown: Bool
  private var done = 0
  private var shown = -1

  /// - Parameter total: bytes to read, when they are known.
  init(total: Int?, isQuiet: Bool = false) {
    self.total = total
    isShown = !isQuiet && isatty(2) == 1
  }

  func add(_ bytes: Int) {
    done += bytes
    if let total, total > 0 { set(Double(done) / Double(total)) }
  }

  func set(_ share: Double) {
    let percent = min(100, max(0, Int(share * 100)))
    guard isShown, percent != shown else { return }
    shown = percent
    let filled = percent * 30 / 100
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
    FileHandle.standardError.write(Data("\r\(bar) \(percent) %".utf8))
  }

  func end() {
    guard isShown, shown >= 0 else { return }
    FileHandle.standardError.write(Data("\r\u{1b}[K".utf8))
  }
}
