// Reads a query from left to right, and knows where it is when something is wrong.

struct QueryScanner {
  private let text: [Unicode.Scalar]
  private(set) var index = 0
  private var depth = 0
  /// Brackets and signs within each other; deeper ones are nobody's query.
  private static let depthLimit = 200

  init(_ text: String) { self.text = Array(text.unicodeScalars) }

  var isAtEnd: Bool { index >= text.count }
  func peek(_ offset: Int = 0) -> Unicode.Scalar? { index + offset < text.count ? text[index + offset] : nil }

  func error(_ message: String) -> QueryError { QueryError(column: index + 1, message: message) }

  mutating func enter() throws(QueryError) {
    depth += 1
    if depth > Self.depthLimit { throw error("brackets and signs are more than \(Self.depthLimit) deep") }
  }

  mutating func leave() { depth -= 1 }

  mutating func skipSpace() { while let next = peek(), next.properties.isWhitespace { index += 1 } }

  /// What is left, for messages.
  var rest: String { String(String.UnicodeScalarView(text[index...].prefix(24))) }

  mutating func move(to place: Int) { index = place }

  mutating func take(_ word: String) -> Bool {
    let scalars = Array(word.unicodeScalars)
    guard index + scalars.count <= text.count, Array(text[index..<index + scalars.count]) == scalars else { return false }
    index += scalars.count
    return true
  }

  /// A word that does not go on: `by` and not the start of `bytes`.
  mutating func takeKeyword(_ word: String) -> Bool {
    let start = index
    let length = word.unicodeScalars.count
    guard start + length <= text.count,
      String(String.UnicodeScalarView(text[start..<start + length])).lowercased() == word.lowercased()
    else { return false }
    if let after = peek(length), Self.isNamePart(after) { return false }
    index = start + length
    return true
  }

  mutating func expect(_ word: String, _ why: String) throws(QueryError) {
    skipSpace()
    guard take(word) else { throw error("expected `\(word)` \(why), found \(isAtEnd ? "the end" : "`\(rest)`")") }
  }

  mutating func take(while condition: (Unicode.Scalar) -> Bool) -> String {
    let start = index
    while let next = peek(), condition(next) { index += 1 }
    return String(String.UnicodeScalarView(text[start..<index]))
  }

  mutating func number() -> Double? {
    let start = index
    var digits = ""
    if let sign = peek(), sign == "-" || sign == "+" {
      digits.unicodeScalars.append(sign)
      index += 1
    }
    digits += take { $0.value >= 48 && $0.value <= 57 || $0 == "." }
    if let exponent = peek(), exponent == "e" || exponent == "E", let after = peek(1),
      after == "-" || after == "+" || after.value >= 48 && after.value <= 57
    {
      index += 1
      digits += "e"
      if let sign = peek(), sign == "-" || sign == "+" {
        digits.unicodeScalars.append(sign)
        index += 1
      }
      digits += take { $0.value >= 48 && $0.value <= 57 }
    }
    guard let value = Double(digits) else {
      index = start
      return nil
    }
    return value
  }

  /// `"text"` or `'text'`, with backslash escapes; `nil` when no quote begins here.
  mutating func quoted() throws(QueryError) -> String? {
    guard let quote = peek(), quote == "\"" || quote == "'" else { return nil }
    let start = index
    index += 1
    var value = String.UnicodeScalarView()
    while let next = peek() {
      index += 1
      if next == "\\", let escaped = peek() {
        index += 1
        if escaped != quote && escaped != "\\" { value.append("\\") }
        value.append(escaped)
      } else if next == quote {
        return String(value)
      } else {
        value.append(next)
      }
    }
    index = start
    throw error("this quote is never closed")
  }

  static func isNameStart(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isAlphabetic || scalar == "_" }
  static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
    isNameStart(scalar) || scalar.value >= 48 && scalar.value <= 57 || scalar == "."
  }
}

enum QueryTime {
  /// Seconds of `5m`, `1h`, `10d`, `1w`, `1mo` (30 days), `30s`; `nil` for anything else.
  static func seconds(_ text: some StringProtocol) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int(digits), count > 0, count < 100_000 else { return nil }
    let units = [
      "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "mo": 2_592_000, "min": 60,
    ]
    return units[String(text.dropFirst(digits.count))].map { $0 * count }
  }

  /// Seconds of `last_5m`, `current_1mo`, `next_1w`.
  static func window(_ word: String) -> Int? {
    for prefix in ["last_", "current_", "next_"] where word.hasPrefix(prefix) { return seconds(word.dropFirst(prefix.count)) }
    return nil
  }
}
