// Parses metric queries, and arithmetic and functions over them.

package enum MetricExpressionParser {
  /// A whole query of a widget or an SLO: `100 * sum:a{*}.as_count() / sum:b{*}.as_count()`, `anomalies(avg:m{*}, 'basic', 2)`.
  package static func parse(_ text: String) throws(QueryError) -> MetricExpression {
    var scanner = QueryScanner(text)
    let expression = try expression(&scanner)
    scanner.skipSpace()
    guard scanner.isAtEnd else { throw scanner.error("did not expect `\(scanner.rest)` after the query") }
    return expression
  }

  static let aggregators: Set<String> = [
    "avg", "sum", "min", "max", "count", "last", "histogram", "median", "area", "norm", "l2norm",
  ]

  static func isAggregator(_ word: String) -> Bool {
    if aggregators.contains(word) { return true }
    guard word.first == "p", let percentile = Double(word.dropFirst()) else { return false }
    return percentile > 0 && percentile < 100
  }

  static func expression(_ scanner: inout QueryScanner) throws(QueryError) -> MetricExpression {
    var left = try product(&scanner)
    while true {
      scanner.skipSpace()
      guard let sign = scanner.peek(), sign == "+" || sign == "-" else { return left }
      _ = scanner.take(String(sign))
      left = .binary(String(sign), left, try product(&scanner))
    }
  }

  private static func product(_ scanner: inout QueryScanner) throws(QueryError) -> MetricExpression {
    var left = try operand(&scanner)
    while true {
      scanner.skipSpace()
      guard let sign = scanner.peek(), sign == "*" || sign == "/" else { return left }
      _ = scanner.take(String(sign))
      left = .binary(String(sign), left, try operand(&scanner))
    }
  }

  private static func operand(_ scanner: inout QueryScanner) throws(QueryError) -> MetricExpression {
    try scanner.enter()
    let operand = try bareOperand(&scanner)
    scanner.leave()
    return operand
  }

  private static func bareOperand(_ scanner: inout QueryScanner) throws(QueryError) -> MetricExpression {
    scanner.skipSpace()
    guard let next = scanner.peek() else { throw scanner.error("the query ends where a metric or a number should be") }
    if next == "(" {
      _ = scanner.take("(")
      let inner = try expression(&scanner)
      try scanner.expect(")", "to close the bracket")
      return try modified(inner, &scanner)
    }
    if next == "-" {
      _ = scanner.take("-")
      return .negative(try operand(&scanner))
    }
    if let text = try scanner.quoted() { return .text(text) }
    if next.value >= 48 && next.value <= 57 || next == "." {
      guard let number = scanner.number() else { throw scanner.error("`\(scanner.rest)` is no number") }
      return .number(number)
    }
    guard QueryScanner.isNameStart(next) else { throw scanner.error("did not expect `\(scanner.rest)`") }
    return try named(&scanner)
  }

  /// What begins with a name: a metric query, a function, or the name of a query in a formula.
  private static func named(_ scanner: inout QueryScanner) throws(QueryError) -> MetricExpression {
    let start = scanner.index
    let word = scanner.take(while: QueryScanner.isNamePart)
    if scanner.peek() == ":" {
      guard isAggregator(word) else {
        scanner.move(to: start)
        throw scanner.error("`\(word)` is no aggregator; use avg, sum, min, max, count or a percentile such as p95")
      }
      _ = scanner.take(":")
      return .query(try metricQuery(&scanner, aggregator: word))
    }
    if scanner.peek() == "{" { return .query(try metricQuery(&scanner, aggregator: nil, metric: word)) }
    if word == "count", let condition = try valueCondition(&scanner) {
      var query = try metricQuery(&scanner, aggregator: word)
      query.valueCondition = condition
      return .query(query)
    }
    if scanner.peek() == "(" {
      _ = scanner.take("(")
      return try modified(.call(word, try arguments(&scanner)), &scanner)
    }
    return .reference(word)
  }

  /// The `(v: v<=3):` of `count(v: v<=3):m{*}`, which counts the values of a distribution on one side of a bound; leaves anything else.
  private static func valueCondition(_ scanner: inout QueryScanner) throws(QueryError) -> String? {
    let start = scanner.index
    guard scanner.take("(") else { return nil }
    scanner.skipSpace()
    guard scanner.take("v") else {
      scanner.move(to: start)
      return nil
    }
    scanner.skipSpace()
    guard scanner.take(":") else {
      scanner.move(to: start)
      return nil
    }
    let condition = scanner.take { $0 != ")" }.trimmed
    try scanner.expect(")", "to close the condition on the values")
    try scanner.expect(":", "and the metric whose values are counted")
    return condition
  }

  private static func arguments(_ scanner: inout QueryScanner) throws(QueryError) -> [MetricExpression.Argument] {
    var arguments: [MetricExpression.Argument] = []
    scanner.skipSpace()
    if scanner.take(")") { return arguments }
    while true {
      scanner.skipSpace()
      let start = scanner.index
      let name = scanner.take(while: QueryScanner.isNamePart)
      scanner.skipSpace()
      if !name.isEmpty, scanner.peek() == "=", scanner.peek(1) != "=" {
        _ = scanner.take("=")
        arguments.append(.init(name: name, value: try expression(&scanner)))
      } else {
        scanner.move(to: start)
        arguments.append(.init(name: nil, value: try argument(&scanner)))
      }
      scanner.skipSpace()
      if scanner.take(")") { return arguments }
      try scanner.expect(",", "or `)` after an argument")
    }
  }

  /// An argument without quotes may be a time (`1w`), which is no expression.
  private static func argument(_ scanner: inout QueryScanner) throws(QueryError) -> MetricExpression {
    let start = scanner.index
    let word = scanner.take { QueryScanner.isNamePart($0) || $0 == "-" }
    if QueryTime.seconds(word) != nil, let after = scanner.peek(), after == "," || after == ")" { return .text(word) }
    scanner.move(to: start)
    return try expression(&scanner)
  }

  /// `.rollup(…)` and the like may follow a bracket or a function too; there they are a call around it.
  private static func modified(_ inner: MetricExpression, _ scanner: inout QueryScanner) throws(QueryError) -> MetricExpression {
    var result = inner
    while scanner.peek() == ".", let next = scanner.peek(1), QueryScanner.isNameStart(next) {
      let modifier = try modifier(&scanner)
      result = .call(
        modifier.name, [.init(name: nil, value: result)] + modifier.arguments.map { .init(name: nil, value: .text($0)) })
    }
    return result
  }

  private static func modifier(_ scanner: inout QueryScanner) throws(QueryError) -> MetricQuery.Modifier {
    _ = scanner.take(".")
    let name = scanner.take { QueryScanner.isNameStart($0) || $0.value >= 48 && $0.value <= 57 }
    scanner.skipSpace()
    try scanner.expect("(", "after `.\(name)`")
    var arguments: [String] = []
    while true {
      scanner.skipSpace()
      if scanner.take(")") { break }
      if let text = try scanner.quoted() {
        arguments.append(text)
      } else {
        let word = scanner.take { $0 != "," && $0 != ")" && $0 != "(" }
        guard !word.isEmpty else { throw scanner.error("expected an argument of `.\(name)`") }
        arguments.append(word.trimmed)
      }
      scanner.skipSpace()
      if !scanner.take(","), scanner.peek() != ")" {
        throw scanner.error("expected `,` or `)` in the arguments of `.\(name)`")
      }
    }
    return MetricQuery.Modifier(name: name, arguments: arguments)
  }

  private static func metricQuery(
    _ scanner: inout QueryScanner, aggregator: String?, metric known: String? = nil
  ) throws(QueryError) -> MetricQuery {
    let metric: String
    if let known {
      metric = known
    } else {
      scanner.skipSpace()
      metric = scanner.take { QueryScanner.isNamePart($0) || $0 == "-" || $0 == "/" }
      guard let first = metric.unicodeScalars.first, first.properties.isAlphabetic else {
        throw scanner.error("expected the name of a metric after `\(aggregator ?? ""):`")
      }
    }
    scanner.skipSpace()
    guard scanner.take("{") else { throw scanner.error("expected `{` with the tags of \(metric), or `{*}` for all of it") }
    let filter = try TagFilterParser.parse(&scanner)
    try scanner.expect("}", "to close the tags of \(metric)")
    var groups: [String] = []
    let end = scanner.index
    scanner.skipSpace()
    if scanner.takeKeyword("by") {
      scanner.skipSpace()
      try scanner.expect("{", "after `by`")
      let text = scanner.take { $0 != "}" }
      try scanner.expect("}", "to close the groups")
      groups = text.split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
      if groups.isEmpty { throw scanner.error("`by {}` names no tag") }
    } else {
      scanner.move(to: end)
    }
    var modifiers: [MetricQuery.Modifier] = []
    while true {
      let place = scanner.index
      scanner.skipSpace()
      guard scanner.peek() == ".", let next = scanner.peek(1), QueryScanner.isNameStart(next) else {
        scanner.move(to: place)
        break
      }
      modifiers.append(try modifier(&scanner))
    }
    return MetricQuery(aggregator: aggregator, metric: metric, filter: filter, groups: groups, modifiers: modifiers)
  }
}

extension String {
  var trimmed: String {
    var text = Substring(self)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
