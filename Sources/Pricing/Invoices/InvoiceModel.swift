// Which model an invoice's line is about, from a model id, a display name or a vendor's SKU description.

import LLMTelemetry

extension PriceBook {
  /// The name under which a model's spans and its invoice lines meet: the book's own where it knows the model, else the name
  /// as it stands.
  package func canonicalName(_ model: String) -> String {
    if knows(model) { return model }
    return ModelName.alternatives(model).first { knows($0) } ?? ModelName.unqualified(model) ?? model
  }

  /// The model of an invoice's model, line item or SKU text: `gpt-4o-2024-08-06, input`, `Claude Opus 4.5`,
  /// `Gemini 2.5 Flash GA Text Input - Predictions`. A text that names no model of the book stays as it is and is matched
  /// with nothing: guessing would move money between models.
  package func invoicedModel(_ text: String) -> String {
    let item = text.split(separator: ",").first.map(String.init)?.trimmed ?? text
    let canonical = canonicalName(item)
    if knows(canonical) { return canonical }
    let words = Self.words(item)
    let dashed = canonicalName(words.joined(separator: "-").replacing(".", with: "-"))
    if knows(dashed) { return dashed }
    return described(words) ?? item
  }

  /// The longest known model whose words begin the description, when what follows says what was billed, not which model.
  private func described(_ words: [String]) -> String? {
    for length in stride(from: min(words.count, 8), to: 1, by: -1) {
      let name = words[..<length].joined(separator: "-")
      let candidates = [name, name.replacing(".", with: "-")]
      guard let model = candidates.first(where: knows) else { continue }
      guard let next = words.dropFirst(length).first else { return model }
      return Self.billedThings.contains(next) ? model : nil
    }
    return nil
  }

  /// Words that follow a model's name in a SKU and are no part of it.
  private static let billedThings: Set<String> = [
    "ga", "text", "input", "output", "thinking", "reasoning", "audio", "video", "cached", "cache", "caching", "batch", "flex",
    "priority", "long", "short", "context", "tokens", "token", "prediction", "predictions", "usage", "requests", "(batch)",
  ]

  private static func words(_ text: String) -> [String] {
    text.lowercased().split { $0 == " " || $0 == "_" || $0 == "\t" || $0 == "-" }.map(String.init)
  }
}

extension String {
  var trimmed: String {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
