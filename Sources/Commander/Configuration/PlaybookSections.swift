// The sections that say what may be done about an incident: playbooks with their guardrails, and when incidents end.

import Foundation
import LLMTelemetry
import Monitors
import Remediation
import StrictYAML

extension ConfigurationReader {
  func readPlaybooks(_ value: YAMLValue?) -> [Playbook] {
    var playbooks: [Playbook] = []
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      guard
        let mapping = item.mapping([
          "name", "action", "mode", "modes", "steps", "verify_after", "give_up_after", "time_to_live", "cool_down", "approvers",
          "max_blast_radius", "requests_per_minute", "dollars_per_hour", "output_tokens", "tool", "retries", "kept_weight",
          "max_age", "runbook",
        ])
      else { continue }
      let name = mapping.required("name", "a word that monitors refer to")?.string()
      let actions = Playbook.Action.allCases.map(\.rawValue).joined(separator: ", ")
      let action = mapping.required("action", "one of \(actions)")?.choice(Playbook.Action.self)
      let mode = mapping.required("mode", "suggest, approve or auto")?.choice(Playbook.Mode.self)
      guard let name, let action, let mode else { continue }
      names.append((name, item))
      var playbook = Playbook(name: name, action: action, mode: mode)
      readTimes(mapping, into: &playbook)
      readGuardrails(mapping, into: &playbook)
      readParameters(mapping, into: &playbook)
      if playbook.giveUpAfter <= playbook.verifyAfter {
        item.problem(
          "playbook \"\(name)\" gives up after \(playbook.giveUpAfter) but verifies only after \(playbook.verifyAfter); give it longer"
        )
      }
      if playbook.timeToLive < playbook.giveUpAfter * playbook.steps.count {
        (mapping["time_to_live"] ?? item).problem(
          "playbook \"\(name)\" ends after \(playbook.timeToLive), before its \(playbook.steps.count) steps are judged, each for up to "
            + "\(playbook.giveUpAfter); give it longer")
      }
      playbooks.append(playbook)
    }
    checkUnique(names, "playbook")
    return playbooks
  }

  private func readTimes(_ mapping: YAMLMapping, into playbook: inout Playbook) {
    if let duration = mapping["verify_after"]?.duration() { playbook.verifyAfter = duration }
    if let duration = mapping["give_up_after"]?.duration() { playbook.giveUpAfter = duration }
    if let duration = mapping["time_to_live"]?.duration() { playbook.timeToLive = duration }
    if let duration = mapping["cool_down"]?.duration() { playbook.coolDown = duration }
  }

  private func readGuardrails(_ mapping: YAMLMapping, into playbook: inout Playbook) {
    for (name, value) in mapping["modes"]?.namedMembers() ?? [] {
      guard let severity = Severity(rawValue: name) else {
        value.problem("`modes` is by severity: SEV-1 to SEV-4, not \"\(name)\"")
        continue
      }
      if let mode = value.choice(Playbook.Mode.self) { playbook.modes[severity] = mode }
    }
    if let steps = mapping["steps"] {
      let shares = (steps.list() ?? []).compactMap { $0.percent() }
      if shares.isEmpty || shares != shares.sorted() || Set(shares).count != shares.count || shares.first == 0 {
        steps.problem("`\(steps.path)` must be growing shares above 0%, such as [10%, 50%, 100%]")
      } else {
        playbook.steps = shares.map { $0 * 10 }
        let isRefusal = [Playbook.Action.throttle, .budget, .routeClose, .tellPerson].contains(playbook.action)
        if isRefusal {
          steps.problem("a playbook with action \(playbook.action.rawValue) has no `steps`: it holds for all or for none")
        }
      }
    }
    if let approvers = mapping["approvers"]?.strings() { playbook.approvers = approvers }
    if let radius = mapping["max_blast_radius"]?.percent() { playbook.maximumBlastRadius = Double(radius) / 100 }
    if let runbook = mapping["runbook"]?.string() { playbook.runbook = runbook }
  }

  private func readParameters(_ mapping: YAMLMapping, into playbook: inout Playbook) {
    let owners: [(key: String, action: Playbook.Action, isRequired: Bool)] = [
      ("requests_per_minute", .throttle, false), ("dollars_per_hour", .budget, true), ("output_tokens", .outputCap, true),
      ("tool", .toolOff, true), ("retries", .retryLimit, false), ("kept_weight", .weightShift, false),
      ("max_age", .cacheOn, false),
    ]
    for owner in owners {
      if mapping[owner.key] == nil, owner.isRequired, playbook.action == owner.action {
        mapping.value.problem("a playbook with action \(owner.action.rawValue) needs `\(owner.key)`")
      }
      if let value = mapping[owner.key], playbook.action != owner.action {
        value.problem("`\(owner.key)` belongs to action \(owner.action.rawValue), not to \(playbook.action.rawValue)")
      }
    }
    if playbook.action == .tellPerson, mapping["runbook"] == nil {
      mapping.value.problem("a playbook with action tell_person needs `runbook`: an address, or what to do in a few words")
    }
    if let rate = mapping["requests_per_minute"]?.integer(1...1_000_000) { playbook.parameters.requestsPerMinute = rate }
    if let value = mapping["dollars_per_hour"], let dollars = value.number() {
      if dollars > 0, dollars <= 1_000_000 {
        playbook.parameters.dollarsPerHour = Nanodollars(Int64((dollars * 1e9).rounded()))
      } else {
        value.problem("`\(value.path)` must be more than 0 and at most 1000000 US dollars")
      }
    }
    if let tokens = mapping["output_tokens"]?.integer(1...1_000_000) { playbook.parameters.outputTokens = tokens }
    if let tool = mapping["tool"]?.string() { playbook.parameters.tool = tool }
    if let retries = mapping["retries"]?.integer(0...10) { playbook.parameters.retries = retries }
    if let age = mapping["max_age"].flatMap(readMaxAge) { playbook.parameters.maxAge = age }
    if let weight = mapping["kept_weight"]?.percent() {
      playbook.parameters.keptWeight = weight
      if weight == 100 { mapping["kept_weight"]?.problem("`kept_weight: 100%` would change nothing") }
    }
  }

  /// How old an answer may be that is given again, for a playbook or a route.
  func readMaxAge(_ value: YAMLValue) -> Duration? {
    guard let age = value.duration() else { return nil }
    if age >= .seconds(1), age <= .seconds(86_400) { return age }
    value.problem("`\(value.path)` must be from 1s to 1d: how old an answer may be that is given again")
    return nil
  }

  func readIncidents(_ value: YAMLValue?, into configuration: inout CommanderConfiguration) {
    guard let incidents = value?.mapping(["quiet_period", "reopen_within"]) else { return }
    if let period = incidents["quiet_period"]?.duration() { configuration.quietPeriod = period }
    if let period = incidents["reopen_within"]?.duration() { configuration.reopenWithin = period }
  }
}

extension CommanderConfiguration {
  package var commandSettings: CommandSettings {
    func vendor(_ name: String) -> String? { providers.first { $0.name == name }?.wireProtocol.providerName }
    return CommandSettings(
      fallbacks: routes.compactMap { route in
        guard let fallback = route.fallbacks.first, let model = fallback.model, let target = route.targets.first,
          let provider = vendor(target.provider)
        else { return nil }
        return RouteFallback(
          route: route.name, models: route.models, provider: provider, toProvider: fallback.provider,
          toModel: model, leavesProvider: !route.targets.contains { $0.provider == fallback.provider })
      },
      shares: routes.flatMap { route in
        route.targets.compactMap { target in
          vendor(target.provider).map {
            RouteShare(
              route: route.name, providerName: target.provider, provider: $0, model: target.model, weight: target.weight,
              retries: route.retry.attempts)
          }
        }
      },
      quietPeriod: quietPeriod,
      objectives: Dictionary(pack.objectives.map { ($0.name, $0) }) { first, _ in first }, reopenWithin: reopenWithin)
  }
}
