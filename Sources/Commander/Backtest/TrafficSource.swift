// Where a backtest reads from: files of recorded traffic, plain or gzip, or a commander's store. One pass, in bounded memory.

import Compression
import Detection
import Foundation
import LLMTelemetry
import Remediation
import Storage

/// What could not be read, in words.
struct Unreadable: Error, CustomStringConvertible {
  let description: String
}

/// A file of recorded traffic, decompressed when its first bytes say so.
enum TrafficFile {
  private static let pieceSize = 1 << 18
  /// A recording may be large; what is decompressed is never kept.
  private static let largest = 1 << 44

  /// Calls `body` with decompressed pieces; `progress` is told how many bytes of the file were read.
  static func read(_ path: String, progress: (Int) -> Void = { _ in }, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    guard let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path) else {
      throw Unreadable(description: "\(path): no such file, or not readable; name recorded traffic")
    }
    var inflater: Decompressor?
    var isFirst = true
    func next() throws -> Data? {
      do { return try file.read(upToCount: pieceSize) } catch {
        throw Unreadable(description: "\(path): cannot be read; is it a folder? Name the files in it")
      }
    }
    while let piece = try next(), !piece.isEmpty {
      if isFirst, piece.starts(with: [0x1f, 0x8b]) { inflater = Decompressor(limit: largest) }
      isFirst = false
      try piece.withUnsafeBytes { bytes in
        guard let inflater else { return try body(bytes) }
        do { try inflater.decompress(bytes) { try body($0) } } catch let failure as DecompressionFailure {
          throw Unreadable(description: "\(path): not readable as gzip (\(failure)); copy the file again")
        }
      }
      progress(piece.count)
    }
    do { try inflater?.finish() } catch {
      throw Unreadable(description: "\(path): the gzip file ends too early; copy the file again")
    }
  }

  /// Its size as it lies there; `nil` for standard input.
  static func size(_ path: String) -> Int? {
    path == "-" ? nil : (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? nil
  }
}

/// The stored spans of a commander and the changes of its ledger, merged in the order of time.
struct StoredTraffic {
  let store: TelemetryStore
  let changes: [ChangeEvent]
  let times: ClosedRange<Timestamp>

  init(folder: String) throws {
    guard FileManager.default.fileExists(atPath: folder + "/telemetry.sqlite") else {
      throw Unreadable(description: "\(folder): holds no telemetry.sqlite; name the folder that `store:` names")
    }
    do {
      store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      // A copy of the telemetry alone has no changes, and is not given a ledger.
      let ledger = folder + "/ledger.sqlite"
      let entries = FileManager.default.fileExists(atPath: ledger) ? try Ledger(path: ledger).entries() : []
      changes = entries.compactMap { if case .change(let change) = $0, !change.isPromptText { change } else { nil } }
        .sorted { $0.at < $1.at }
      guard let times = try store.spanTimes() else { throw Unreadable(description: "\(folder): the store has no spans yet") }
      self.times = times
    } catch let error as StorageError {
      throw Unreadable(description: "\(folder): \(error)")
    }
  }

  /// - Parameter progress: the share that was read, 0 to 1.
  func read(progress: (Double) -> Void = { _ in }, _ body: (TrafficRecord) throws -> Void) throws {
    var waiting = changes.filter { times.contains($0.at) }[...]
    let whole = max(1, (times.upperBound - times.lowerBound).inSeconds)
    try store.replay(times.lowerBound..<(times.upperBound + .nanoseconds(1))) { span in
      while let change = waiting.first, change.at <= span.start {
        try body(.change(change))
        waiting.removeFirst()
      }
      try body(.span(span))
      progress((span.start - times.lowerBound).inSeconds / whole)
    }
    for change in waiting { try body(.change(change)) }
  }
}
