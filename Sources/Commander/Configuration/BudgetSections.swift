// The section that says how much may be spent, by whom, in which time.

import Budgets
import LLMTelemetry
import StrictYAML

extension ConfigurationReader {
  /// - Parameter keys: all names under `keys`, those with mistakes too.
  func readBudgets(_ value: YAMLValue?, keys: Set<String>) -> [Budget] {
    var budgets: [Budget] = []
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      let known = ["name", "scope", "limit", "period", "cut_streams", "assumed_output_tokens", "unknown_price"]
      guard let mapping = item.mapping(known) else { continue }
      let name = mapping.required("name", "a word that refusals and pages show")?.string()
      let scope = mapping.required("scope", "one of {key: NAME}, {tenant: NAME}, {feature: NAME}; \"*\" is each of them")
        .flatMap { readScope($0, keys: keys) }
      let limit = mapping.required("limit", "one of {usd: 25}, {tokens: 2000000}, {requests: 1000}").flatMap(readLimit)
      let period = mapping.required("period", "hour, day, week, month, or {rolling: 1h}").flatMap(readPeriod)
      let cutsStreams = mapping["cut_streams"]?.boolean()
      let assumed = mapping["assumed_output_tokens"]?.integer(1...10_000_000)
      let unknownPrice = mapping["unknown_price"]?.choice(Budget.UnknownPrice.self)
      if let name { names.append((name, item)) }
      guard let name, let scope, let limit, let period else { continue }
      var budget = Budget(name: name, scope: scope, limit: limit, period: period)
      if let cutsStreams { budget.cutsStreams = cutsStreams }
      if let assumed { budget.assumedOutputTokens = assumed }
      if let unknownPrice { budget.unknownPrice = unknownPrice }
      if budget.unit != .money, let setting = mapping["unknown_price"] {
        setting.problem("`\(setting.path)` has no meaning for a limit of \(budget.unit.rawValue); remove it")
      }
      if budget.unit == .requests {
        for setting in [mapping["cut_streams"], mapping["assumed_output_tokens"]] {
          setting?.problem("`\(setting?.path ?? "")` has no meaning for a limit of requests; remove it")
        }
      }
      budgets.append(budget)
    }
    checkUnique(names, "budget")
    return budgets
  }

  private func readScope(_ value: YAMLValue, keys: Set<String>) -> Budget.Scope? {
    guard let (kind, member) = exactlyOne(of: Budget.Scope.Kind.self, value), let name = member.string() else { return nil }
    if kind == .virtualKey, name != "*", !keys.contains(name) {
      member.problem("there is no key \"\(name)\" under `keys`; known: \(keys.sorted().joined(separator: ", "))")
    }
    return Budget.Scope(kind, name)
  }

  private func readLimit(_ value: YAMLValue) -> Budget.Limit? {
    guard let (unit, member) = exactlyOne(of: Budget.Unit.self, value) else { return nil }
    switch unit {
    case .tokens: return member.integer(1...1_000_000_000_000_000).map { .tokens(Int64($0)) }
    case .requests: return member.integer(1...1_000_000_000_000).map { .requests(Int64($0)) }
    case .money:
      guard let text = member.string() else { return nil }
      // As written, never through a binary fraction.
      guard let amount = Nanodollars(decimalDollars: text), amount.count > 0, amount.count <= 1_000_000_000_000_000_000 else {
        member.problem(
          "`\(member.path)` must be dollars above 0 and at most 1000000000, such as 25 or 0.5, with at most nine decimals")
        return nil
      }
      return .money(amount)
    }
  }

  private func readPeriod(_ value: YAMLValue) -> Budget.Period? {
    if value.isMapping {
      guard let mapping = value.mapping(["rolling"]),
        let rolling = mapping.required("rolling", "how long, for example 1h"), let length = rolling.duration()
      else { return nil }
      guard length >= .seconds(1), length <= .seconds(366 * 86_400) else {
        rolling.problem("`\(rolling.path)` must be from 1s to 366d")
        return nil
      }
      return .rolling(length)
    }
    switch value.choice(CalendarPeriod.self) {
    case .hour: return .hour
    case .day: return .day
    case .week: return .week
    case .month: return .month
    case nil: return nil
    }
  }

  private enum CalendarPeriod: String, CaseIterable { case hour, day, week, month }

  /// The one member of a mapping that has exactly one of the choices.
  private func exactlyOne<Choice: RawRepresentable & CaseIterable>(
    of _: Choice.Type, _ value: YAMLValue
  ) -> (Choice, YAMLValue)? where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue)
    guard let mapping = value.mapping(names) else { return nil }
    let found = Choice.allCases.compactMap { choice in mapping[choice.rawValue].map { (choice, $0) } }
    guard found.count == 1 else {
      // A misspelt word has been named already, and is what is missing here.
      if found.count > 1 || value.isEmptyMapping {
        value.problem("`\(value.path)` needs exactly one of \(names.map { "`\($0)`" }.joined(separator: ", "))")
      }
      return nil
    }
    return found[0]
  }
}
