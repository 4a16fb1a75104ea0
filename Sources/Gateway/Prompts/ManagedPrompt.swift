// A prompt whose versions the gateway holds, and the choice of the version that one request gets. Pure: no I/O, no clock.

/// Requests name it, the gateway puts a version's text in.
package struct ManagedPrompt: Hashable, Sendable {
  /// A share of the requests that would get `production` gets another version, to see how it does.
  package struct Canary: Hashable, Sendable {
    package var version: String
    /// 0 to 1000: an integer, because shares are compared, written down and read back.
    package var sharePerMille: Int

    package init(version: String, sharePerMille: Int) {
      self.version = version
      self.sharePerMille = min(max(sharePerMille, 0), Self.wholePerMille)
    }

    package static let wholePerMille = 1_000
  }

  /// The label of requests that name neither version nor label.
  package static let productionLabel = "production"
  /// Stands for the canary's version while there is a canary; nothing else can be called so.
  package static let canaryLabel = "canary"

  package var name: String
  /// Version to system instruction. A version never changes its text.
  package var versions: [String: String]
  /// The version with the label `production`.
  package var production: String
  /// The other labels, each with its version.
  package var otherLabels: [String: String]
  package var canary: Canary?

  package init(
    name: String, versions: [String: String], production: String, otherLabels: [String: String] = [:], canary: Canary? = nil
  ) {
    self.name = name
    self.versions = versions
    self.production = production
    self.otherLabels = otherLabels
    self.canary = canary
  }

  /// Label to version; `production` is always among them.
  package var labels: [String: String] { otherLabels.merging([Self.productionLabel: production]) { _, production in production } }

  package func version(labelled label: String) -> String? {
    label == Self.productionLabel ? production : otherLabels[label]
  }
}

/// The version one request gets.
package struct PromptResolution: Hashable, Sendable {
  package var version: String
  package var text: String
  /// What led to the version: `production`, `canary` or the label the request named; `nil` where it named the version itself.
  package var label: String?

  package init(version: String, text: String, label: String?) {
    self.version = version
    self.text = text
    self.label = label
  }
}

/// A request named what the prompt does not have; says what it has.
package enum PromptResolutionFailure: Error, Hashable, Sendable, CustomStringConvertible {
  case unknownVersion(prompt: String, version: String, known: [String])
  case unknownLabel(prompt: String, label: String, known: [String])

  package var description: String {
    switch self {
    case .unknownVersion(let prompt, let version, let known):
      "Prompt \"\(prompt)\" has no version \"\(version)\"; it has \(known.joined(separator: ", "))."
    case .unknownLabel(let prompt, let label, let known):
      "Prompt \"\(prompt)\" has no label \"\(label)\"; it has \(known.joined(separator: ", "))."
    }
  }
}

extension ManagedPrompt {
  /// A version named by the request goes before a label, and a label before `production` with its canary. Naming the label
  /// `production` is the same as naming none, so that clients which always name a label take part in a canary.
  ///
  /// - Parameter ticket: one number for everything that must stay on the same side of a canary, for example
  ///   `PromptTicket.of` a session's or trace's id. Evenly spread or not: it is mixed here.
  package func resolve(
    version: String? = nil, label: String? = nil, ticket: UInt64
  ) throws(PromptResolutionFailure) -> PromptResolution {
    if let version { return try resolution(of: version, label: nil) }
    switch label {
    case nil, Self.productionLabel:
      if let canary, PromptTicket.perMille(ticket, prompt: name, version: canary.version) < canary.sharePerMille {
        return try resolution(of: canary.version, label: Self.canaryLabel)
      }
      return try resolution(of: production, label: Self.productionLabel)
    case Self.canaryLabel:
      guard let canary else { throw unknown(label: Self.canaryLabel) }
      return try resolution(of: canary.version, label: Self.canaryLabel)
    case let label?:
      guard let version = otherLabels[label] else { throw unknown(label: label) }
      return try resolution(of: version, label: label)
    }
  }

  private func resolution(of version: String, label: String?) throws(PromptResolutionFailure) -> PromptResolution {
    guard let text = versions[version] else {
      throw .unknownVersion(prompt: name, version: version, known: versions.keys.sorted(by: PromptVersionOrder.precedes))
    }
    return PromptResolution(version: version, text: text, label: label)
  }

  private func unknown(label: String) -> PromptResolutionFailure {
    .unknownLabel(prompt: name, label: label, known: labels.keys.sorted() + (canary == nil ? [] : [Self.canaryLabel]))
  }
}
