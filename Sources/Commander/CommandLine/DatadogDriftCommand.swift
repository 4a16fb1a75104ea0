// `commander datadog drift`: what somebody changed in Datadog since it was applied, whatever the definitions want now.

import ArgumentParser
import Datadog

struct DatadogDrift: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drift", abstract: "Say what was changed in Datadog since it was applied.",
    discussion: "Exit code 0 when nothing was, 2 when something was.")

  @Option(help: "table or json.")
  var output = ConsoleOption.Output.table
  @OptionGroup var account: DatadogAccountOptions
  @Option(
    name: .customLong("config"), help: "A configuration whose `datadog` section names the site and the API key.",
    completion: .file(extensions: ["yaml", "yml"]))
  var configuration: String?
  @Option(help: "Whose objects are meant, where several packs live in one organisation.")
  var pack: String?

  func run() async throws {
    let objects = DatadogObjects(connection: try account.connection(configuration))
    let report: DriftReport
    do {
      let state = try account.file.load(site: objects.connection.account.site)
      guard !state.entries.isEmpty else {
        Say.message(
          "\(account.stateFile): nothing was applied yet, as far as this state knows; apply first, or name --state-file")
        throw Exit.failed
      }
      report = DriftReport(live: try await objects.live(and: state), state: state, pack: pack)
    } catch {
      throw DatadogAccountOptions.refusal(error)
    }
    Say.data(output == .json ? report.json : report.text)
    if !report.isEmpty { throw Exit.outsideTolerance }
  }
}
