// Reading recorded traffic, the report's form, the score, and the real traffic generator where it lies beside the clone.

import Compression
import Foundation
import LLMTelemetry
import Testing

@testable import Detection

@Suite struct BacktestTests {
  private static let span =
    #"{"type":"span","start":"2026-11-01T00:00:00.123Z","duration_ms":812.4,"kind":"llm","provider":"gcp.vertex_ai","#
    + #""model":"gemini-2.5-flash","status":"ok","route":"/v1/answer","ttft_ms":300,"usage":{"input":10,"cache_read":0,"output":5},"#
    + #""cost_usd":1.5e-05,"risk":{"ungrounded":0.9,"refusal":0},"unknown":{"a":[1,{"b":null}]}}"#

  private func read(_ text: String, pieces: Int = .max) throws -> [Backtest.Recording] {
    var backtest = Backtest()
    backtest.beginFile("traffic.jsonl")
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      try Array(rest.prefix(pieces)).withUnsafeBytes { try backtest.read($0) }
      rest = rest.dropFirst(pieces)
    }
    try backtest.endFile()
    return backtest.finish()
  }

  @Test func theFastReaderAndTheExactOneSeeTheSame() throws {
    let line = Self.span.replacingOccurrences(of: #","unknown":{"a":[1,{"b":null}]}"#, with: "")
    var tables = DimensionTables()
    var day = TrafficLine.DayMemory()
    let bytes = Array(line.utf8)
    let content = bytes.withUnsafeBytes { bytes in
      var reader = TrafficLine(bytes)
      return reader.read(&tables, &day)
    }
    guard case .span(let facts) = content else {
      Issue.record("the fast reader did not read it")
      return
    }
    guard case .span(let record) = try RecordedTraffic.record(from: bytes, file: "f", line: 1) else { return }
    let exact = try #require(SpanFacts(record, &tables))
    #expect(facts.time == exact.time && facts.key == exact.key)
    let (fast, slow) = (facts.span(), exact.span())
    #expect(fast.events == slow.events && fast.trials == slow.trials && fast.lengthClass == slow.lengthClass)
    for measure in 0..<8 {
      let (left, right) = (fast.measures[measure], slow.measures[measure])
      #expect(left.isNaN ? right.isNaN : abs(left - right) < 1e-4)
    }
  }

  @Test(arguments: [1, 7, 100_000]) func piecesOfAnySizeAndBlankLinesAreRead(_ size: Int) throws {
    let recordings = try read("\n" + Self.span + "\n\r\n" + Self.span, pieces: size)
    #expect(recordings.map(\.spans) == [2])
  }

  @Test func aLineWithoutARequiredKeyIsRefusedByFileAndLine() {
    let wrong = Self.span.replacingOccurrences(of: #""duration_ms":812.4,"#, with: "")
    #expect {
      try read(Self.span + "\n" + wrong + "\n")
    } throws: { "\($0)".hasPrefix("traffic.jsonl:2: \"duration_ms\" is missing") }
    #expect { try read("not json\n") } throws: { "\($0)".hasPrefix("traffic.jsonl:1: ") }
  }

  @Test func aLabelThatEndsBeforeItBeginsIsRefusedInWords() {
    let text = #"{"incidents":[{"start":"2026-10-06T15:00:00Z","end":"2026-10-06T12:00:00Z"}]}"#
    do {
      _ = try JSONDecoder().decode(TrafficLabels.self, from: Data(text.utf8))
      Issue.record("it was taken")
    } catch {
      #expect(TrafficLabels.explanation(of: error).contains("2026-10-06T12:00:00Z is before the start"))
    }
  }

  @Test func theDocumentHasTheFormThatIsDocumented() throws {
    let time = Timestamp(unixSeconds: 1_790_000_000)
    let incident = DetectedIncident(
      opened: time, resolved: nil, onset: time, severity: "SEV-2", monitors: ["refusal"],
      cause: .init(dimensions: ["prompt_version": "8"], confidence: 0.9, change: nil), combinations: [])
    let monitors = [DetectionMonitor(name: "refusal", alarms: 1, incidents: 1)]
    let recording = Backtest.Recording(incidents: [incident], monitors: monitors, seconds: 604_800, spans: 1, files: [0])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(BacktestDocument([recording], score: nil)), as: UTF8.self)
    #expect(
      text
        == #"{"incidents":[{"cause":{"change":null,"confidence":0.9,"dimensions":{"prompt_version":"8"}},"monitors":["refusal"],"#
        + #""opened":"2026-09-21T14:13:20Z","resolved":null,"severity":"SEV-2"}],"monitors":[{"alarms":1,"incidents":1,"name":"refusal"}]}"#
    )
  }

  @Test func theScoreCountsWhatWasFoundAndWhatWasNot() throws {
    func at(_ minutes: Int) -> Timestamp { Timestamp(unixSeconds: 1_790_000_000 + Int64(minutes) * 60) }
    func incident(_ minutes: Int, _ dimensions: [String: String]) -> DetectedIncident {
      DetectedIncident(
        opened: at(minutes), resolved: at(minutes + 30), onset: at(minutes), severity: "SEV-3", monitors: [],
        cause: .init(dimensions: dimensions, confidence: 1, change: nil),
        combinations: [["provider": "openai", "model": "gpt-4o-mini"], ["provider": "anthropic", "model": "claude"]])
    }
    func label(_ start: Int, _ dimensions: [String: [String]]) -> TrafficLabels.Incident {
      .init(id: "\(start)", start: at(start), end: at(start + 60), kind: "", dimensions: dimensions, signals: [])
    }
    let recording = Backtest.Recording(
      incidents: [incident(4, ["provider": "openai"]), incident(300, [:])], monitors: [], seconds: 604_800, spans: 1, files: [0])
    // Named by the provider's only model: the same requests.
    let score = BacktestScore([recording], labels: [[label(0, ["model": ["gpt-4o-mini"]]), label(600, [:])]])
    #expect(score.recall == 0.5 && score.precision == 0.5 && score.causeRight == 1)
    #expect(score.medianMinutesToDetect == 4 && score.falseIncidents == 1 && score.falseIncidentsPerWeek == 1)
    let wrong = BacktestScore([recording], labels: [[label(0, ["model": ["claude"]])]])
    #expect(wrong.causeRight == 0)
  }

  @Test func labelsHaveOneValueOrSeveral() throws {
    let text =
      #"{"incidents":[{"id":"a","start":"2026-11-01T00:00:00Z","end":"2026-11-01T01:00:00Z","kind":"x","#
      + #""dimensions":{"model":"m","region":["a","b"]},"signals":["errors"]}]}"#
    let labels = try JSONDecoder().decode(TrafficLabels.self, from: Data(text.utf8))
    #expect(labels.incidents.first?.dimensions == ["model": ["m"], "region": ["a", "b"]])
  }
}

private func sharedFile(_ path: String) -> URL? {
  let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().appending(
    path: "../../../shared/" + path
  )
  .standardized
  return FileManager.default.fileExists(atPath: file.path) ? file : nil
}

/// Scenarios from the generator that labelled traffic is made with.
@Suite(.enabled(if: sharedFile("tools/traffic.py") != nil)) struct GeneratedTrafficTests {
  private static let scenarios = """
    [{"id":"outage","seed":77,"hours":4,"rps":1.5,"start":"2026-10-06T08:00:00Z","diurnal":0.5,"incidents":[{"kind":"regional_outage",
      "at_h":2.5,"for_h":0.6,"where":{"region":["europe-west4"]},"effect":{"errors":{"provider_error":0.5}},"signals":["errors"]}]},
     {"id":"healthy","seed":78,"hours":4,"rps":1.5,"start":"2026-10-06T08:00:00Z","diurnal":0.5,"incidents":[],"decoys":[
      {"kind":"marketing_peak","at_h":2,"for_h":1,"ramp_min":20,"where":{},"effect":{"traffic":2}}]}]
    """

  @Test func anOutageIsFoundWithItsCauseAndAPeakIsNot() throws {
    let script = try #require(sharedFile("tools/traffic.py"))
    let folder = FileManager.default.temporaryDirectory.appending(path: "backtest-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let definition = folder.appending(path: "scenarios.json")
    try Self.scenarios.write(to: definition, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", script.path, definition.path, folder.path]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    var backtest = Backtest()
    var labels: [TrafficLabels] = []
    for name in ["outage", "healthy"] {
      backtest.beginFile(name)
      let inflater = Decompressor(limit: .max)
      try Data(contentsOf: folder.appending(path: "\(name).jsonl.gz")).withUnsafeBytes { bytes in
        try inflater.decompress(bytes) { try backtest.read($0) }
      }
      try backtest.endFile()
      labels.append(
        try JSONDecoder().decode(TrafficLabels.self, from: Data(contentsOf: folder.appending(path: "\(name).labels.json"))))
    }
    let recordings = backtest.finish()
    let score = BacktestScore(recordings, labels: BacktestDocument.assign(labels, to: recordings, trafficFiles: 2))
    #expect(recordings.count == 2)
    #expect(score.recall == 1 && score.causeRight == 1 && score.falseIncidents == 0)
    #expect((score.medianMinutesToDetect ?? .infinity) < 5)
  }
}
