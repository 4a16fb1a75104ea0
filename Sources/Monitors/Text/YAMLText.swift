// YAML as it lies in a repository: one way to write a value, so that the same definition has the same text.

/// A value to write. Keys keep the order they are given in.
package indirect enum YAMLText: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    package var key: String
    package var value: YAMLText
  }

  case text(String)
  /// Written as it is: a number, a duration, a word of the language.
  case word(String)
  case list([YAMLText])
  case mapping([Member])
  /// On one line.
  case inline(YAMLText)

  package static func number(_ value: Double) -> YAMLText {
    .word(Int64(exactly: value).flatMap { $0.magnitude < 1 << 53 ? String($0) : nil } ?? "\(value)")
  }

  package static func duration(_ value: Duration) -> YAMLText { .word(DurationText.text(value)) }

  /// Members without a value are left out.
  package static func members(_ members: [(String, YAMLText?)]) -> YAMLText {
    .mapping(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
  }

  /// A list of texts on one line; `nil` when there is none.
  package static func texts(_ texts: [String]) -> YAMLText? { texts.isEmpty ? nil : .inline(.list(texts.map(YAMLText.text))) }

  /// The whole document, ending in a newline.
  package var document: String {
    var lines: [String] = []
    write(indent: 0, to: &lines)
    return lines.joined(separator: "\n") + "\n"
  }

  private var isScalar: Bool {
    switch self {
    case .text, .word, .inline: true
    case .list(let items): items.isEmpty
    case .mapping(let members): members.isEmpty
    }
  }

  private func write(indent: Int, to lines: inout [String]) {
    let margin = String(repeating: " ", count: indent)
    switch self {
    case _ where isScalar: lines.append(margin + line(inFlow: false))
    case .mapping(let members):
      for member in members {
        let key = Self.scalar(member.key, inFlow: false)
        if member.value.isScalar {
          lines.append("\(margin)\(key): \(member.value.line(inFlow: false))")
        } else {
          lines.append("\(margin)\(key):")
          member.value.write(indent: indent + 2, to: &lines)
        }
      }
    case .list(let items):
      for item in items {
        var inner: [String] = []
        item.write(indent: indent + 2, to: &inner)
        // The dash stands in the margin of the item's first line.
        if let first = inner.first { lines.append("\(margin)- \(first.dropFirst(indent + 2))") }
        lines += inner.dropFirst()
      }
    case .text, .word, .inline: break
    }
  }

  private func line(inFlow: Bool) -> String {
    switch self {
    case .text(let text): Self.scalar(text, inFlow: inFlow)
    case .word(let word): word
    case .inline(let value): value.line(inFlow: true)
    case .list(let items): "[\(items.map { $0.line(inFlow: true) }.joined(separator: ", "))]"
    case .mapping(let members):
      "{\(members.map { "\(Self.scalar($0.key, inFlow: true)): \($0.value.line(inFlow: true))" }.joined(separator: ", "))}"
    }
  }

  /// Plain where no reader can take it for anything else, in double quotes where one could.
  static func scalar(_ text: String, inFlow: Bool) -> String { isPlain(text, inFlow: inFlow) ? text : quoted(text) }

  private static let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"]

  private static func isPlain(_ text: String, inFlow: Bool) -> Bool {
    guard let first = text.unicodeScalars.first, first.isASCII, first.properties.isAlphabetic, text.last != " ", text.last != ":",
      !words.contains(text.lowercased()), !text.contains(": "), !text.contains(" #")
    else { return false }
    let marks: Set<Unicode.Scalar> =
      inFlow ? Set(" _-./()@:%".unicodeScalars) : Set(" _-./()@:%,;{}[]\"'=+*!?<>&|$#".unicodeScalars)
    return text.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil) || marks.contains($0)
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      // What readers fold, refuse or take for the end of a line.
      case _
      where scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value) || (0x2028...0x2029).contains(scalar.value)
        || scalar.value == 0xFEFF || (0xFFFE...0xFFFF).contains(scalar.value & 0xFFFF):
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let width = scalar.value > 0xFFFF ? 8 : 4
        result += (width == 8 ? "\\U" : "\\u") + String(repeating: "0", count: width - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
