// `commander datadog plan`: what an apply would do, against Datadog itself or, without network, against a folder of saved objects.

import ArgumentParser
import Datadog
import LLMTelemetry

struct DatadogPlan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Say what differs between the wanted objects and those in Datadog, or saved ones.",
    discussion: """
      Without --state Datadog is asked, with DD_API_KEY, DD_APP_KEY and DD_SITE. With --state nothing is: the folder has the form of an \
      export, and its files may hold what Datadog's API answered: numbers, defaults and all.
      Exit code 0 when nothing differs, 2 when something does.
      """)

  @Option(name: .customLong("state"), help: "A folder of saved objects, instead of Datadog.", completion: .directory)
  var folder: String?
  @Flag(help: "Plan to delete what is ours and no longer wanted.")
  var prune = false
  @Flag(
    name: .customLong("validate"), help: "Let Datadog check every monitor that would be created or changed; nothing is stored.")
  var isChecked = false
  @Option(help: "table or json.")
  var output = ConsoleOption.Output.table
  @OptionGroup var account: DatadogAccountOptions
  @OptionGroup var options: DatadogCompileOptions

  func validate() throws {
    if isChecked, folder != nil {
      throw ValidationError("--validate asks Datadog, and --state asks nobody; leave one of them out")
    }
  }

  func run() async throws {
    let compilation = try options.compile()
    let plan: ObjectPlan
    var complaints: [String] = []
    if let folder {
      do {
        plan = ObjectPlan(
          wanted: compilation.objects, saved: try ObjectFolder(path: folder).objects(), pruning: prune, pack: options.pack)
      } catch {
        throw DatadogAccountOptions.refusal(error)
      }
    } else {
      let wanted = compilation.objects.withoutPast(at: .now())
      let objects = DatadogObjects(connection: try account.connection(options.configuration))
      do {
        let state = try account.file.load(site: objects.connection.account.site)
        plan = ObjectPlan(
          wanted: wanted, live: try await objects.live(wanted: wanted, and: state), state: state, pruning: prune,
          pack: options.pack)
        if isChecked { complaints = try await objects.complaints(plan, wanted: wanted) }
      } catch {
        throw DatadogAccountOptions.refusal(error)
      }
    }
    let report = PlanReport(plan, isLive: folder == nil)
    Say.data(output == .json ? report.json : report.text)
    for note in compilation.refusals { Say.message(note.description) }
    for complaint in complaints { Say.message(complaint) }
    if !plan.isEmpty || !compilation.refusals.isEmpty || !complaints.isEmpty { throw Exit.outsideTolerance }
  }
}
