// What a person asks of a prompt becomes changes, or a refusal that names what there is. Pure.

import Console
import Gateway
import LLMTelemetry
import Remediation

extension PromptRegistry {
  /// The changes that carry out `action`, in the order in which they belong in the ledger.
  package func changes(
    for action: PromptAction, of name: String, author: String, at: Timestamp
  ) throws(CommandRefusal) -> [ChangeEvent] {
    guard let prompt = prompts.first(where: { $0.name == name }) else {
      let known = prompts.map(\.name).sorted().joined(separator: ", ")
      throw CommandRefusal(
        "there is no prompt \(name); known: \(known.isEmpty ? "none, add it to `prompts`" : known)", isUnknown: true)
    }
    func change(_ subject: PromptSubject, from: String?, to: String?) -> ChangeEvent {
      ChangeEvent(at: at, kind: .promptVersion, subject: subject.description, from: from, to: to, author: author)
    }
    /// A canary of the version that everyone gets would only split the figures of one version in two.
    func labelled(_ label: String, _ version: String) -> [ChangeEvent] {
      var changes = [change(Self.subject(name, label), from: prompt.version(labelled: label), to: version)]
      if label == ManagedPrompt.productionLabel, let canary = prompt.canary, canary.version == version {
        changes.append(change(.canary(prompt: name), from: canary.text, to: nil))
      }
      return changes
    }
    switch action {
    case .promote(let version, let label):
      try Self.check(version, of: prompt)
      guard label != ManagedPrompt.canaryLabel else {
        throw CommandRefusal(
          "`canary` is no label to give: start one with `commander prompt canary \(name) \(version) --share 10%`")
      }
      guard Self.isLabel(label) else {
        throw CommandRefusal("\"\(label)\" is no label: use 1 to 64 letters, digits, `.`, `_` and `-`")
      }
      guard prompt.version(labelled: label) != version else {
        throw CommandRefusal(
          label == ManagedPrompt.productionLabel
            ? "prompt \(name) already serves version \(version)"
            : "version \(version) of prompt \(name) already has the label \(label)")
      }
      return labelled(label, version)
    case .rollBack(let label):
      guard let current = prompt.version(labelled: label) else {
        throw CommandRefusal(
          "prompt \(name) has no label \(label); it has \(prompt.labels.keys.sorted().joined(separator: ", "))", isUnknown: true)
      }
      guard let earlier = earlierVersion(of: label, in: prompt) else {
        throw CommandRefusal(
          "\(label) of prompt \(name) has had no version before \(current); name one: `commander prompt promote \(name) VERSION`")
      }
      return labelled(label, earlier)
    case .startCanary(let version, let share):
      try Self.check(version, of: prompt)
      guard let perMille = ManagedPrompt.Canary.perMille(share: share) else {
        throw CommandRefusal("\"\(share)\" is no share: \(ManagedPrompt.Canary.shareRemedy)")
      }
      guard version != prompt.production else {
        throw CommandRefusal("version \(version) of prompt \(name) is in production already; a canary needs another version")
      }
      let canary = ManagedPrompt.Canary(version: version, sharePerMille: perMille)
      guard canary != prompt.canary else { throw CommandRefusal("prompt \(name) already has the canary \(canary.text)") }
      return [change(.canary(prompt: name), from: prompt.canary?.text, to: canary.text)]
    case .stopCanary:
      guard let canary = prompt.canary else { throw CommandRefusal("prompt \(name) has no canary to stop") }
      return [change(.canary(prompt: name), from: canary.text, to: nil)]
    }
  }

  /// What `action` shows to users who did not have it, and the command that asks for it; `nil` for a way back, which a spent error
  /// budget must not close, and for labels that only those get who name them.
  package func exposure(_ action: PromptAction, of name: String) -> (version: String, command: String)? {
    guard let prompt = prompts.first(where: { $0.name == name }) else { return nil }
    let quoted = PromptOutput.quoted(name)
    switch action {
    case .promote(let version, let label):
      guard label == ManagedPrompt.productionLabel, earlierVersion(of: label, in: prompt) != version else { return nil }
      return (version, "commander prompt promote \(quoted) \(PromptOutput.quoted(version))")
    case .startCanary(let version, let share):
      // Fewer users of what some have already is on the way back.
      if let canary = prompt.canary, canary.version == version, let perMille = ManagedPrompt.Canary.perMille(share: share),
        perMille <= canary.sharePerMille
      {
        return nil
      }
      return (version, "commander prompt canary \(quoted) \(PromptOutput.quoted(version)) --share \(share)")
    case .rollBack, .stopCanary: return nil
    }
  }

  /// Throws `CommandRefusal` where there is no such prompt or version.
  package func check(_ version: String, of name: String) throws(CommandRefusal) {
    guard let prompt = prompts.first(where: { $0.name == name }) else {
      throw CommandRefusal("there is no prompt \(name); `commander prompt list` shows those there are", isUnknown: true)
    }
    try Self.check(version, of: prompt)
  }

  private static func check(_ version: String, of prompt: ManagedPrompt) throws(CommandRefusal) {
    guard prompt.versions[version] == nil else { return }
    let known = prompt.versions.keys.sorted(by: PromptVersionOrder.precedes).joined(separator: ", ")
    throw CommandRefusal("prompt \(prompt.name) has no version \(version); it has \(known)", isUnknown: true)
  }

  /// Labels stand in headers, addresses and the ledger's subjects.
  package static func isLabel(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}

extension PromptRegistry {
  /// What the console shows.
  package var summaries: [PromptSummary] {
    prompts.map { prompt in
      var earlier: [String: String] = [:]
      for label in prompt.labels.keys { earlier[label] = earlierVersion(of: label, in: prompt) }
      return PromptSummary(
        name: prompt.name, versions: prompt.versions.keys.sorted(by: PromptVersionOrder.precedes), production: prompt.production,
        labels: prompt.labels, earlier: earlier,
        canary: prompt.canary.map { .init(version: $0.version, share: Double($0.sharePerMille) / 1_000) })
    }
  }

  /// The texts of one prompt, in the order of versions; `nil` for a prompt the configuration does not have.
  package func texts(of name: String) -> [PromptVersionText]? {
    prompts.first { $0.name == name }?.versions.sorted { PromptVersionOrder.precedes($0.key, $1.key) }.map {
      PromptVersionText(version: $0.key, text: $0.value, sha256: Self.fingerprint(of: $0.value))
    }
  }
}
