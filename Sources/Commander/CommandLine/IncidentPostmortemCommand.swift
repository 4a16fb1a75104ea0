// `commander incident postmortem`: prints it, and saves or publishes what a person made of it.

import ArgumentParser
import Foundation
import LLMTelemetry

struct IncidentPostmortem: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "postmortem", abstract: "Print the postmortem as Markdown, or save or publish an edited one.",
    discussion: """
      Prints what was published last, else what was saved last, else the draft of the ledger. To publish: print it to a file, edit it, and give it \
      with --publish; the incident must be resolved. A draft may be saved at any time. A later text takes the place of an earlier one; the ledger \
      keeps all. With --based-on, a text that someone else has written meanwhile is not replaced unseen.
      """)
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String
  @Flag(help: "Print the draft of the ledger although a text was written.") var draft = false
  @Option(help: "Print this revision.") var revision: Int?
  @Option(help: "Publish this Markdown file; - reads standard input.", completion: .file(extensions: ["md"])) var publish: String?
  @Option(help: "Save this Markdown file as a draft; - reads standard input.", completion: .file(extensions: ["md"])) var save:
    String?
  @Option(help: "The revision that was edited, 0 for the draft of the ledger: refused when there is a newer one.") var basedOn:
    Int?

  func validate() throws {
    guard publish == nil || save == nil else { throw ValidationError("--publish and --save exclude each other.") }
    guard basedOn == nil || publish != nil || save != nil else {
      throw ValidationError("--based-on goes with --publish or --save.")
    }
  }

  func run() async throws {
    guard let file = publish ?? save else {
      let question = revision.map { "?revision=\($0)" } ?? (draft ? "?draft=1" : "")
      let path = "/incidents/\(incident)/postmortem.md\(question)"
      return Say.data(String(decoding: try await console.client.get(path), as: UTF8.self))
    }
    var fields = ["text": String(decoding: try Self.content(of: file), as: UTF8.self)]
    fields["base"] = basedOn.map(String.init)
    try await console.client.post("/api/incidents/\(incident)/\(publish == nil ? "postmortem-draft" : "postmortem")", fields)
    let done = publish == nil ? "saved as a draft" : "published"
    Say.message("The postmortem of \(incident) is \(done): \(console.url)/incidents/\(incident)/postmortem")
  }

  private static func content(of file: String) throws -> Data {
    if file == "-" { return FileHandle.standardInput.readDataToEndOfFile() }
    guard let content = FileManager.default.contents(atPath: file) else {
      Say.message("\(file): cannot be read; name a file of Markdown, or - for standard input.")
      throw Exit.failed
    }
    return content
  }
}
