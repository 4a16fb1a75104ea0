// `commander datadog …`: this product's monitors, SLOs and dashboards as Datadog's JSON, and what differs from what is there.

import ArgumentParser
import Datadog
import Monitors
import StrictYAML

struct DatadogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "datadog", abstract: "Keep monitors, SLOs and dashboards as code.",
    subcommands: [DatadogExport.self, DatadogPlan.self, DatadogApply.self, DatadogDrift.self, DatadogPull.self])
}

/// What is compiled.
struct DatadogCompileOptions: ParsableArguments {
  @Option(name: .customLong("config"), help: "A pack, or a configuration, that is compiled instead of the default pack.")
  var configuration: String?
  @Option(help: "The Datadog team that owns the objects.")
  var team = "llm-platform"
  @Option(help: "Who is told: @handle, or SEV-1=@handle. Can be given several times. Default: the team.")
  var notify: [String] = []
  @Option(help: "A tag that everything asked of must have, such as env:prod. Can be given several times.")
  var scope: [String] = []
  @Option(name: .customLong("tag"), help: "A further tag of monitors and SLOs. Can be given several times.")
  var tags: [String] = []
  @Option(help: "Where runbooks are; the monitor's name is appended.")
  var runbooks: String?
  @Option(help: "What a traffic gate becomes: composite or reported.")
  var trafficGates = CompileSettings.TrafficGate.composite

  @Option(
    help: "Whose objects these are, where several packs live in one organisation. What bears another name is never touched.")
  var pack: String?

  func settings() throws -> CompileSettings {
    do {
      return try CompileOptions.settings(
        team: team, notify: notify, scope: scope, tags: tags, runbooks: runbooks, trafficGate: trafficGates, pack: pack)
    } catch {
      throw ValidationError(error.description)
    }
  }

  func definitions() throws -> MonitorPack {
    guard let configuration else { return .default }
    do throws(ConfigurationError) {
      return try PackFile.load(path: configuration)
    } catch {
      throw ConfigurationOption.refusal(error)
    }
  }

  func compile() throws -> Compilation { PackCompiler(settings: try settings()).compile(try definitions()) }
}

extension CompileSettings.TrafficGate: ExpressibleByArgument {}
