// One DogStatsD line, byte for byte as Datadog's own Python client writes it.

import LLMMetrics
import LLMTelemetry

enum DogStatsDLine {
  /// `|c`, `|g` or `|d`, then the rate, the tags, the origin and the time, in the Python client's order. `constantTags` come
  /// last, those the series has itself left out.
  ///
  /// - Parameters:
  ///   - rate: the share of samples that was kept; the Agent counts each of them `1 / rate` times.
  ///   - time: for counts and gauges that belong to another time than now; the Agent does not add those up.
  static func suffix(
    _ definition: MetricDefinition, tags: TagSet, constantTags: TagSet, rate: Double = 1, origin: String = "",
    time: Int64? = nil
  ) -> String {
    var text =
      switch definition.type {
      case .count: "|c"
      case .distribution: "|d"
      case .gauge: "|g"
      }
    if rate < 1 { text += "|@\(rate)" }
    let all = tags.tags + constantTags.tags.filter { tags[$0.name] == nil }
    if !all.isEmpty { text += "|#" + all.map { sanitized("\($0.name):\($0.value)") }.joined(separator: ",") }
    text += origin
    if let time, definition.type != .distribution { text += "|T\(time)" }
    return text
  }

  /// Dollars as exact decimals, all else as integers.
  static func count(_ value: Int64, unit: MetricUnit) -> String {
    unit == .dollar ? Nanodollars(value).decimalDollars : String(value)
  }

  /// The shortest text that reads back as the same number. Swift and Python agree on it below 2^53.
  static func sample(_ value: Double) -> String { value.description }

  /// Everything but letters, digits and `_ - : / .` becomes `_`: separators of the protocol, white space, quotes.
  static func sanitized(_ tag: String) -> String {
    if tag.utf8.allSatisfy(isPlain) { return tag }
    var result = String.UnicodeScalarView()
    for scalar in tag.unicodeScalars { result.append(isKept(scalar) ? scalar : "_") }
    return String(result)
  }

  static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-")...UInt8(ascii: ":"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// What `\w` means to Python's `re` in Unicode text, and the four other characters the client keeps.
  static func isKept(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return isPlain(UInt8(scalar.value)) }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber,
      .otherNumber:
      return true
    default: return false
    }
  }
}
