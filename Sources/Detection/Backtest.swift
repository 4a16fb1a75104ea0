// Runs detection over recorded traffic piece by piece: lines in, incidents out, in memory that does not grow with the recording.

import LLMTelemetry

/// A line that cannot be one of the format's.
package struct LineTooLong: Error, Hashable, Sendable, CustomStringConvertible {
  package var file: String
  package var line: Int
  package var message: String

  package var description: String { "\(file):\(line): \(message)" }
}

/// One run over one or more recordings. Files that continue each other are one recording; one that begins earlier, or more than an hour later, starts another.
package struct Backtest: Sendable {
  package let settings: DetectionSettings
  private var detector: Detector
  private var finished: [Recording] = []
  private var file = ""
  private var line = 0
  private var rest: [UInt8] = []
  private var day = TrafficLine.DayMemory()
  private var isFirstOfFile = false
  /// Numbers of the files of the running recording.
  private var files: [Int] = []
  private var fileNumber = -1
  /// A file that begins more than an hour after the one before is another recording.
  private static let longestPause: Int64 = 3_600_000_000_000
  /// A line this long is no span.
  private static let longestLine = 8 << 20

  /// What was found in one recording.
  package struct Recording: Sendable {
    package var incidents: [DetectedIncident]
    package var monitors: [DetectionMonitor]
    package var seconds: Double
    package var spans: Int
    /// Which files it was read from, by their place among all.
    package var files: [Int]
  }

  package init(settings: DetectionSettings = DetectionSettings()) {
    self.settings = settings
    detector = Detector(settings: settings)
  }

  package mutating func beginFile(_ name: String) {
    file = name
    fileNumber += 1
    line = 0
    isFirstOfFile = true
  }

  /// The next decompressed bytes of the file.
  package mutating func read(_ bytes: UnsafeRawBufferPointer) throws {
    var start = 0
    if !rest.isEmpty {
      guard let end = bytes.firstIndex(of: 0x0a) else {
        guard rest.count + bytes.count <= Self.longestLine else { throw tooLong }
        rest.append(contentsOf: bytes)
        return
      }
      rest.append(contentsOf: bytes[0..<end])
      let whole = rest
      rest.removeAll(keepingCapacity: true)
      try whole.withUnsafeBytes { try readLine($0) }
      start = end + 1
    }
    while start < bytes.count, let end = Self.newline(bytes, from: start) {
      try readLine(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
      start = end + 1
    }
    if start < bytes.count {
      guard bytes.count - start <= Self.longestLine else { throw tooLong }
      rest.append(contentsOf: bytes[start...])
    }
  }

  package mutating func endFile() throws {
    guard !rest.isEmpty else { return }
    let whole = rest
    rest.removeAll()
    try whole.withUnsafeBytes { try readLine($0) }
  }

  /// Ends the run.
  package mutating func finish() -> [Recording] {
    endRecording()
    return finished
  }

  private var tooLong: LineTooLong {
    LineTooLong(file: file, line: line + 1, message: "the line is longer than 8 MiB; is this recorded traffic?")
  }

  private mutating func readLine(_ bytes: UnsafeRawBufferPointer) throws {
    line += 1
    guard bytes.contains(where: { $0 > 0x20 }) else { return }
    var reader = TrafficLine(bytes)
    switch reader.read(&detector.tables, &day) {
    case .step: return
    case .other: break
    case .span(let facts):
      let span = facts.span()
      if isFirstOfFile { beginRecordingIfNeeded(at: span.time) }
      // A new recording has tables of its own.
      if files.isEmpty {
        files = [fileNumber]
        try readAgain(bytes)
        return
      }
      detector.add(span)
      return
    }
    try readAgain(bytes)
  }

  /// The exact reader: for changes, and for lines in a form the fast one leaves out.
  private mutating func readAgain(_ bytes: UnsafeRawBufferPointer) throws {
    switch try RecordedTraffic.record(from: bytes, file: file, line: line) {
    case .span(let span):
      if isFirstOfFile { beginRecordingIfNeeded(at: span.start.unixNanoseconds) }
      if files.isEmpty { files = [fileNumber] }
      detector.add(span)
    case .change(let change):
      if isFirstOfFile { beginRecordingIfNeeded(at: change.at.unixNanoseconds) }
      if files.isEmpty { files = [fileNumber] }
      detector.add(change)
    }
  }

  private mutating func beginRecordingIfNeeded(at time: Int64) {
    isFirstOfFile = false
    guard let now = detector.now else { return }
    if time < now || time - now > Self.longestPause { endRecording() } else { files.append(fileNumber) }
  }

  private mutating func endRecording() {
    guard detector.now != nil else { return }
    detector.finish()
    finished.append(
      Recording(
        incidents: detector.incidents, monitors: detector.monitors, seconds: detector.seconds, spans: detector.spanCount,
        files: files))
    detector = Detector(settings: settings)
    day = TrafficLine.DayMemory()
    files = []
  }

  private static func newline(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let base = bytes.baseAddress, let found = findByte(base + start, 0x0a, bytes.count - start) else { return nil }
    return UnsafeRawPointer(found) - base
  }
}
