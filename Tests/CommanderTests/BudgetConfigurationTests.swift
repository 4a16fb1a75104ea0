// The `budgets` section: what is right is read exactly, and every mistake is named at its place.

import Budgets
@testable import Commander
import LLMTelemetry
import StrictYAML
import Testing

@Suite struct BudgetConfigurationTests {
  private func read(_ text: String) -> (budgets: [Budget], problems: [String]) {
    let problems = ProblemList()
    let root = YAMLValue.parse(text, file: "c.yaml", problems: problems)?.mapping(["budgets"])
    let budgets = ConfigurationReader(environment: [:]).readBudgets(root?["budgets"], keys: ["web", "batch"])
    return (budgets, problems.all.map(\.description))
  }

  @Test func budgetsAreReadExactly() {
    let (budgets, problems) = read(
      """
      budgets:
        - {name: acme-daily, scope: {tenant: acme}, limit: {usd: 25.10}, period: day, cut_streams: true,
           assumed_output_tokens: 2048, unknown_price: admit}
        - {name: each-key, scope: {key: "*"}, limit: {requests: 1000}, period: {rolling: 1h}}
        - {name: search, scope: {feature: search}, limit: {tokens: 2000000}, period: month}
        - {name: web, scope: {key: web}, limit: {usd: "0.000000001"}, period: week}
      """)
    #expect(problems.isEmpty)
    #expect(
      budgets == [
        Budget(
          name: "acme-daily", scope: .tenant("acme"), limit: .money(Nanodollars(25_100_000_000)), period: .day,
          cutsStreams: true, assumedOutputTokens: 2048, unknownPrice: .admit),
        Budget(name: "each-key", scope: .virtualKey("*"), limit: .requests(1000), period: .rolling(.seconds(3600))),
        Budget(name: "search", scope: .feature("search"), limit: .tokens(2_000_000), period: .month),
        Budget(name: "web", scope: .virtualKey("web"), limit: .money(Nanodollars(1)), period: .week),
      ])
  }

  @Test(arguments: [
    ("{name: a, scope: {tenant: x}, limit: {usd: 1}, perod: day}", "unknown key `perod`; did you mean `period`?"),
    ("{name: a, scope: {tenant: x}, limit: {usd: 1}}", "needs `period`: hour, day, week, month, or {rolling: 1h}"),
    ("{name: a, scope: {tennant: x}, limit: {usd: 1}, period: day}", "unknown key `tennant`; did you mean `tenant`?"),
    ("{name: a, scope: {tenant: x, key: web}, limit: {usd: 1}, period: day}", "needs exactly one of `key`, `tenant`, `feature`"),
    ("{name: a, scope: {}, limit: {usd: 1}, period: day}", "needs exactly one of `key`, `tenant`, `feature`"),
    (
      "{name: a, scope: {key: nobody}, limit: {usd: 1}, period: day}",
      "there is no key \"nobody\" under `keys`; known: batch, web"
    ),
    (
      "{name: a, scope: {tenant: x}, limit: {usd: 1, tokens: 5}, period: day}", "needs exactly one of `usd`, `tokens`, `requests`"
    ),
    ("{name: a, scope: {tenant: x}, limit: {usd: 1e3}, period: day}", "must be dollars above 0"),
    ("{name: a, scope: {tenant: x}, limit: {usd: 0}, period: day}", "must be dollars above 0"),
    ("{name: a, scope: {tenant: x}, limit: {usd: -5}, period: day}", "must be dollars above 0"),
    ("{name: a, scope: {tenant: x}, limit: {tokens: 0}, period: day}", "must be a whole number from 1 to"),
    ("{name: a, scope: {tenant: x}, limit: {requests: 1.5}, period: day}", "must be a whole number from 1 to"),
    ("{name: a, scope: {tenant: x}, limit: {usd: 1}, period: year}", "must be one of hour, day, week, month"),
    ("{name: a, scope: {tenant: x}, limit: {usd: 1}, period: {rolling: 10ms}}", "must be from 1s to 366d"),
    ("{name: a, scope: {tenant: x}, limit: {usd: 1}, period: {roling: 1h}}", "did you mean `rolling`?"),
    ("{name: a, scope: {tenant: x}, limit: {requests: 1}, period: day, cut_streams: true}", "no meaning for a limit of requests"),
    ("{name: a, scope: {tenant: x}, limit: {tokens: 1}, period: day, unknown_price: admit}", "no meaning for a limit of tokens"),
    ("{name: a, scope: {tenant: x}, limit: {usd: 1}, period: day, unknown_price: deny}", "must be one of refuse, admit"),
  ])
  func mistakeIsNamedAtItsPlace(_ budget: String, _ message: String) {
    let (_, problems) = read("budgets:\n  - \(budget)\n")
    #expect(problems.contains { $0.hasPrefix("c.yaml:2:") && $0.contains(message) }, "\(problems)")
  }

  @Test func everyMistakeIsReportedAtOnce() {
    let (budgets, problems) = read(
      """
      budgets:
        - {name: a, scope: {tenant: x}, limit: {usd: 1}, period: day}
        - {name: a, scope: {key: nobody}, limit: {usd: x}, period: never}
      """)
    #expect(budgets.count == 1)
    #expect(problems.count == 4, "\(problems)")
    #expect(problems.allSatisfy { $0.hasPrefix("c.yaml:3:") })
  }
}
