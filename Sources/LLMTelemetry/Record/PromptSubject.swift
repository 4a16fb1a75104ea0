// What a change of kind `promptVersion` is about: a label of a prompt, its canary, or the text of one of its versions.

/// The `subject` of such a change, in words that a person reads on a timeline:
///
/// | subject | from, to |
/// |---|---|
/// | `rag-answer` | the version with the label `production`: what the subject has always been |
/// | `rag-answer@staging` | the version with another label; no `to`: the label was taken away |
/// | `rag-answer@canary` | `43 10%`: version and share; no `to`: the canary was stopped |
/// | `rag-answer#43` | no `from`; `to` is the start of the SHA-256 of the version's text, written when the version is first seen |
///
/// Names of prompts have neither `@` nor `#`, which the configuration sees to.
package enum PromptSubject: Hashable, Sendable, CustomStringConvertible {
  case production(prompt: String)
  case label(prompt: String, label: String)
  case canary(prompt: String)
  case text(prompt: String, version: String)

  package init(_ subject: String) {
    guard let mark = subject.firstIndex(where: { $0 == "@" || $0 == "#" }) else {
      self = .production(prompt: subject)
      return
    }
    let prompt = String(subject[..<mark])
    let rest = String(subject[subject.index(after: mark)...])
    switch (subject[mark], rest) {
    case ("#", _): self = .text(prompt: prompt, version: rest)
    case (_, "production"): self = .production(prompt: prompt)
    case (_, "canary"): self = .canary(prompt: prompt)
    default: self = .label(prompt: prompt, label: rest)
    }
  }

  package var prompt: String {
    switch self {
    case .production(let prompt), .label(let prompt, _), .canary(let prompt), .text(let prompt, _): prompt
    }
  }

  package var description: String {
    switch self {
    case .production(let prompt): prompt
    case .label(let prompt, let label): "\(prompt)@\(label)"
    case .canary(let prompt): "\(prompt)@canary"
    case .text(let prompt, let version): "\(prompt)#\(version)"
    }
  }
}

extension ChangeEvent {
  /// `nil` for changes of another kind.
  package var promptSubject: PromptSubject? { kind == .promptVersion ? PromptSubject(subject) : nil }

  /// True where the change only writes down what a version's text is, so that it can be held to it: nothing that serves requests
  /// was changed, and no signal can have moved because of it.
  package var isPromptText: Bool {
    if case .text = promptSubject { true } else { false }
  }

  /// The version that requests of the prompt may get since this change: of a canary, the part of `to` before its share.
  package var promptVersion: String? {
    switch promptSubject {
    case .production, .label: to
    case .canary: to.map { value in value.lastIndex(of: " ").map { String(value[..<$0]) } ?? value }
    case .text, nil: nil
    }
  }
}
