// One text for one set of tags: the key of a series in the database.

import LLMMetrics

/// `name=value` lines in the order of `TagSet`; backslash and newline inside a value are escaped, names have neither.
enum TagText {
  static func encode(_ tags: TagSet) -> String {
    tags.tags.map { "\($0.name)=\(escape($0.value))" }.joined(separator: "\n")
  }

  static func decode(_ text: String) -> TagSet {
    TagSet(
      text.split(separator: "\n").compactMap { line in
        guard let equals = line.firstIndex(of: "=") else { return nil }
        return TagSet.Tag(name: String(line[..<equals]), value: unescape(line[line.index(after: equals)...]))
      })
  }

  private static func escape(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) else {
      return value
    }
    var result = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func unescape(_ value: Substring) -> String {
    guard value.utf8.contains(UInt8(ascii: "\\")) else { return String(value) }
    var result = ""
    var isEscaped = false
    for scalar in value.unicodeScalars {
      if isEscaped {
        result.unicodeScalars.append(scalar == "n" ? "\n" : scalar == "r" ? "\r" : scalar)
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
