// What `commander prompt` prints: what was changed, how to undo it, and how two versions differ. Pure.

import Console
import Gateway
import LLMTelemetry

package enum PromptOutput {
  /// `production of rag-answer: 42 → 43`
  package static func sentence(_ change: ChangeEvent) -> String {
    let values = "\(change.from ?? "none") → \(change.to ?? "none")"
    switch change.promptSubject {
    case .production(let prompt): return "production of \(prompt): \(values)"
    case .label(let prompt, let label): return "\(label) of \(prompt): \(values)"
    case .canary(let prompt): return "canary of \(prompt): \(values)"
    case .text, nil: return "\(change.subject): \(values)"
    }
  }

  /// The command that makes it as it was; `nil` where there was nothing before.
  package static func undo(_ change: ChangeEvent) -> String? {
    switch (change.promptSubject, change.from) {
    case (.production(let prompt), let version?): "commander prompt promote \(quoted(prompt)) \(quoted(version))"
    case (.label(let prompt, let label), let version?):
      "commander prompt promote \(quoted(prompt)) \(quoted(version)) --label \(quoted(label))"
    case (.canary(let prompt), nil): "commander prompt canary \(quoted(prompt)) --stop"
    case (.canary(let prompt), let text?):
      ManagedPrompt.Canary(text: text).map {
        "commander prompt canary \(quoted(prompt)) \(quoted($0.version)) --share \($0.share)"
      }
    default: nil
    }
  }

  package static func table(_ prompts: [PromptSummary]) -> String {
    TableOutput.render(
      ["PROMPT", "PRODUCTION", "ROLLBACK TO", "CANARY", "LABELS", "VERSIONS"],
      prompts.map { prompt in
        let labels = prompt.labels.filter { $0.key != ManagedPrompt.productionLabel }.sorted { $0.key < $1.key }
        return [
          prompt.name, prompt.production ?? "-", prompt.earlier[ManagedPrompt.productionLabel] ?? "-",
          prompt.canary.map {
            ManagedPrompt.Canary(
              version: $0.version, sharePerMille: Int(($0.share * Double(ManagedPrompt.Canary.wholePerMille)).rounded())
            ).text
          } ?? "-",
          labels.isEmpty ? "-" : labels.map { "\($0.key)=\($0.value)" }.joined(separator: " "),
          prompt.versions.joined(separator: " "),
        ]
      })
  }

  /// Every line of both texts: ` ` in both, `-` only in the old one, `+` only in the new one.
  package static func difference(prompt: String, from old: PromptVersionText, to new: PromptVersionText) -> String {
    func lines(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    let oldLines = lines(old.text)
    let newLines = lines(new.text)
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in newLines.difference(from: oldLines) {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    var output = ["--- \(prompt) \(old.version) (\(old.sha256))", "+++ \(prompt) \(new.version) (\(new.sha256))"]
    var left = 0
    var right = 0
    while left < oldLines.count || right < newLines.count {
      if removed.contains(left) {
        output.append("-\(oldLines[left])")
        left += 1
      } else if inserted.contains(right) {
        output.append("+\(newLines[right])")
        right += 1
      } else {
        output.append(" \(oldLines[left])")
        left += 1
        right += 1
      }
    }
    return output.joined(separator: "\n")
  }

  /// A word for a shell.
  static func quoted(_ word: String) -> String {
    PromptRegistry.isLabel(word) ? word : "'\(word.replacing("'", with: "'\\''"))'"
  }

  /// A segment of an address's path.
  package static func escaped(_ name: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    return name.utf8.reduce(into: "") { text, byte in
      let scalar = Unicode.Scalar(byte)
      if byte < 128, scalar.properties.isAlphabetic || (48...57).contains(byte) || "-._~".unicodeScalars.contains(scalar) {
        text.unicodeScalars.append(scalar)
      } else {
        text += "%" + String(decoding: [digits[Int(byte >> 4)], digits[Int(byte & 15)]], as: UTF8.self)
      }
    }
  }
}
