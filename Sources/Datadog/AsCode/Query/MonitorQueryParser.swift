// Parses the query of a Datadog monitor in the grammar that its type has.

import Monitors

package enum MonitorQueryParser {
  /// What a query begins with decides its form; the monitor's `type` then has to fit it.
  package static func parse(_ text: String) throws(QueryError) -> DatadogMonitorQuery {
    var scanner = QueryScanner(text)
    scanner.skipSpace()
    if scanner.isAtEnd { throw scanner.error("the query is empty") }
    if scanner.peek() == "\"" { return try serviceCheck(&scanner) }
    let start = scanner.index
    let word = scanner.take { QueryScanner.isNamePart($0) || $0 == "-" }
    let isCall = scanner.peek() == "("
    scanner.move(to: start)
    if isCall {
      switch word {
      case "formula": return try formula(&scanner)
      case "error_budget", "burn_rate": return try objective(&scanner)
      case "change", "pct_change": return try metric(&scanner)
      default:
        if searches.contains(word) || word.hasPrefix("error-tracking") || word == "processes" { return try search(&scanner) }
        if timeAggregators.contains(word) { return try metric(&scanner) }
        // New sources come, and all are asked alike: a search in quotes.
        if let quote = scanner.peek(word.unicodeScalars.count + 1), quote == "\"" || quote == "'" { return try search(&scanner) }
      }
    }
    if let first = scanner.peek(), first == "!" || first == "(" || first.value >= 48 && first.value <= 57 || first == "$" {
      return .composite(try composite(&scanner))
    }
    throw scanner.error(
      "`\(word)` begins no monitor query; a metric monitor is written avg(last_5m):avg:METRIC{TAGS} > THRESHOLD")
  }

  static let searches: Set<String> = [
    "logs", "trace-analytics", "rum", "events", "event-v2", "ci-pipelines", "ci-tests", "audit", "llm-observability",
    "llm_observability", "security", "database-monitoring", "network-performance", "synthetics-ci-batches", "error-tracking",
    "error-tracking-rum", "error-tracking-logs", "error-tracking-traces", "cost", "product-analytics", "network-path", "spans",
  ]

  static let timeAggregators: Set<String> = [
    "avg", "sum", "min", "max", "count", "last", "percentile", "p50", "p75", "p90", "p95", "p99",
  ]

  // MARK: Metric monitors

  private static func metric(_ scanner: inout QueryScanner) throws(QueryError) -> DatadogMonitorQuery {
    var change: (kind: String, shift: Int)?
    var kind: String?
    for word in ["pct_change", "change"] where kind == nil && scanner.take(word + "(") { kind = word }
    let aggregator = scanner.take(while: QueryScanner.isNamePart)
    guard timeAggregators.contains(aggregator) else {
      throw scanner.error("`\(aggregator)` does not aggregate over time; use avg, sum, min, max or count")
    }
    try scanner.expect("(", "with the window, such as (last_5m)")
    let windowPlace = scanner
    let windowWord = scanner.take(while: QueryScanner.isNamePart)
    guard let window = QueryTime.window(windowWord) else {
      throw windowPlace.error("`\(windowWord)` is no window; write last_5m, last_1h, last_1d")
    }
    try scanner.expect(")", "to close the window")
    if let kind {
      try scanner.expect(",", "and what is compared with, such as last_1h")
      scanner.skipSpace()
      let shiftPlace = scanner
      let shiftWord = scanner.take(while: QueryScanner.isNamePart)
      guard let shift = QueryTime.window(shiftWord) ?? shiftSeconds(shiftWord) else {
        throw shiftPlace.error("`\(shiftWord)` is no time to compare with; write last_1h or 1h_ago")
      }
      change = (kind, shift)
      try scanner.expect(")", "to close \(kind)")
    }
    try scanner.expect(":", "between the window and the query")
    let expression = try MetricExpressionParser.expression(&scanner)
    if expression.queries.isEmpty { throw scanner.error("the query names no metric") }
    let (comparison, threshold) = try comparison(&scanner)
    return .metric(
      .init(timeAggregator: aggregator, window: window, change: change, expression: expression), comparison, threshold)
  }

  /// `1h_ago`, `1w_ago`.
  private static func shiftSeconds(_ word: String) -> Int? {
    word.hasSuffix("_ago") ? QueryTime.seconds(word.dropLast(4)) : nil
  }

  /// A comparison with a number, and nothing after it: `window > window * k` is no monitor query.
  private static func comparison(_ scanner: inout QueryScanner) throws(QueryError) -> (QueryComparison, Double) {
    scanner.skipSpace()
    var found: QueryComparison?
    for comparison in QueryComparison.allCases where found == nil && scanner.take(comparison.rawValue) { found = comparison }
    guard let found else {
      throw scanner.error(
        scanner.isAtEnd ? "the query compares with nothing; end it with > NUMBER" : "invalid operator: `\(scanner.rest)`")
    }
    scanner.skipSpace()
    guard let value = scanner.number() else {
      throw scanner.error(
        "expected a number after `\(found.rawValue)`, found `\(scanner.rest)`: a monitor compares one query with one number")
    }
    scanner.skipSpace()
    guard scanner.isAtEnd else {
      throw scanner.error("did not expect `\(scanner.rest)` after the threshold: a monitor compares one query with one number")
    }
    return (found, value)
  }

  // MARK: Searches and formulas

  private static func call(_ scanner: inout QueryScanner) throws(QueryError) -> (name: String, arguments: [String]) {
    let name = scanner.take { QueryScanner.isNameStart($0) || $0.value >= 48 && $0.value <= 57 || $0 == "-" }
    try scanner.expect("(", "after `\(name)`")
    var arguments: [String] = []
    while true {
      scanner.skipSpace()
      if scanner.take(")") { return (name, arguments) }
      if let text = try scanner.quoted() {
        arguments.append(text)
      } else {
        let word = scanner.take { $0 != "," && $0 != ")" }
        guard !word.trimmed.isEmpty else { throw scanner.error("expected an argument of `\(name)`") }
        arguments.append(word.trimmed)
      }
      scanner.skipSpace()
      if !scanner.take(","), scanner.peek() != ")" { throw scanner.error("expected `,` or `)` in the arguments of `\(name)`") }
    }
  }

  /// `.rollup("count").by("service").last("5m")`, in any order.
  private static func chain(_ scanner: inout QueryScanner) throws(QueryError) -> [(name: String, arguments: [String])] {
    var calls: [(name: String, arguments: [String])] = []
    while true {
      scanner.skipSpace()
      guard scanner.take(".") else { return calls }
      calls.append(try call(&scanner))
    }
  }

  private static func window(
    _ calls: [(name: String, arguments: [String])], _ scanner: QueryScanner
  ) throws(QueryError) -> Int {
    guard let last = calls.first(where: { $0.name == "last" || $0.name == "current" || $0.name == "next" }) else {
      throw scanner.error("the query has no window: add .last(\"5m\")")
    }
    guard let text = last.arguments.first, let seconds = QueryTime.seconds(text) ?? QueryTime.window(text) else {
      throw scanner.error("`\(last.arguments.first ?? "")` is no window; write .last(\"5m\")")
    }
    return seconds
  }

  private static func search(_ scanner: inout QueryScanner) throws(QueryError) -> DatadogMonitorQuery {
    let (source, arguments) = try call(&scanner)
    let calls = try chain(&scanner)
    let window = try window(calls, scanner)
    let rollup = calls.first { $0.name == "rollup" }?.arguments ?? []
    if rollup.isEmpty, source != "processes" { throw scanner.error("the query has no .rollup(\"count\")") }
    let (comparison, threshold) = try comparison(&scanner)
    let groups = calls.filter { $0.name == "by" }.flatMap(\.arguments).flatMap {
      $0.split(separator: ",").map { String($0).trimmed }
    }
    return .search(
      .init(source: source, text: arguments.first ?? "", rollup: rollup, groups: groups, window: window), comparison, threshold)
  }

  private static func formula(_ scanner: inout QueryScanner) throws(QueryError) -> DatadogMonitorQuery {
    let (_, arguments) = try call(&scanner)
    guard let text = arguments.first, arguments.count == 1 else { throw scanner.error("formula takes one text in quotes") }
    let expression = try MetricExpressionParser.parse(text)
    let calls = try chain(&scanner)
    let window = try window(calls, scanner)
    let (comparison, threshold) = try comparison(&scanner)
    return .formula(.init(expression: expression, window: window), comparison, threshold)
  }

  // MARK: SLOs, composites and checks

  private static func objective(_ scanner: inout QueryScanner) throws(QueryError) -> DatadogMonitorQuery {
    let (name, arguments) = try call(&scanner)
    guard let slo = arguments.first, !slo.isEmpty else { throw scanner.error("\(name) needs the id of an SLO") }
    let calls = try chain(&scanner)
    func seconds(_ name: String) throws(QueryError) -> Int? {
      guard let text = calls.first(where: { $0.name == name })?.arguments.first else { return nil }
      guard let seconds = QueryTime.seconds(text) else { throw scanner.error("`\(text)` is no length of time in .\(name)") }
      return seconds
    }
    guard let period = try seconds("over") else { throw scanner.error("\(name) needs .over(\"30d\")") }
    let (long, short) = (try seconds("long_window"), try seconds("short_window"))
    if name == "burn_rate", long == nil { throw scanner.error("burn_rate needs .long_window(\"1h\") and .short_window(\"5m\")") }
    let (comparison, threshold) = try comparison(&scanner)
    return .objective(
      .init(isBurnRate: name == "burn_rate", slo: slo, period: period, longWindow: long, shortWindow: short), comparison,
      threshold)
  }

  /// `&&` binds closer than `||`. `$name` is a symbolic reference of ours.
  private static func composite(_ scanner: inout QueryScanner) throws(QueryError) -> CompositeExpression {
    let expression = try alternatives(&scanner)
    scanner.skipSpace()
    guard scanner.isAtEnd else {
      throw scanner.error("did not expect `\(scanner.rest)`; composites combine monitors with && and ||")
    }
    return expression
  }

  private static func alternatives(_ scanner: inout QueryScanner) throws(QueryError) -> CompositeExpression {
    var left = try conjunction(&scanner)
    while true {
      scanner.skipSpace()
      guard scanner.take("||") else { return left }
      left = .or(left, try conjunction(&scanner))
    }
  }

  private static func conjunction(_ scanner: inout QueryScanner) throws(QueryError) -> CompositeExpression {
    var left = try part(&scanner)
    while true {
      scanner.skipSpace()
      guard scanner.take("&&") else { return left }
      left = .and(left, try part(&scanner))
    }
  }

  private static func part(_ scanner: inout QueryScanner) throws(QueryError) -> CompositeExpression {
    try scanner.enter()
    defer { scanner.leave() }
    scanner.skipSpace()
    if scanner.take("!") { return .not(try part(&scanner)) }
    if scanner.take("(") {
      let inner = try alternatives(&scanner)
      try scanner.expect(")", "to close the bracket")
      return inner
    }
    let name = scanner.take { $0 == "$" || QueryScanner.isNamePart($0) || $0 == "-" || $0 == "/" }
    guard !name.isEmpty else { throw scanner.error("expected the number of a monitor, found `\(scanner.rest)`") }
    return .monitor(name)
  }

  private static func serviceCheck(_ scanner: inout QueryScanner) throws(QueryError) -> DatadogMonitorQuery {
    let name = try scanner.quoted() ?? ""
    let calls = try chain(&scanner)
    scanner.skipSpace()
    // The share of a cluster may be compared here or in the options.
    if calls.contains(where: { $0.name == "pct_by_status" }), !scanner.isAtEnd { _ = try comparison(&scanner) }
    guard scanner.isAtEnd else { throw scanner.error("did not expect `\(scanner.rest)` after a service check") }
    guard let over = calls.first(where: { $0.name == "over" })?.arguments else {
      throw scanner.error("a service check needs .over(\"TAG\") or .over(\"*\")")
    }
    guard let text = calls.first(where: { $0.name == "last" })?.arguments.first, let last = Int(text), last > 0 else {
      throw scanner.error("a service check needs .last(N) with N of at least 1")
    }
    guard calls.contains(where: { $0.name == "count_by_status" || $0.name == "pct_by_status" }) else {
      throw scanner.error("a service check ends with .count_by_status()")
    }
    return .serviceCheck(name: name, over: over, last: last)
  }
}
