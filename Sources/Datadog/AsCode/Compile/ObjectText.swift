// JSON as it lies in a repository: keys in order, one value a line, the same bytes for the same object.

package enum ObjectText {
  /// Ends in a newline.
  package static func text(of value: JSONValue) -> String {
    var text = ""
    write(value, indent: 0, to: &text)
    return text + "\n"
  }

  /// On one line, for people.
  package static func line(of value: JSONValue) -> String {
    // A text holds no line breaks once it is written, so those that are there stand between the parts.
    text(of: value).split(separator: "\n").map { String($0).trimmed }.joined(separator: " ")
  }

  private static func write(_ value: JSONValue, indent: Int, to text: inout String) {
    switch value {
    case .null: text += "null"
    case .bool(let truth): text += truth ? "true" : "false"
    case .number(let number): text += number.isFinite ? MetricQueryText.number(number) : "null"
    case .string(let string): write(string, to: &text)
    case .array(let list) where list.isEmpty: text += "[]"
    case .array(let list):
      text += "[\n"
      for (index, item) in list.enumerated() {
        text += String(repeating: "  ", count: indent + 1)
        write(item, indent: indent + 1, to: &text)
        text += index == list.count - 1 ? "\n" : ",\n"
      }
      text += String(repeating: "  ", count: indent) + "]"
    case .object(let members) where members.isEmpty: text += "{}"
    case .object(let members):
      text += "{\n"
      // By code units, so that no locale has a say.
      let keys = members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      for (index, key) in keys.enumerated() {
        text += String(repeating: "  ", count: indent + 1)
        write(key, to: &text)
        text += ": "
        write(members[key] ?? .null, indent: indent + 1, to: &text)
        text += index == keys.count - 1 ? "\n" : ",\n"
      }
      text += String(repeating: "  ", count: indent) + "}"
    }
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
