// `commander test`: whether monitors speak when they should, on series and traffic that a file gives.

import ArgumentParser
import Compression
import Foundation
import LLMMetrics
import LLMTelemetry
import Monitors
import StrictYAML

struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run unit tests of monitors: given series or traffic, alerts at times.",
    discussion: """
      Runs the evaluator and the state machine that `serve` runs, on the clock of the test. Needs no network and no store.
      Exit code 1 when a test fails, 78 when a file is no file of tests.
      """)

  @Argument(help: "Files of tests.", completion: .file(extensions: ["yaml", "yml"]))
  var files: [String]
  @Option(help: "Run only tests whose name holds this text.")
  var filter: String?

  func run() throws {
    var (passed, failed) = (0, 0)
    for path in files {
      let file: MonitorTestFile
      do throws(ConfigurationError) {
        file = try MonitorTestFile.load(path: path)
      } catch {
        Say.message(error.description)
        throw Exit.badConfiguration
      }
      for test in file.tests where filter.map({ test.name.localizedCaseInsensitiveContains($0) }) ?? true {
        let failures: [MonitorTestRun.Failure]
        do {
          failures = try MonitorTestRun(test: test, pack: file.pack, readTraffic: Self.traffic).failures()
        } catch {
          Say.message("\(path): \(test.name): \(error)")
          throw Exit.failed
        }
        if failures.isEmpty { passed += 1 } else { failed += 1 }
        Say.data("\(failures.isEmpty ? "ok    " : "FAILED")  \(path): \(test.name)")
        for line in Self.lines(of: failures) { Say.data(line) }
      }
    }
    Say.message("\(passed) passed, \(failed) failed.")
    if failed > 0 { throw Exit.failed }
    if passed == 0 {
      Say.message("no test was run\(filter.map { ": no name holds \"\($0)\"" } ?? "")")
      throw Exit.failed
    }
  }

  /// A diff a failure: `-` is what was expected, `+` what was found.
  static func lines(of failures: [MonitorTestRun.Failure]) -> [String] {
    failures.flatMap { failure in
      ["        at \(DurationText.text(failure.after))"] + failure.expected.map { "        - \($0)" }
        + failure.found.map { "        + \($0)" }
    }
  }

  /// Every span of a file as the rollups it makes, without a budget of cardinality.
  static func traffic(_ path: String) throws -> (rollups: [Rollup], changes: [ChangeEvent]) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw MonitorTestRun.Failed(description: "\(path): no such file, or not readable")
    }
    let isCompressed = data.starts(with: [0x1f, 0x8b])
    let bytes = isCompressed ? Data(try CompressionFormat.gzip.decompress(Array(data), limit: 4 << 30)) : data
    var (spans, changes): ([LLMSpan], [ChangeEvent]) = ([], [])
    for record in try RecordedTraffic.records(in: bytes, file: path) {
      switch record {
      case .span(let span): spans.append(span)
      case .change(let change): changes.append(change)
      }
    }
    var meter = SpanMeter(cardinality: .unlimited)
    var fold = RollupFold()
    var rollups: [Rollup] = []
    for batch in stride(from: 0, to: spans.count, by: 1_000) {
      var measurements = MeasurementBatch()
      meter.measure(Array(spans[batch..<min(batch + 1_000, spans.count)]), into: &measurements)
      fold.add(measurements)
    }
    rollups += fold.flush()
    return (rollups, changes)
  }
}
