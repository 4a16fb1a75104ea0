// The section `routes`: which models go to which targets, and what happens when these fail.

import Gateway
import Providers
import Redaction
import StrictYAML

extension ConfigurationReader {
  /// - Parameters:
  ///   - declared: all names under `providers`, those with mistakes too.
  ///   - capture: whose routes the gateway must keep texts for.
  func readRoutes(
    _ value: YAMLValue?, providers: [Provider], declared: Set<String>, capture: CapturePolicy
  ) -> [Route] {
    let known = RouteProviders(byName: Dictionary(providers.map { ($0.name, $0) }) { first, _ in first }, declared: declared)
    var routes: [Route] = []
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      guard
        let mapping = item.mapping([
          "name", "models", "provider", "targets", "fallbacks", "retries", "circuit", "timeouts", "on_client_disconnect",
          "cache", "capture",
        ])
      else { continue }
      let name = mapping.required("name", "a word that monitors and pages show")?.string()
      let models = mapping.required("models", "a list of model names; a trailing * matches any rest")?.strings()
      let targets = readTargets(mapping, known)
      let fallbacks = readFallbacks(mapping["fallbacks"], targets: targets ?? [], known)
      guard let name, let models, let targets else { continue }
      names.append((name, item))
      var route = Route(name: name, models: models, targets: targets, fallbacks: fallbacks)
      readFailureHandling(mapping, into: &route)
      route.cache = readCache(mapping["cache"])
      route.capturesContent = capture.capture(route: name) != .off
      routes.append(route)
    }
    checkUnique(names, "route")
    return routes
  }

  /// `provider`, for one target that is asked for whatever the client asks for, or `targets`.
  private func readTargets(_ route: YAMLMapping, _ known: RouteProviders) -> [RouteTarget]? {
    if let provider = route["provider"] {
      if let targets = route["targets"] { targets.problem("a route has `provider` or `targets`, not both: remove one") }
      return known.provider(provider).map { [RouteTarget(provider: $0.name)] }
    }
    guard route["targets"] != nil else {
      _ = route.required("provider", "the name of one of `providers`; or write a list of `targets`")
      return nil
    }
    guard let list = route["targets"]?.list() else { return nil }
    var targets: [RouteTarget] = []
    for item in list {
      guard let mapping = item.mapping(["provider", "model", "weight"]),
        let provider = mapping.required("provider", "the name of one of `providers`").flatMap(known.provider)
      else { continue }
      targets.append(
        RouteTarget(
          provider: provider.name, model: mapping["model"]?.string(), weight: mapping["weight"]?.integer(0...1_000_000) ?? 1))
    }
    if !list.isEmpty, targets.count == list.count, !targets.contains(where: { $0.weight > 0 }) {
      route["targets"]?.problem("no target has a weight above 0, so the route could serve nothing: raise one")
    }
    if list.isEmpty { route["targets"]?.problem("`targets` is empty: name at least one") }
    return targets.isEmpty ? nil : targets
  }

  private func readFallbacks(_ value: YAMLValue?, targets: [RouteTarget], _ known: RouteProviders) -> [RouteTarget] {
    guard let list = value?.list() else { return [] }
    let first = targets.first.flatMap { known.byName[$0.provider] }
    return list.compactMap { item in
      guard let mapping = item.mapping(["provider", "model", "automatic"]),
        let provider = mapping.required("provider", "the provider to fall back to").flatMap(known.provider),
        let model = mapping.required("model", "the model to fall back to")?.string()
      else { return nil }
      if provider.wireProtocol == .vertex, first?.wireProtocol != .vertex, provider.project == nil || provider.location == nil {
        item.problem(
          "provider \"\(provider.name)\" is asked by translation here, and its path needs `project` and `location`: set them on the provider"
        )
      }
      return RouteTarget(
        provider: provider.name, model: model, weight: 0, isAutomatic: mapping["automatic"]?.boolean() ?? true)
    }
  }

  private enum CacheUse: String, CaseIterable {
    case always
    case onOverride = "on_override"
  }

  private func readCache(_ value: YAMLValue?) -> RouteCache? {
    guard let cache = value?.mapping(["serves", "max_age"]) else { return nil }
    let maxAge = cache["max_age"].flatMap(readMaxAge)
    switch cache["serves"]?.choice(CacheUse.self) ?? .always {
    case .always: return .serve(maxAge: maxAge ?? .seconds(300))
    case .onOverride:
      cache["max_age"]?.problem(
        "with `serves: on_override` the override says how old an answer may be: remove `max_age`, and set it on the playbook")
      return .keep
    }
  }

  private func readFailureHandling(_ mapping: YAMLMapping, into route: inout Route) {
    if let retries = mapping["retries"]?.mapping(["attempts", "backoff", "longest_pause", "budget"]) {
      if let attempts = retries["attempts"]?.integer(0...10) { route.retry.attempts = attempts }
      if let backoff = retries["backoff"]?.duration() { route.retry.backoff = backoff }
      if let pause = retries["longest_pause"]?.duration() { route.retry.longestPause = pause }
      if let budget = retries["budget"]?.percent() { route.retry.budgetPercent = budget }
    }
    if let circuit = mapping["circuit"]?.mapping(["failures", "open_for"]) {
      if let failures = circuit["failures"]?.integer(0...10_000) { route.circuit.failures = failures }
      if let openFor = circuit["open_for"]?.duration() { route.circuit.openFor = openFor }
    }
    if let timeouts = mapping["timeouts"]?.mapping(["connect", "first_token", "idle", "total"]) {
      route.timeouts.connect = timeouts["connect"]?.duration()
      route.timeouts.firstToken = timeouts["first_token"]?.duration()
      route.timeouts.idle = timeouts["idle"]?.duration()
      route.timeouts.total = timeouts["total"]?.duration()
    }
    if let choice = mapping["on_client_disconnect"]?.choice(Route.ClientDisconnect.self) { route.onClientDisconnect = choice }
  }
}

/// The providers a route may name.
private struct RouteProviders {
  let byName: [String: Provider]
  let declared: Set<String>

  /// `nil` after a problem; a provider that has a mistake of its own is not reported a second time.
  func provider(_ value: YAMLValue) -> Provider? {
    guard let name = value.string() else { return nil }
    if !declared.contains(name) {
      value.problem("there is no provider \"\(name)\" under `providers`; known: \(declared.sorted().joined(separator: ", "))")
    }
    return byName[name]
  }
}
