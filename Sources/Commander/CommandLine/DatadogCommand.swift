// `commander datadog …`: this product's monitors, SLOs and dashboards as Datadog's JSON, and what differs from what is there.

import ArgumentParser
import Datadog
import Monitors
import StrictYAML

struct DatadogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "datadog", abstract: "Keep monitors, SLOs and dashboards as code.",
    subcommands: [DatadogExport.self, DatadogPlan.self])
}

/// What both commands compile.
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

  func compile() throws -> Compilation {
    let settings: CompileSettings
    do {
      settings = try CompileOptions.settings(
        team: team, notify: notify, scope: scope, tags: tags, runbooks: runbooks, trafficGate: trafficGates)
    } catch {
      throw ValidationError(error.description)
    }
    var pack = MonitorPack.default
    if let configuration {
      do throws(ConfigurationError) {
        pack = try PackFile.load(path: configuration)
      } catch {
        throw ConfigurationOption.refusal(error)
      }
    }
    return PackCompiler(settings: settings).compile(pack)
  }
}

extension CompileSettings.TrafficGate: ExpressibleByArgument {}

struct DatadogExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write every object as a file of Datadog's JSON.",
    discussion: """
      One object a file: monitors/NAME.json, slos/NAME.json, dashboards/NAME.json. Files that are as they should be are not touched.
      What Datadog cannot say is reported, object by object. Exit code 2 when an object cannot be written at all.
      """)

  @Option(name: .customLong("to"), help: "The folder.", completion: .directory)
  var folder: String
  @Flag(help: "Delete files of objects that there are no more.")
  var prune = false
  @Flag(help: "Do not print what Datadog says otherwise.")
  var quiet = false
  @OptionGroup var options: DatadogCompileOptions

  func run() throws {
    let compilation = try options.compile()
    let place = ObjectFolder(path: folder)
    let export: ObjectFolder.Export
    do {
      export = ObjectFolder.export(compilation.objects, present: try place.texts())
      try place.write(export, pruning: prune)
    } catch {
      Say.message("\(folder): cannot be written: \(error)")
      throw Exit.failed
    }
    for note in compilation.notes where !quiet || note.weight == .refused { Say.message(note.description) }
    for file in export.new { Say.data("new      \(file)") }
    for file in export.changed { Say.data("changed  \(file)") }
    for file in export.stale { Say.data("\(prune ? "deleted " : "stale   ") \(file)") }
    Say.message(
      "\(export.new.count) new, \(export.changed.count) changed, \(export.unchanged.count) unchanged; \(compilation.notes.count) notes."
    )
    if !export.stale.isEmpty, !prune {
      Say.message("\(export.stale.count) files are of no object any more; --prune deletes them.")
    }
    if !compilation.refusals.isEmpty { throw Exit.outsideTolerance }
  }
}

struct DatadogPlan: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Say what differs between the wanted objects and saved ones, without network.",
    discussion: """
      The saved folder has the form of an export. Its files may hold what Datadog's API answered: numbers, defaults and all.
      Exit code 0 when nothing differs, 2 when something does.
      """)

  @Option(name: .customLong("state"), help: "The folder of saved objects.", completion: .directory)
  var folder: String
  @Flag(help: "Plan to delete what is ours and no longer wanted.")
  var prune = false
  @Option(help: "table or json.")
  var output = ConsoleOption.Output.table
  @OptionGroup var options: DatadogCompileOptions

  func run() throws {
    let compilation = try options.compile()
    let saved: [JSONValue]
    do {
      saved = try ObjectFolder(path: folder).objects()
    } catch {
      Say.message("\(error)")
      throw Exit.failed
    }
    let plan = ObjectPlan(wanted: compilation.objects, saved: saved, pruning: prune)
    let report = PlanReport(plan)
    Say.data(output == .json ? report.json : report.text)
    for note in compilation.refusals { Say.message(note.description) }
    if !plan.isEmpty || !compilation.refusals.isEmpty { throw Exit.outsideTolerance }
  }
}
