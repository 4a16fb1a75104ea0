// What a spent error budget says to a promotion: no, unless a person gives a reason for the ledger. Pure.

import LLMTelemetry
import Monitors

/// Where one objective stands, with what was promised.
package struct ObjectiveStanding: Hashable, Sendable {
  package let definition: SLODefinition
  package let status: SLOStatus

  package init(_ definition: SLODefinition, _ status: SLOStatus) {
    self.definition = definition
    self.status = status
  }

  /// Nothing is left of the budget. Without data nobody knows, and nobody is held up.
  package var isSpent: Bool {
    guard status.valid > 0 else { return false }
    // Of 1,000 at 99.5 % five may be bad: decimals must not decide about the fifth.
    return status.budgetLeft <= status.budget * 1e-9
  }

  package var freezesPromotions: Bool { definition.whenSpent == .freezePromotions && isSpent }

  /// `availability (99.5 % over 30d): 812 bad of 120,000, 212 more than the 600 its error budget allows (135 % spent)`
  package var overspending: String {
    let over = max(0, -status.budgetLeft)
    let spent = status.budget > 0 ? " (\(Figure.percent(status.bad / status.budget)) spent)" : ""
    return "\(definition.name) (\(Figure.number(definition.target, decimals: 4)) % over \(definition.timeframe.rawValue)): "
      + "\(count(status.bad)) bad of \(count(status.valid)), \(count(over)) more than the \(count(status.budget)) its error budget allows\(spent)"
  }

  /// Events as whole numbers, times as times.
  private func count(_ value: Double) -> String {
    if case .uptime = definition.indicator { return Figure.duration(.milliseconds(Int64(value * 1_000))) }
    return value < 10 && value.rounded() != value ? Figure.number(value, decimals: 1) : Figure.count(Int64(value.rounded()))
  }
}

package enum PromotionFreeze {
  /// What belongs in the ledger before the promotion does; throws when a spent budget freezes it and no reason is given.
  /// - Parameter command: that was refused, for the remedy.
  package static func entries(
    prompt: String, version: String, standings: [ObjectiveStanding], overrideReason: String?, command: String, actor: String,
    at: Timestamp
  ) throws(CommandRefusal) -> [LedgerEntry] {
    let frozen = standings.filter(\.freezesPromotions).sorted { $0.definition.name < $1.definition.name }
    guard !frozen.isEmpty else { return [] }
    let standing = frozen.map(\.overspending)
    guard let reason = overrideReason.map(trimmed), !reason.isEmpty else {
      throw CommandRefusal(
        "promotions are frozen while an error budget is spent: \(standing.joined(separator: "; ")). Rolling back is never frozen. "
          + "To promote all the same, say why, for the ledger: `\(command) --override-freeze REASON`")
    }
    guard reason.utf8.count <= 1_000 else {
      throw CommandRefusal("a reason has at most 1,000 bytes; this one has \(reason.utf8.count)")
    }
    return [
      .promotion(
        PromotionRecord(
          at: at, prompt: prompt, version: version, actor: actor,
          event: .freezeOverridden(.init(objectives: frozen.map(\.definition.name), standing: standing, reason: reason))))
    ]
  }

  private static func trimmed(_ text: String) -> String {
    var text = text[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
