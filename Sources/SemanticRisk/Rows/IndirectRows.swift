// Makes labelled documents for indirect injection: an attack put at the start, in the middle or at the end of a harmless document.

package enum IndirectRows {
  /// For every context one row as it is and `copies` with an attack each. A row's group is its attack's category, so that families
  /// are never divided; harmless rows are spread over all groups.
  package static func make(contexts: [LabelledRow], attacks: [LabelledRow], copies: Int, seed: UInt64) -> [LabelledRow] {
    guard !attacks.isEmpty else { return [] }
    var generator = SeededGenerator(seed: seed)
    var rows: [LabelledRow] = []
    for (number, context) in contexts.enumerated() {
      var harmless = context
      harmless.label = false
      harmless.group = attacks[number % attacks.count].set
      rows.append(harmless)
      for copy in 0..<copies {
        let attack = attacks[(number * copies + copy) % attacks.count]
        var row = context
        row.id = "\(context.id)-\(copy)"
        row.label = true
        row.group = attack.set
        let sentence = attack.subject
        let scalars = Array(context.context.unicodeScalars)
        // Between two words: at the start, somewhere, or at the end.
        let spaces = scalars.indices.filter { scalars[$0] == " " || scalars[$0] == "\n" }
        let place =
          switch copy % 3 {
          case 0: scalars.count
          case 1: 0
          default: spaces.isEmpty ? 0 : spaces[Int(generator.next() % UInt64(spaces.count))]
          }
        let separator = generator.next() % 2 == 0 ? " " : "\n"
        var text = String.UnicodeScalarView(scalars[..<place])
        if place > 0 { text.append(contentsOf: separator.unicodeScalars) }
        let start = text.count
        text.append(contentsOf: sentence.unicodeScalars)
        row.spans = [start..<text.count]
        if place < scalars.count { text.append(contentsOf: separator.unicodeScalars) }
        text.append(contentsOf: scalars[place...])
        row.context = String(text)
        rows.append(row)
      }
    }
    return rows
  }
}
