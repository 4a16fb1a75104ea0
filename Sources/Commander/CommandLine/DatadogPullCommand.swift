// `commander datadog pull`: Datadog's objects into a folder, as definitions where those can say them and as JSON where not.

import ArgumentParser
import Datadog
import LLMTelemetry
import Monitors

struct DatadogPull: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Fetch objects from Datadog into a folder.",
    discussion: """
      Writes \(PullFolder.packFile) with every object that a definition says exactly: compiled again it is the same JSON. What no \
      definition says stays JSON, one object a file, and is listed with the reason. With --json everything is JSON.
      Give the options of the export, such as --team and --scope: they are part of what is compiled.
      """)

  @Option(name: .customLong("to"), help: "The folder.", completion: .directory)
  var folder: String
  @Flag(help: "Write JSON only, as an export would.")
  var json = false
  @Flag(help: "Leave out what is not ours.")
  var ours = false
  @Flag(help: "Also turn others' monitors into definitions where only their texts and tags would differ.")
  var adopt = false
  @Flag(help: "Delete files of objects that there are no more.")
  var prune = false
  @OptionGroup var account: DatadogAccountOptions
  @OptionGroup var options: DatadogCompileOptions

  func run() async throws {
    let settings = try options.settings()
    try DatadogFolder.check(folder)
    let pack = try options.definitions()
    let objects = DatadogObjects(connection: try account.connection(options.configuration))
    let place = ObjectFolder(path: folder)
    let pulled: PullFolder
    let export: ObjectFolder.Export
    do {
      let isOurs = ours
      let found = try await objects.live { !isOurs || $0.id != nil }
      let live = isOurs ? found.filter { $0.id != nil } : found
      pulled =
        json
        ? PullFolder.json(live, wanted: PackCompiler(settings: settings).compile(pack).objects)
        : PullFolder.definitions(
          live, decompiler: PackDecompiler(settings: settings, known: pack, adopts: adopt, at: .now()), yaml: \.yamlText)
      export = pulled.export(present: try place.texts(beside: [PullFolder.packFile]))
      try place.write(export, pruning: prune)
    } catch {
      throw DatadogAccountOptions.refusal(error)
    }
    for raw in pulled.raw { Say.message("\(raw.file): \(raw.title): \(raw.reason)") }
    for note in pulled.notes { Say.message(note) }
    for file in export.new { Say.data("new      \(file)") }
    for file in export.changed { Say.data("changed  \(file)") }
    for file in export.stale { Say.data("\(prune ? "deleted " : "stale   ") \(file)") }
    let definitions = json ? "" : "\(pulled.said) objects in \(PullFolder.packFile), \(pulled.raw.count) as JSON; "
    Say.message(
      "\(definitions)\(export.new.count) files new, \(export.changed.count) changed, \(export.unchanged.count) unchanged, "
        + "\(export.stale.count) of no object any more.")
  }
}
