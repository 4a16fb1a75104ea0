// `commander datadog export`: every object as a file of Datadog's JSON, for review.

import ArgumentParser
import Datadog

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
      export = ObjectFolder.export(compilation.objects, present: try place.texts(), pack: options.pack)
      try place.write(export, pruning: prune)
    } catch {
      throw DatadogAccountOptions.refusal(error)
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
