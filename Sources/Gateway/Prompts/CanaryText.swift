// A canary and its share as people write them and as the ledger keeps them: `10%`, `43 10%`.

extension ManagedPrompt.Canary {
  /// `10%`, `12.5%`.
  package var share: String {
    let tenths = sharePerMille % 10
    return tenths == 0 ? "\(sharePerMille / 10)%" : "\(sharePerMille / 10).\(tenths)%"
  }

  /// `43 10%`
  package var text: String { "\(version) \(share)" }

  /// Reads what `text` wrote; `nil` for anything else.
  package init?(text: String) {
    guard let space = text.lastIndex(of: " "), space > text.startIndex,
      let share = Self.perMille(share: text[text.index(after: space)...])
    else { return nil }
    self.init(version: String(text[..<space]), sharePerMille: share)
  }

  /// `0.1%` to `100%` with at most one digit after the point; `nil` for anything else, since rounding a share silently would
  /// send other requests to a version than its author agreed to.
  package static func perMille(share text: some StringProtocol) -> Int? {
    guard text.last == "%" else { return nil }
    let parts = text.dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let whole = number(first, digits: 1...3) else { return nil }
    var tenths = 0
    if parts.count == 2 {
      guard let number = number(parts[1], digits: 1...1) else { return nil }
      tenths = number
    }
    let share = whole * 10 + tenths
    return (1...wholePerMille).contains(share) ? share : nil
  }

  private static func number(_ text: some StringProtocol, digits: ClosedRange<Int>) -> Int? {
    guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(text)
  }

  /// What a message says when `perMille` gave nothing.
  package static let shareRemedy =
    "write a percentage from 0.1% to 100% with at most one digit after the point, such as 10% or 0.5%"
}
