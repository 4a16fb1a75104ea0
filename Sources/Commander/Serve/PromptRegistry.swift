// Which version of each managed prompt has the label `production`: configuration, then every promotion since.

import Gateway
import LLMTelemetry
import Remediation

/// A fold of changes over configuration, so that a restart, or a second look, gives the same labels.
package struct PromptRegistry: Sendable {
  package private(set) var prompts: [ManagedPrompt]
  /// The author of label changes that come from the configuration file.
  static let configurationAuthor = "configuration"

  init(configured: [ManagedPrompt], changes: [ChangeEvent]) {
    prompts = configured
    for change in changes { apply(change) }
  }

  mutating func apply(_ change: ChangeEvent) {
    guard change.kind == .promptVersion, let version = change.to,
      let index = prompts.firstIndex(where: { $0.name == change.subject }), prompts[index].versions[version] != nil
    else { return }
    prompts[index].production = version
  }

  /// The changes that make the ledger agree with an edited configuration: one for each prompt whose configured label is
  /// not the one the configuration last set. A promotion by hand outlives restarts until the file is edited.
  static func changesForConfiguration(_ configured: [ManagedPrompt], known: [ChangeEvent], at: Timestamp) -> [ChangeEvent] {
    configured.compactMap { prompt in
      let history = known.filter { $0.kind == .promptVersion && $0.subject == prompt.name }
      guard history.last(where: { $0.author == configurationAuthor })?.to != prompt.production else { return nil }
      return ChangeEvent(
        at: at, kind: .promptVersion, subject: prompt.name, from: history.last?.to, to: prompt.production,
        author: configurationAuthor)
    }
  }

  /// The change that gives `version` the label, or a refusal that names what there is.
  func promotion(of name: String, to version: String, author: String, at: Timestamp) throws(CommandRefusal) -> ChangeEvent {
    guard let prompt = prompts.first(where: { $0.name == name }) else {
      let known = prompts.map(\.name).sorted().joined(separator: ", ")
      throw CommandRefusal(
        "there is no prompt \(name); known: \(known.isEmpty ? "none, add it to `prompts`" : known)", isUnknown: true)
    }
    guard prompt.versions[version] != nil else {
      throw CommandRefusal(
        "prompt \(name) has no version \(version); it has \(prompt.versions.keys.sorted().joined(separator: ", "))",
        isUnknown: true)
    }
    guard prompt.production != version else { throw CommandRefusal("prompt \(name) already serves version \(version)") }
    return ChangeEvent(at: at, kind: .promptVersion, subject: name, from: prompt.production, to: version, author: author)
  }
}
