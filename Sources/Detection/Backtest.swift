// Runs detection over recorded traffic piece by piece: lines in, incidents out, in memory that does not grow with the recording.

import LLMTelemetry

/// One run over one or more recordings. Files that continue each other are one recording; one that begins earlier, or more than an hour later, starts another.
package struct Backtest: Sendable {
  package let settings: DetectionSettings
  private var detector: Detector
  private var finished: [Recording] = []
  private var lines = TrafficLines()
  private var day = TrafficLine.DayMemory()
  private var isFirstOfFile = false
  /// Numbers of the files of the running recording.
  private var files: [Int] = []
  private var fileNumber = -1
  /// A file that begins more than an hour after the one before is another recording.
  package static let longestPause: Int64 = 3_600_000_000_000

  /// What was found in one recording.
  package struct Recording: Sendable {
    package var incidents: [DetectedIncident]
    package var monitors: [DetectionMonitor]
    package var seconds: Double
    package var spans: Int
    /// Which files it was read from, by their place among all.
    package var files: [Int]

    package init(incidents: [DetectedIncident], monitors: [DetectionMonitor], seconds: Double, spans: Int, files: [Int]) {
      self.incidents = incidents
      self.monitors = monitors
      self.seconds = seconds
      self.spans = spans
      self.files = files
    }
  }

  package init(settings: DetectionSettings = DetectionSettings()) {
    self.settings = settings
    detector = Detector(settings: settings)
  }

  package mutating func beginFile(_ name: String) {
    lines.beginFile(name)
    fileNumber += 1
    isFirstOfFile = true
  }

  /// The next decompressed bytes of the file.
  package mutating func read(_ bytes: UnsafeRawBufferPointer) throws {
    var lines = lines
    defer { self.lines = lines }
    // The reader leaves its place, so that the lines may change everything else.
    self.lines = TrafficLines()
    let file = lines.file
    try lines.read(bytes) { try readLine($0, file, $1) }
  }

  package mutating func endFile() throws {
    var lines = lines
    let file = lines.file
    try lines.endFile { try readLine($0, file, $1) }
    self.lines = lines
  }

  /// A record that is at hand already.
  package mutating func add(_ record: TrafficRecord) {
    let time =
      switch record {
      case .span(let span): span.start
      case .change(let change): change.at
      }
    if isFirstOfFile { beginRecordingIfNeeded(at: time.unixNanoseconds) }
    if files.isEmpty { files = [fileNumber] }
    switch record {
    case .span(let span): detector.add(span)
    case .change(let change): detector.add(change)
    }
  }

  /// Ends the run.
  package mutating func finish() -> [Recording] {
    endRecording()
    return finished
  }

  private mutating func readLine(_ bytes: UnsafeRawBufferPointer, _ file: String, _ line: Int) throws {
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
        try readAgain(bytes, file, line)
        return
      }
      detector.add(span)
      return
    }
    try readAgain(bytes, file, line)
  }

  /// The exact reader: for changes, and for lines in a form the fast one leaves out.
  private mutating func readAgain(_ bytes: UnsafeRawBufferPointer, _ file: String, _ line: Int) throws {
    add(try RecordedTraffic.record(from: bytes, file: file, line: line))
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
}
