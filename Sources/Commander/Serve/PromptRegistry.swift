// Which version of each managed prompt has which label, and how large its canary is: configuration, then every change since.

import Console
import Crypto
import Gateway
import LLMTelemetry
import Remediation

/// A fold of changes over configuration, so that a restart, or a second look, gives the same labels.
package struct PromptRegistry: Sendable {
  /// As the gateway must have them.
  package private(set) var prompts: [ManagedPrompt]
  private let configured: [ManagedPrompt]
  private var labels: [PromptSubject: LabelHistory] = [:]
  /// A subject that is here has had its canary started or stopped since the file spoke first.
  private var canaries: [PromptSubject: ManagedPrompt.Canary?] = [:]
  /// What the configuration file last said of a label or a canary; an edit is a difference to this.
  private var configurationWords: [PromptSubject: String] = [:]
  /// The text of every version ever seen, by `PromptSubject.text`.
  private var texts: [PromptSubject: String] = [:]

  /// The author of changes that come from the configuration file.
  static let configurationAuthor = "configuration"

  /// - Parameter changes: all of the ledger, oldest first; a text that was forgotten could be changed unseen.
  package init(configured: [ManagedPrompt], changes: some Sequence<ChangeEvent>) {
    self.configured = configured
    prompts = configured
    for change in changes { fold(change) }
    prompts = configured.map(inForce)
  }

  package mutating func apply(_ change: ChangeEvent) {
    guard let name = fold(change), let index = prompts.firstIndex(where: { $0.name == name }) else { return }
    prompts[index] = inForce(configured[index])
  }

  /// Returns the name of the prompt the change was about.
  @discardableResult
  private mutating func fold(_ change: ChangeEvent) -> String? {
    guard let subject = change.promptSubject else { return nil }
    switch subject {
    case .production, .label:
      if let version = change.to {
        labels[subject, default: LabelHistory()].record(version)
      } else {
        labels[subject] = LabelHistory()
      }
    case .canary:
      canaries[subject] = .some(change.to.flatMap(ManagedPrompt.Canary.init(text:)))
    case .text:
      // The first text is the text: whatever claims to replace it is not believed.
      if texts[subject] == nil { texts[subject] = change.to }
    }
    if change.author == Self.configurationAuthor, !change.isPromptText { configurationWords[subject] = change.to ?? "" }
    return subject.prompt
  }

  /// The prompt with what the ledger says; versions that the file no longer has count as if they had never been given a label.
  private func inForce(_ configured: ManagedPrompt) -> ManagedPrompt {
    var prompt = configured
    let name = configured.name
    if let version = labels[.production(prompt: name)]?.current(among: configured.versions) { prompt.production = version }
    for (subject, history) in labels {
      guard case .label(name, let label) = subject else { continue }
      prompt.otherLabels[label] = history.current(among: configured.versions)
    }
    if let canary = canaries[.canary(prompt: name)] { prompt.canary = canary }
    if let canary = prompt.canary, configured.versions[canary.version] == nil || canary.version == prompt.production {
      prompt.canary = nil
    }
    return prompt
  }

  /// The version a rollback of the label would bring back.
  package func earlierVersion(of label: String, in prompt: ManagedPrompt) -> String? {
    labels[Self.subject(prompt.name, label)]?.earlier(among: prompt.versions)
  }

  static func subject(_ prompt: String, _ label: String) -> PromptSubject {
    label == ManagedPrompt.productionLabel ? .production(prompt: prompt) : .label(prompt: prompt, label: label)
  }
}

// MARK: - Configuration

extension PromptRegistry {
  /// The changes that make the ledger agree with the configuration file: a version seen for the first time, and each label and
  /// canary that the file gives another value than it gave last. What was done by hand outlives restarts until the file is edited.
  package func changesForConfiguration(at: Timestamp) -> [ChangeEvent] {
    var changes: [ChangeEvent] = []
    func add(_ subject: PromptSubject, from: String?, to: String?) {
      changes.append(
        ChangeEvent(
          at: at, kind: .promptVersion, subject: subject.description, from: from, to: to, author: Self.configurationAuthor))
    }
    for (prompt, now) in zip(configured, prompts) {
      for (version, text) in prompt.versions.sorted(by: { PromptVersionOrder.precedes($0.key, $1.key) }) {
        let subject = PromptSubject.text(prompt: prompt.name, version: version)
        if texts[subject] == nil { add(subject, from: nil, to: Self.fingerprint(of: text)) }
      }
      var words: [PromptSubject: String] = [.canary(prompt: prompt.name): prompt.canary?.text ?? ""]
      for (label, version) in prompt.labels { words[Self.subject(prompt.name, label)] = version }
      // Labels that the file once had and no longer has.
      for subject in configurationWords.keys where subject.prompt == prompt.name && words[subject] == nil { words[subject] = "" }
      for (subject, word) in words.sorted(by: { $0.key.description < $1.key.description })
      where configurationWords[subject, default: ""] != word {
        add(subject, from: present(subject, in: now), to: word.isEmpty ? nil : word)
      }
    }
    return changes
  }

  /// What the ledger last said of a label or canary; before it says anything, nothing: the file's own value is the news.
  private func present(_ subject: PromptSubject, in prompt: ManagedPrompt) -> String? {
    switch subject {
    case .production, .label: labels[subject]?.current(among: prompt.versions)
    case .canary: canaries[subject] == nil ? nil : prompt.canary?.text
    case .text: nil
    }
  }

  /// Versions whose text in the file is not the text they were first seen with.
  package var versionsWithChangedText: [(prompt: String, version: String)] {
    configured.flatMap { prompt in
      prompt.versions.filter { version, text in
        texts[.text(prompt: prompt.name, version: version)].map { $0 != Self.fingerprint(of: text) } ?? false
      }
      .keys.sorted(by: PromptVersionOrder.precedes).map { (prompt.name, $0) }
    }
  }

  /// The first 16 hexadecimal digits of the text's SHA-256: enough to notice an edit, too short to be taken for a proof.
  package static func fingerprint(of text: String) -> String {
    let digits = SHA256.hash(data: Array(text.utf8)).prefix(8).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }
    return digits.joined()
  }
}

/// The versions a label has had, as a person who goes back and forth thinks of them: going back takes the last one away.
struct LabelHistory: Hashable, Sendable {
  /// Steps back that are remembered.
  static let limit = 100
  private var versions: [String] = []

  mutating func record(_ version: String) {
    if versions.last == version { return }
    if versions.dropLast().last == version {
      versions.removeLast()
    } else {
      versions.append(version)
      if versions.count > Self.limit { versions.removeFirst() }
    }
  }

  func current(among known: [String: String]) -> String? { versions.last { known[$0] != nil } }

  func earlier(among known: [String: String]) -> String? {
    let present = versions.filter { known[$0] != nil }
    guard let current = present.last else { return nil }
    return present.last { $0 != current }
  }
}
