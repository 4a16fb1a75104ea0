// Parses what stands between the braces of a metric query: tags, `!`, AND, OR, NOT, IN, brackets, template variables.

enum TagFilterParser {
  /// Up to the closing brace, which it leaves.
  static func parse(_ scanner: inout QueryScanner) throws(QueryError) -> TagFilter {
    scanner.skipSpace()
    if scanner.peek() == "}" { throw scanner.error("`{}` is empty; `{*}` stands for everything") }
    return try alternatives(&scanner)
  }

  private static func alternatives(_ scanner: inout QueryScanner) throws(QueryError) -> TagFilter {
    var parts = [try conjunction(&scanner)]
    while true {
      scanner.skipSpace()
      guard scanner.takeKeyword("OR") else { break }
      parts.append(try conjunction(&scanner))
    }
    return parts.count == 1 ? parts[0] : .or(parts)
  }

  private static func conjunction(_ scanner: inout QueryScanner) throws(QueryError) -> TagFilter {
    var parts = [try negation(&scanner)]
    while true {
      scanner.skipSpace()
      guard scanner.take(",") || scanner.takeKeyword("AND") else { break }
      parts.append(try negation(&scanner))
    }
    return parts.count == 1 ? parts[0] : .and(parts)
  }

  private static func negation(_ scanner: inout QueryScanner) throws(QueryError) -> TagFilter {
    try scanner.enter()
    let filter = try bareNegation(&scanner)
    scanner.leave()
    return filter
  }

  private static func bareNegation(_ scanner: inout QueryScanner) throws(QueryError) -> TagFilter {
    scanner.skipSpace()
    if scanner.take("!") || scanner.takeKeyword("NOT") { return .not(try negation(&scanner)) }
    if scanner.take("(") {
      let inner = try alternatives(&scanner)
      try scanner.expect(")", "to close the bracket")
      return inner
    }
    return try tag(&scanner)
  }

  private static func tag(_ scanner: inout QueryScanner) throws(QueryError) -> TagFilter {
    let word = scanner.take { !$0.properties.isWhitespace && !",{}()!".unicodeScalars.contains($0) }
    guard !word.isEmpty else { throw scanner.error("expected a tag such as env:prod, found `\(scanner.rest)`") }
    if word == "*" { return .everything }
    let place = scanner.index
    scanner.skipSpace()
    let isNegative = scanner.takeKeyword("NOT")
    scanner.skipSpace()
    if scanner.takeKeyword("IN") {
      let inclusion = TagFilter.isOneOf(key: word, values: try values(&scanner))
      return isNegative ? .not(inclusion) : inclusion
    }
    scanner.move(to: place)
    if word.hasPrefix("$") { return .variable(String(word.dropFirst())) }
    guard let colon = word.firstIndex(of: ":") else { return .tag(key: nil, value: word) }
    let key = String(word[..<colon])
    guard !key.isEmpty else { throw scanner.error("`\(word)` has no key before its colon") }
    let value = String(word[word.index(after: colon)...])
    return value.hasPrefix("$") ? .variable(String(value.dropFirst())) : .tag(key: key, value: value)
  }

  private static func values(_ scanner: inout QueryScanner) throws(QueryError) -> [String] {
    scanner.skipSpace()
    try scanner.expect("(", "after IN")
    let text = scanner.take { $0 != ")" && $0 != "}" }
    try scanner.expect(")", "to close the values of IN")
    let values = text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
    if values.isEmpty { throw scanner.error("IN () names no value") }
    return values
  }
}
