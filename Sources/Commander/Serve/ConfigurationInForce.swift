// The configuration as it is in force now: most of it is that of the start, some sections may be those of a file read later.

import Console
import Gateway
import LLMTelemetry
import Pricing
import StrictYAML
import Synchronization

final class ConfigurationInForce: Sendable {
  /// Sections that change without a restart; prices with the file they name.
  static let sections: Set<String> = ["keys", "routes", "budgets", "prices"]

  private struct State {
    var configuration: CommanderConfiguration
    var keys: [String: VirtualKey]
    var health: ConfigurationHealth
  }

  /// What the process began with: the other sections stay as they are here.
  let started: CommanderConfiguration
  private let state: Mutex<State>

  init(_ configuration: CommanderConfiguration, at now: Timestamp) {
    started = configuration
    state = Mutex(
      State(configuration: configuration, keys: configuration.keysByHash, health: ConfigurationHealth(readAt: now)))
  }

  var configuration: CommanderConfiguration { state.withLock { $0.configuration } }
  var prices: PriceBook { state.withLock { $0.configuration.prices } }
  var health: ConfigurationHealth { state.withLock { $0.health } }

  /// The key with this SHA-256.
  func key(_ sha256: String) -> VirtualKey? { state.withLock { $0.keys[sha256] } }

  func put(_ configuration: CommanderConfiguration, needsRestart: [String], at now: Timestamp) {
    let keys = configuration.keysByHash
    state.withLock {
      $0 = State(
        configuration: configuration, keys: keys, health: ConfigurationHealth(readAt: now, needsRestart: needsRestart))
    }
  }

  /// The one in force stays.
  func refuse(_ problems: [Problem], at now: Timestamp) {
    state.withLock {
      $0.health.refusedAt = now
      $0.health.problems = problems.map(\.description)
    }
  }
}

extension CommanderConfiguration {
  fileprivate var keysByHash: [String: VirtualKey] {
    Dictionary(keys.map { ($0.sha256, $0) }) { first, _ in first }
  }

  /// This one with the sections of `other` that change without a restart. Throws what cannot be so: a route to a provider that is
  /// not in force would lead nowhere.
  func taking(_ other: CommanderConfiguration) throws(ConfigurationError) -> CommanderConfiguration {
    let known = Set(providers.map(\.name))
    let problems = ProblemList()
    for route in other.routes {
      for name in Set((route.targets + route.fallbacks).map(\.provider)).subtracting(known).sorted() {
        problems.add(
          other.problem("routes", "route \"\(route.name)\" leads to the provider \"\(name)\", which is new: restart to have it"))
      }
    }
    try problems.throwIfAny()
    var taken = self
    (taken.keys, taken.routes, taken.budgets, taken.prices) = (other.keys, other.routes, other.budgets, other.prices)
    return taken
  }

  /// Sections in which `other` differs and that stay as they are until a restart.
  func sectionsNeedingRestart(against other: CommanderConfiguration) -> [String] {
    var names = Set(sectionTexts.keys).union(other.sectionTexts.keys).filter { sectionTexts[$0] != other.sectionTexts[$0] }
    // A pack is a file of its own.
    if pack != other.pack, names.isDisjoint(with: ["monitors", "slos", "dashboards", "overrides"]) { names.insert("packs") }
    return names.subtracting(ConfigurationInForce.sections).sorted()
  }

  /// What another configuration changes for requests, for the record of changes.
  func changes(to other: CommanderConfiguration, at: Timestamp) -> [ChangeEvent] {
    func change(_ kind: ChangeEvent.Kind, _ subject: String, _ from: String?, _ to: String?) -> ChangeEvent {
      ChangeEvent(at: at, kind: kind, subject: subject, from: from, to: to, author: PromptRegistry.configurationAuthor)
    }
    func differences<Value: Hashable>(
      _ before: [Value], _ after: [Value], _ name: (Value) -> String, _ words: (Value) -> String
    ) -> [(name: String, from: String?, to: String?)] {
      let old = Dictionary(before.map { (name($0), $0) }) { first, _ in first }
      let new = Dictionary(after.map { (name($0), $0) }) { first, _ in first }
      return Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }.map {
        ($0, old[$0].map(words), new[$0].map(words))
      }
    }
    var changes = differences(budgets, other.budgets, \.name) { "\($0.unit.text($0.limitAmount)) per \($0.period)" }
      .map { change(.config, "budget \($0.name)", $0.from, $0.to) }
    changes += differences(routes, other.routes, \.name) { $0.targets.map(\.provider).joined(separator: ", ") }
      .map { change(.route, $0.name, $0.from, $0.to) }
    let keyNames = (Set(keys.map(\.name)), Set(other.keys.map(\.name)))
    if keys != other.keys {
      let taken = keyNames.0.subtracting(keyNames.1).sorted().joined(separator: ", ")
      let added = keyNames.1.subtracting(keyNames.0).sorted().joined(separator: ", ")
      changes.append(change(.config, "keys", taken.isEmpty ? nil : taken, added.isEmpty ? nil : added))
    }
    if prices.version != other.prices.version { changes.append(change(.price, "prices", prices.version, other.prices.version)) }
    return changes
  }
}
