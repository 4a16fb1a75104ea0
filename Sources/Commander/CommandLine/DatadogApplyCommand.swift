// `commander datadog apply`: makes Datadog as the definitions want it, object by object, and goes on where it stopped.

import ArgumentParser
import Datadog
import Foundation
import LLMTelemetry

struct DatadogApply: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Create and change what differs in Datadog, after asking.",
    discussion: """
      Shows the plan and asks, or takes --yes. SLOs come first, then monitors, then dashboards; what depends on something that failed is \
      skipped, the rest goes on. What was done is remembered after each object, so that applying again goes on from there.
      Needs DD_API_KEY and DD_APP_KEY with the scopes slos_read, slos_write, monitors_read, monitors_write, dashboards_read and \
      dashboards_write.
      Exit code 0 when everything is as wanted, 2 when something is not, 77 when the keys do not suffice.
      """)

  @Flag(help: "Do not ask.")
  var yes = false
  @Flag(help: "Delete what is ours and no longer wanted.")
  var prune = false
  @Flag(help: "Change back what somebody changed in Datadog since the last apply.")
  var overwriteDrift = false
  @Flag(help: "Delete and make anew an object whose type changes, which Datadog allows of none.")
  var replace = false
  @Flag(help: "Delete an object even when another one uses it.")
  var force = false
  @Option(help: "table or json.")
  var output = ConsoleOption.Output.table
  @OptionGroup var account: DatadogAccountOptions
  @OptionGroup var options: DatadogCompileOptions

  func run() async throws {
    let compilation = try options.compile()
    for note in compilation.refusals { Say.message(note.description) }
    let wanted = compilation.objects.withoutPast(at: .now())
    let connection = try account.connection(options.configuration)
    let objects = DatadogObjects(connection: connection)
    let report: ApplyReport
    do {
      let (file, site) = (account.file, connection.account.site)
      let state = try file.load(site: site)
      let plan = ObjectPlan(
        wanted: wanted, live: try await objects.live(wanted: wanted, and: state), state: state, pruning: prune,
        pack: options.pack)
      if !plan.isEmpty { Say.message(PlanReport(plan, isLive: true).text) }
      guard plan.isEmpty || yes || Self.isAgreed(connection.account) else {
        Say.message("Nothing was changed.")
        throw Exit.failed
      }
      // A file that was cut off is whole again.
      try file.write(state)
      let isTable = output == .table
      let apply = ObjectApply(
        objects: objects, options: .init(overwritesDrift: overwriteDrift, replaces: replace, forces: force),
        remember: { id, entry in try file.append(id, entry) },
        onResult: { result in if isTable, result.isWorthALine { Say.data(result.line) } })
      report = await apply.run(plan, wanted: wanted, state: state, pack: options.pack)
      // One line an object again.
      try file.write(try file.load(site: site))
    } catch {
      throw DatadogAccountOptions.refusal(error)
    }
    if output == .json { Say.data(report.json) }
    // What ended the run is said once.
    if let end = report.end, output == .json || !report.results.contains(where: { $0.reason == end }) { Say.message(end) }
    Say.message(report.sentence)
    if report.endedForKeys { throw Exit.notPermitted }
    if !report.isComplete || !compilation.refusals.isEmpty { throw Exit.outsideTolerance }
  }

  private static func isAgreed(_ account: DatadogAccount) -> Bool {
    guard isatty(0) == 1 else {
      Say.message("There is nobody to ask; give --yes to apply without asking.")
      return false
    }
    FileHandle.standardError.write(Data("Apply this to \(account.site)? [y/N] ".utf8))
    return ["y", "yes"].contains((readLine() ?? "").lowercased())
  }
}
