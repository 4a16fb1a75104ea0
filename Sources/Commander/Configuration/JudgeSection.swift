// The section `judge`: refused as a whole when it could judge nothing, or spend without a limit.

import Budgets
import Gateway
import LLMTelemetry
import Redaction
import SemanticRisk
import StrictYAML

extension ConfigurationReader {
  /// Asked when keys, routes, capture and budgets have been read.
  func readJudge(_ root: YAMLMapping, _ configuration: CommanderConfiguration) -> JudgeSettings? {
    guard let value = root["judge"],
      let section = value.mapping(["model", "key", "secret", "share", "per_minute", "scorers"])
    else { return nil }
    let model = section.required("model", "what the judge is, as a route of this gateway serves it")
    let key = section.required("key", "the name of one of `keys`, for the judge alone")
    let secret = section.required("secret", "that key itself: {environment: NAME} or {file: PATH}")
    let name = key?.string()
    let found = secret?.secret(environment: environment)?.value
    // What depends on a section with mistakes of its own is not reported a second time.
    if root["routes"]?.elements.count == configuration.routes.count {
      checkModel(model, configuration.routes)
      let captures = configuration.routes.map { configuration.capture.capture(route: $0.name) }
      if !captures.contains(.redacted), !captures.contains(.full) {
        value.problem(
          "`judge` would see no text, since no route captures any that can be read: set `capture: redacted`, there or on a route")
      }
    }
    if let key, let name {
      let keys = root["keys"]?.declared("name") ?? []
      checkKey(key, name, declared: keys)
      if let secret, let found { checkSecret(secret, found, of: name, configuration.keys) }
      if keys.contains(name), (root["budgets"]?.elements.count ?? 0) == configuration.budgets.count {
        checkBudget(value, name, configuration.budgets)
      }
    }
    let share = readShare(section["share"])
    let perMinute = section["per_minute"].map { $0.integer(1...600) } ?? 10
    let scorers = readScorers(section["scorers"])
    guard let model = model?.string(), let name, let found, let share,
      let perMinute, let scorers
    else { return nil }
    return JudgeSettings(
      model: model, key: name, secret: found, sample: JudgeSample(share: share), perMinute: perMinute, scorers: scorers)
  }

  private func checkModel(_ value: YAMLValue?, _ routes: [Route]) {
    guard let value, let model = value.string() else { return }
    if !routes.contains(where: { Route.matches($0.models, model: model) }) {
      value.problem("no route serves the model \"\(model)\": name one that a route has, or add it to `routes`")
    }
  }

  private func checkKey(_ value: YAMLValue, _ name: String, declared keys: Set<String>) {
    guard !keys.contains(name) else { return }
    let known = keys.isEmpty ? "none is there" : "known: \(keys.sorted().joined(separator: ", "))"
    value.problem("there is no key \"\(name)\" under `keys`; \(known). Make one with `commander key create \(name)`")
  }

  private func checkSecret(_ value: YAMLValue, _ secret: String, of name: String, _ keys: [VirtualKey]) {
    guard let key = keys.first(where: { $0.name == name }), VirtualKeyHash.sha256(of: secret) != key.sha256 else { return }
    value.problem(
      "`\(value.path)` is not the key \"\(name)\": its SHA-256 is another than `keys` has for that name; use the key that `commander key create` printed with that hash"
    )
  }

  private func checkBudget(_ value: YAMLValue, _ key: String, _ budgets: [Budget]) {
    let hasBudget = budgets.contains { budget in
      budget.scope == .virtualKey(key) || budget.scope == .virtualKey("*")
    }
    if !hasBudget {
      value.problem(
        "the judge has no budget of its own: add one to `budgets`, such as {name: judge, scope: {key: \(key)}, limit: {usd: 1}, period: day}"
      )
    }
  }

  /// Above 0, at most 1; `nil` after a problem.
  private func readShare(_ value: YAMLValue?) -> Double? {
    guard let value else { return 0.01 }
    guard let share = value.number() else { return nil }
    guard share > 0, share <= 1 else {
      value.problem(
        "`\(value.path)` must be above 0 and at most 1, such as 0.05 for one answer in twenty; without a judge, remove `judge`")
      return nil
    }
    return share
  }

  private func readScorers(_ value: YAMLValue?) -> [RiskScorer]? {
    guard let value else { return [.ungrounded] }
    guard let list = value.list() else { return nil }
    var scorers: [RiskScorer] = []
    var isRight = true
    for item in list {
      guard let name = item.string() else {
        isRight = false
        continue
      }
      guard let scorer = JudgeQuestion.scorers.first(where: { $0.rawValue == name }) else {
        item.problem(
          "the judge has no question for \"\(name)\"; it has for \(JudgeQuestion.scorers.map(\.rawValue).joined(separator: ", "))"
        )
        isRight = false
        continue
      }
      if scorers.contains(scorer) {
        item.problem("\"\(name)\" stands there twice; each call costs money, so remove one")
        isRight = false
      } else {
        scorers.append(scorer)
      }
    }
    if list.isEmpty {
      value.problem("`\(value.path)` is empty: name one of \(JudgeQuestion.scorers.map(\.rawValue).joined(separator: ", "))")
      isRight = false
    }
    return isRight ? scorers : nil
  }
}
