// The program `pipeline-bench`: what a span costs in each stage and each sink, and how many go through in a second on one core.

import Foundation
import Ingest
import LLMTelemetry
import Redaction

@main
enum PipelineBench {
  static func main() async throws {
    let core = CorePin.pin()
    let arguments = CommandLine.arguments.dropFirst()
    let rounds = arguments.contains("--quick") ? 2 : 9
    let folder = FileManager.default.temporaryDirectory.appending(path: "pipeline-bench-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let agent = try DatagramDrain(path: folder.appending(path: "dsd.socket").path)
    let bench = try BenchStages(folder: folder, agent: agent, isMixed: arguments.contains("--mixed"))

    var report = BenchReport(core: core)
    report.title("Cost of a span, one thread, batches of \(BenchSpans.batchSize), median of \(rounds) rounds")
    for stage in bench.stages where Self.isWanted(stage.name, arguments) {
      report.row(stage.name, nanoseconds: stage.measure(rounds: rounds), note: stage.note)
    }
    if Self.isWanted("pipeline", arguments) {
      report.title("End to end through IngestPipeline, everything on one core")
      for run in try bench.endToEnd() {
        let seconds = try await run.seconds(count: arguments.contains("--quick") ? 50_000 : 400_000)
        report.rate(run.name, spansPerSecond: 1 / seconds, note: run.note)
      }
    }
    report.line("datagrams received: \(agent.count)")
    report.print()
  }

  /// Arguments that are no options name what to measure.
  private static func isWanted(_ name: String, _ arguments: ArraySlice<String>) -> Bool {
    let names = arguments.filter { !$0.hasPrefix("-") }
    return names.isEmpty || names.contains { name.contains($0) }
  }
}
