// `prompts[].require_replay`: the regression set that a version has to pass before users get it.

import Foundation
import LLMTelemetry
import Remediation
import SemanticRisk
import StrictYAML

extension ConfigurationReader {
  func readReplayRequirement(_ value: YAMLValue?) -> ReplayRequirement? {
    guard let value, let mapping = value.mapping(["set", "at_most", "within", "allow", "ignore", "override"]) else { return nil }
    guard let item = mapping.required("set", "a file that `commander incident freeze` wrote"), let file = item.string() else {
      return nil
    }
    // What the file holds is what is asked for: another set under the same name is another question.
    guard let data = FileManager.default.contents(atPath: file) else {
      item.problem("\(file) cannot be read; `commander incident freeze` writes such a file")
      return nil
    }
    var requirement = ReplayRequirement(file: file, set: RegressionSet.digest(of: data))
    if let share = mapping["at_most"], let number = share.number() {
      if !(0...1).contains(number) { share.problem("`\(share.path)` is a share of bad answers from 0 to 1, such as 0.05") }
      requirement.mostBad = number
    }
    if let within = mapping["within"]?.duration() { requirement.within = within }
    if let allow = mapping["allow"]?.integer(0...1_000) { requirement.allowance = allow }
    for name in mapping["ignore"]?.strings() ?? [] {
      if RiskScorer(rawValue: name).map(ReplayReport.answerScorers.contains) != true {
        let known = ReplayReport.answerScorers.map(\.rawValue).joined(separator: ", ")
        mapping["ignore"]?.problem("\"\(name)\" judges no answer; those that do are \(known)")
      }
      requirement.ignored.insert(name)
    }
    if let override = mapping["override"]?.choice(ReplayOverrideRule.self) { requirement.mayOverride = override == .with_reason }
    return requirement
  }

  private enum ReplayOverrideRule: String, CaseIterable { case with_reason, never }
}
