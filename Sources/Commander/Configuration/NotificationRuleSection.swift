// The list `notifications.rules`: who is told what and when, the first rule that fits deciding.

import Foundation
import Monitors
import Notifications
import StrictYAML

extension ConfigurationReader {
  func readNotificationRules(_ value: YAMLValue?, receivers: Set<String>) -> [NotificationRule] {
    var rules: [NotificationRule] = []
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      let known = ["name", "receivers", "events", "severities", "tenants", "routes", "hours", "outside_hours", "then"]
      guard let mapping = item.mapping(known) else { continue }
      guard let name = mapping.required("name", "a word for this rule")?.string() else { continue }
      names.append((name, item))
      var rule = NotificationRule(name: name)
      for receiver in mapping["receivers"]?.list() ?? [] {
        guard let text = receiver.string() else { continue }
        if !receivers.contains(text) {
          receiver.problem(
            "there is no receiver \"\(text)\" under `notifications`; known: \(receivers.sorted().joined(separator: ", "))")
        }
        rule.receivers.insert(text)
      }
      rule.events = Set((mapping["events"]?.list() ?? []).compactMap { $0.choice(NotificationEvent.self) })
      rule.severities = Set((mapping["severities"]?.list() ?? []).compactMap { $0.choice(Severity.self) })
      rule.tenants = mapping["tenants"]?.strings() ?? []
      rule.routes = mapping["routes"]?.strings() ?? []
      rule.then = mapping["then"]?.choice(NotificationRule.Then.self) ?? .tell
      for key in ["receivers", "events", "severities", "tenants", "routes"] where mapping[key]?.list()?.isEmpty == true {
        mapping[key]?.problem("`\(item.path).\(key)` is empty and would match nothing; leave it out to match everything")
      }
      switch (mapping["hours"], mapping["outside_hours"]) {
      case (nil, nil): break
      case (let hours?, nil): rule.when = readHours(hours).map { .within($0) }
      case (nil, let hours?): rule.when = readHours(hours).map { .outside($0) }
      case (_?, let hours?): hours.problem("rule \"\(name)\" has both `hours` and `outside_hours`; keep one")
      }
      checkHold(rule, mapping)
      rules.append(rule)
    }
    checkUnique(names, "rule")
    return rules
  }

  /// What is held has to be released some time.
  private func checkHold(_ rule: NotificationRule, _ mapping: YAMLMapping) {
    guard rule.then == .hold else { return }
    guard let hours = mapping["hours"] else {
      mapping["then"]?.problem(
        "rule \"\(rule.name)\" holds but has no `hours`: say during which hours, at their end a digest is sent")
      return
    }
    if case .within(let when) = rule.when, when.isAlways {
      hours.problem("rule \"\(rule.name)\" holds all week and would never release; use `then: ignore`, or hours that end")
    }
  }

  private func readHours(_ value: YAMLValue) -> BusinessHours? {
    guard let mapping = value.mapping(["days", "from", "to", "zone"]) else { return nil }
    let days =
      mapping["days"].map { $0.list()?.compactMap { $0.choice(BusinessHours.Day.self) } ?? [] } ?? BusinessHours.Day.allCases
    let from = mapping.required("from", "a time of day such as \"09:00\"").flatMap { readTimeOfDay($0, 0...1_439) }
    let to = mapping.required("to", "a time of day such as \"17:30\"; at or before `from` it is the next day's")
      .flatMap { readTimeOfDay($0, 1...1_440) }
    let zone = mapping.required("zone", "a time zone such as Europe/Berlin or UTC")
    guard let zone, let name = zone.string() else { return nil }
    // An abbreviation such as CET has no summer time, and people mean that it has.
    guard let timeZone = TimeZone(identifier: name), name == "UTC" || name.contains("/") else {
      zone.problem("there is no time zone \"\(name)\"; use a name such as Europe/Berlin, America/New_York or UTC")
      return nil
    }
    if days.isEmpty {
      mapping["days"]?.problem("`\(value.path).days` must name at least one of mon, tue, wed, thu, fri, sat, sun")
    }
    guard let from, let to, !days.isEmpty else { return nil }
    return BusinessHours(days: Set(days), from: from, to: to, zone: timeZone)
  }

  private func readTimeOfDay(_ value: YAMLValue, _ range: ClosedRange<Int>) -> Int? {
    guard let text = value.string() else { return nil }
    guard let match = text.wholeMatch(of: /(\d\d):(\d\d)/), let hour = Int(match.1), let minute = Int(match.2), minute < 60,
      range.contains(hour * 60 + minute)
    else {
      value.problem("`\(value.path)` must be a time of day in quotes, such as \"09:00\"; the end of a day is \"24:00\"")
      return nil
    }
    return hour * 60 + minute
  }
}
