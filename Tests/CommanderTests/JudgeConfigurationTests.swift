// The `judge` section: what is right is read exactly, and what could judge nothing, or spend without a limit, stops the start.

import Gateway
import LLMTelemetry
import SemanticRisk
import StrictYAML
import Testing

@testable import Commander

@Suite struct JudgeConfigurationTests {
  private static let secret = VirtualKeyHash.makeKey()

  private func read(
    _ judge: String, capture: String = "redacted", budget: String = "{key: judge}", routes: String? = nil
  ) -> (settings: JudgeSettings?, problems: [String]) {
    let text = """
      keys: [{name: app, sha256: \(String(repeating: "0", count: 64))}, {name: judge, sha256: \(VirtualKeyHash.sha256(of: Self.secret))}]
      providers: [{name: openai, protocol: openai, base_url: "http://127.0.0.1:1"}]
      routes: \(routes ?? "[{name: chat, models: [gpt-*], provider: openai, capture: \(capture)}]")
      budgets: [{name: b, scope: \(budget), limit: {usd: 1}, period: day}]
      judge: \(judge)

      """
    do throws(ConfigurationError) {
      let configuration = try CommanderConfiguration.parse(
        text, file: "c.yaml", environment: ["JUDGE_KEY": Self.secret, "OTHER_KEY": "ck-of-somebody-else"])
      return (configuration.judge, [])
    } catch {
      return (nil, error.problems.map(\.description))
    }
  }

  @Test func aJudgeIsReadExactly() {
    let (settings, problems) = read(
      "{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}, share: 0.25, per_minute: 30, scorers: [refusal, ungrounded]}"
    )
    #expect(problems.isEmpty)
    #expect(
      settings
        == JudgeSettings(
          model: "gpt-4.1", key: "judge", secret: Self.secret, sample: JudgeSample(share: 0.25), perMinute: 30,
          scorers: [.refusal, .ungrounded]))
    let least = read("{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}}", capture: "full", budget: "{key: \"*\"}")
    #expect(least.settings?.sample == JudgeSample(share: 0.01) && least.settings?.perMinute == 10, "\(least.problems)")
    #expect(least.settings?.scorers == [.ungrounded])
  }

  @Test(arguments: [
    ("{key: judge, secret: {environment: JUDGE_KEY}}", "needs `model`: what the judge is"),
    ("{model: gpt-4.1, secret: {environment: JUDGE_KEY}}", "needs `key`: the name of one of `keys`"),
    ("{model: gpt-4.1, key: judge}", "needs `secret`: that key itself"),
    ("{model: gpt-4.1, key: judge, secret: ck-1234}", "must not be written here: use {environment: NAME}"),
    ("{model: gpt-4.1, key: judge, secret: {environment: NONE}}", "environment variable NONE is not set"),
    ("{model: gpt-4.1, key: judge, secret: {environment: OTHER_KEY}}", "`judge.secret` is not the key \"judge\": its SHA-256"),
    (
      "{model: gpt-4.1, key: juge, secret: {environment: JUDGE_KEY}}",
      "there is no key \"juge\" under `keys`; known: app, judge. Make one with `commander key create juge`"
    ),
    ("{model: claude-9, key: judge, secret: {environment: JUDGE_KEY}}", "no route serves the model \"claude-9\""),
    ("{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}, share: 0}", "must be above 0 and at most 1"),
    ("{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}, share: 5}", "must be above 0 and at most 1"),
    ("{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}, share: 5%}", "must be a number"),
    ("{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}, per_minute: 0}", "from 1 to 600"),
    ("{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}, scorers: []}", "is empty: name one of ungrounded, refusal"),
    (
      "{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}, scorers: [toxicity]}",
      "the judge has no question for \"toxicity\"; it has for ungrounded, refusal"
    ),
    ("{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}, scorers: [refusal, refusal]}", "stands there twice"),
    ("{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}, shar: 1}", "did you mean `share`?"),
  ])
  func aMistakeIsNamedAtItsPlace(judge: String, message: String) {
    let (_, problems) = read(judge)
    #expect(problems.count == 1 && problems[0].hasPrefix("c.yaml:5:") && problems[0].contains(message), "\(problems)")
    // Not even a wrong one is repeated.
    #expect(!problems.contains { $0.contains("ck-of") || $0.contains("ck-1234") || $0.contains(Self.secret) })
  }

  @Test func withoutTextsOrABudgetNothingIsStarted() {
    let right = "{model: gpt-4.1, key: judge, secret: {environment: JUDGE_KEY}}"
    for capture in ["off", "hashed"] {
      let (_, problems) = read(right, capture: capture)
      #expect(problems.count == 1 && problems[0].contains("set `capture: redacted`, there or on a route"), "\(problems)")
    }
    for budget in ["{key: app}", "{tenant: acme}"] {
      let (_, problems) = read(right, budget: budget)
      #expect(
        problems.count == 1
          && problems[0].contains(
            "add one to `budgets`, such as {name: judge, scope: {key: judge}, limit: {usd: 1}, period: day}"),
        "\(problems)")
    }
    // A route with a mistake is told once, and not as a route that is missing.
    let (_, problems) = read(right, routes: "[{name: chat, models: [gpt-*], provider: nobody}]")
    #expect(problems.count == 1 && problems[0].contains("there is no provider"), "\(problems)")
  }

  @Test func withoutTheSectionThereIsNoJudge() throws {
    let configuration = try CommanderConfiguration.parse(
      "keys: []\nproviders: []\nroutes: []\n", file: "c.yaml", environment: [:])
    #expect(configuration.judge == nil)
  }
}
