// JSON bodies as values: members in alphabetical order, so that a body is the same text every time.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

package enum PayloadJSON: Hashable, Sendable, Encodable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  case object([String: PayloadJSON])
  case array([PayloadJSON])
  case string(String)
  case number(Double)
  case boolean(Bool)

  package init(stringLiteral value: String) { self = .string(value) }

  /// An object without the members that are not there.
  static func members(_ members: [String: PayloadJSON?]) -> PayloadJSON { .object(members.compactMapValues { $0 }) }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .object(let members): try container.encode(members)
    case .array(let elements): try container.encode(elements)
    case .string(let text): try container.encode(text)
    case .number(let value): try container.encode(value)
    case .boolean(let value): try container.encode(value)
    }
  }

  package func bytes() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self))
  }
}

/// Texts within a vendor's limits.
package enum TextLimit {
  /// At most `limit` characters as UTF-16 counts them, which no receiver counts higher but in bytes; what is cut ends in `…`.
  package static func cut(_ text: String, to limit: Int) -> String {
    if text.utf16.count <= limit { return text }
    var result = ""
    var count = 1
    for character in text {
      count += character.utf16.count
      if count > limit { break }
      result.append(character)
    }
    return result + "…"
  }

  /// One line, without control characters.
  package static func line(_ text: String) -> String {
    String(
      text.map { $0.isNewline || $0 == "\t" ? " " : $0 }.filter {
        !$0.unicodeScalars.contains { $0.properties.generalCategory == .control }
      })
  }
}
