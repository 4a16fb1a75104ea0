// The section `prompts`: versions with their texts, labels and a canary; and the refusal of a version whose text was changed.

import Gateway
import LLMTelemetry
import StrictYAML

extension ConfigurationReader {
  func readPrompts(_ value: YAMLValue?, into configuration: inout CommanderConfiguration) {
    var prompts: [ManagedPrompt] = []
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      guard let prompt = item.mapping(["name", "production", "versions", "labels", "canary", "require_replay"]) else { continue }
      let name = prompt.required("name", "what requests put in x-commander-prompt")
      let production = prompt.required("production", "the version requests get that name none")
      let members = prompt.required("versions", "a mapping of version to system instruction")?.namedMembers()
      guard let name, let word = name.string(), let production, let members, let version = production.string() else { continue }
      names.append((word, item))
      if word.contains(where: { $0 == "@" || $0 == "#" }) {
        name.problem("`\(name.path)` must have neither @ nor #: changes in the ledger put labels and versions behind these")
      }
      var versions: [String: String] = [:]
      for (version, text) in members {
        versions[version] = text.string()
        configuration.places[Self.setting(word, version)] = text.place
      }
      func known(_ version: String, _ value: YAMLValue) -> Bool {
        if versions[version] != nil { return true }
        let known = versions.keys.sorted(by: PromptVersionOrder.precedes).joined(separator: ", ")
        value.problem("prompt \"\(word)\" has no version \"\(version)\"; it has \(known)")
        return false
      }
      _ = known(version, production)
      configuration.replayRequirements[word] = readReplayRequirement(prompt["require_replay"])
      prompts.append(
        ManagedPrompt(
          name: word, versions: versions, production: version, otherLabels: readLabels(prompt["labels"], known),
          canary: readCanary(prompt["canary"], production: version, known)))
    }
    checkUnique(names, "prompt")
    configuration.prompts = prompts
  }

  private func readLabels(_ value: YAMLValue?, _ known: (String, YAMLValue) -> Bool) -> [String: String] {
    var labels: [String: String] = [:]
    for (label, version) in value?.namedMembers() ?? [] {
      switch label {
      case ManagedPrompt.productionLabel:
        version.problem("the label production has its own key: write `production` beside `labels`")
      case ManagedPrompt.canaryLabel:
        version.problem("`canary` is no label to give: write `canary: {version: …, share: 10%}` beside `labels`")
      case _ where !PromptRegistry.isLabel(label):
        version.problem("\"\(label)\" is no label: use 1 to 64 letters, digits, `.`, `_` and `-`")
      default:
        if let text = version.string(), known(text, version) { labels[label] = text }
      }
    }
    return labels
  }

  private func readCanary(
    _ value: YAMLValue?, production: String, _ known: (String, YAMLValue) -> Bool
  ) -> ManagedPrompt.Canary? {
    guard let canary = value?.mapping(["version", "share"]),
      let version = canary.required("version", "the version to try"),
      let share = canary.required("share", ManagedPrompt.Canary.shareRemedy),
      let name = version.string(), let text = share.string(), known(name, version)
    else { return nil }
    guard let perMille = ManagedPrompt.Canary.perMille(share: text) else {
      share.problem("\"\(text)\" is no share: \(ManagedPrompt.Canary.shareRemedy)")
      return nil
    }
    if name == production {
      version.problem("version \"\(name)\" is in production already; a canary needs another version")
      return nil
    }
    return ManagedPrompt.Canary(version: name, sharePerMille: perMille)
  }

  /// The name under which the place of a version's text is remembered.
  static func setting(_ prompt: String, _ version: String) -> String { "prompts.\(prompt).versions.\(version)" }
}

extension CommanderConfiguration {
  /// A version whose text is not the one the ledger knows is a problem: figures of the version would speak of two texts.
  package func problemsOfChangedTexts(_ registry: PromptRegistry) -> [Problem] {
    registry.versionsWithChangedText.map { prompt, version in
      problem(
        ConfigurationReader.setting(prompt, version),
        "the text of version \(version) of prompt \(prompt) is not the one it was first used with, and a version never changes its "
          + "text: give this text a new version and put the old one back under \"\(version)\", or take version \"\(version)\" out"
      )
    }
  }
}
