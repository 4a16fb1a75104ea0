// `commander schema`: the JSON Schema of the files people write, for editors and for checks in other languages.

import ArgumentParser
import Datadog

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema of a pack, of a configuration's monitoring sections, or of monitor tests.",
    discussion: "The reader refuses more than a schema can say: queries, metrics, tags and names of other definitions.")

  @Argument(help: "pack, configuration or tests.")
  var document = ShapeSchema.Document.pack

  func run() throws { Say.data(String(ObjectText.text(of: ShapeSchema.schema(document)).dropLast())) }
}

extension ShapeSchema.Document: ExpressibleByArgument {}
