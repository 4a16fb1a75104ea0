// Reads the YAML file section by section; every section records its own problems, and the whole is refused when there is one.

import Foundation
import Gateway
import Providers
import StrictYAML

extension CommanderConfiguration {
  /// Reads a configuration file. Throws every problem of it at once.
  /// - Parameter secrets: those that are read; with others than all of them it is not one to serve from.
  package static func load(
    path: String, secrets: SecretNeed = .all, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) -> CommanderConfiguration {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ConfigurationError(problems: [
        Problem(
          file: path, line: 0, column: 0,
          message: "no such file; write one (Examples/commander.yaml is a start) or name another with --config")
      ])
    }
    return try parse(String(decoding: data, as: UTF8.self), file: path, secrets: secrets, environment: environment)
  }

  package static func parse(
    _ text: String, file: String, secrets: SecretNeed = .all, environment: [String: String]
  ) throws(ConfigurationError) -> CommanderConfiguration {
    let problems = ProblemList()
    var configuration = CommanderConfiguration()
    if let root = YAMLValue.parse(text, file: file, problems: problems)?.mapping(sections) {
      let reader = ConfigurationReader(
        environment: environment, problems: problems, secretPaths: secrets.paths(in: root))
      reader.read(root, into: &configuration)
      configuration.sectionTexts = Dictionary(
        uniqueKeysWithValues: sections.compactMap { name in root[name].map { (name, $0.text) } })
    }
    try problems.throwIfAny()
    return configuration
  }

  static let sections = [
    "service", "env", "version", "store", "retention", "capture", "gateway", "console", "keys", "providers", "routes", "prompts",
    "packs", "slos", "monitors", "overrides", "dashboards", "playbooks",
    "incidents", "datadog", "notifications", "budgets", "logs", "prices", "opentelemetry", "cardinality", "shift",
    "capture_secret", "capture_retention", "judge",
  ]
}

struct ConfigurationReader {
  let environment: [String: String]
  /// Where problems of files that this one includes go.
  var problems = ProblemList()
  /// Where the secrets stand that are read; `nil` for all of them.
  var secretPaths: [String]?

  func read(_ root: YAMLMapping, into configuration: inout CommanderConfiguration) {
    if let service = root["service"]?.string() { configuration.service = service }
    if let env = root["env"]?.string() { configuration.env = env }
    if let version = root["version"]?.string() { configuration.version = version }
    if let store = root["store"], let path = store.string() {
      configuration.store = path
      configuration.places["store"] = store.place
    }
    if let retention = root["retention"]?.duration() { configuration.retention = retention }
    readGateway(root["gateway"], into: &configuration)
    readConsole(root["console"], into: &configuration)
    configuration.playbooks = readPlaybooks(root["playbooks"])
    configuration.pack = readPack(root)
    readPrompts(root["prompts"], into: &configuration)
    configuration.keys = readKeys(root.required("keys", "a list of virtual keys; make one with `commander key create`"))
    readProviders(
      root.required("providers", "a list of upstreams such as {name: vertex, protocol: vertex, base_url: …}"),
      into: &configuration)
    readCapture(root, into: &configuration)
    configuration.cardinality = readCardinality(root["cardinality"])
    configuration.shift = readShift(root["shift"])
    configuration.routes = readRoutes(
      root.required("routes", "a list such as {name: answers, models: [gemini-*], provider: vertex}"),
      providers: configuration.providers,
      declared: root["providers"]?.declared("name") ?? [], capture: configuration.capture)
    configuration.places["routes"] = root["routes"]?.place
    configuration.budgets = readBudgets(root["budgets"], keys: root["keys"]?.declared("name") ?? [])
    configuration.judge = readJudge(root, configuration)
    if let logs = root["logs"]?.mapping(["spans"]), let spans = logs["spans"]?.choice(SpanLogs.self) {
      configuration.logsSpans = spans == .stdout
    }
    configuration.prices = readPrices(root["prices"])
    readIncidents(root["incidents"], into: &configuration)
    readDatadog(root["datadog"], into: &configuration)
    readOpenTelemetry(root["opentelemetry"], into: &configuration)
    configuration.notifications = readNotifications(root["notifications"], datadog: configuration.datadog)
    noteEffectless(root, in: &configuration)
  }

  private enum SpanLogs: String, CaseIterable { case off, stdout }

  private func readGateway(_ value: YAMLValue?, into configuration: inout CommanderConfiguration) {
    guard let gateway = value?.mapping(["listen", "limits"]) else { return }
    if let listen = gateway["listen"], let address = listen.listenAddress() {
      configuration.gatewayListen = address
      configuration.places["gateway.listen"] = listen.place
    }
    guard
      let limits = gateway["limits"]?.mapping([
        "request_body_bytes", "scoring_bytes", "capture_bytes", "connect_timeout", "first_byte_timeout", "idle_timeout",
        "total_timeout",
        "client_idle_timeout", "answer_cache_bytes",
      ])
    else { return }
    if let bytes = limits["request_body_bytes"]?.integer(1024...1 << 30) { configuration.limits.requestBodyBytes = bytes }
    if let bytes = limits["scoring_bytes"]?.integer(0...1 << 24) { configuration.limits.scoringBytes = bytes }
    if let bytes = limits["capture_bytes"]?.integer(0...1 << 24) { configuration.limits.captureBytes = bytes }
    if let bytes = limits["answer_cache_bytes"]?.integer(1 << 20...1 << 34) { configuration.limits.answerCacheBytes = bytes }
    if let timeout = limits["connect_timeout"]?.duration() { configuration.limits.connectTimeout = timeout }
    if let timeout = limits["first_byte_timeout"]?.duration() { configuration.limits.firstByteTimeout = timeout }
    if let timeout = limits["idle_timeout"]?.duration() { configuration.limits.idleTimeout = timeout }
    if let timeout = limits["total_timeout"]?.duration() { configuration.limits.totalTimeout = timeout }
    if let timeout = limits["client_idle_timeout"]?.duration() { configuration.limits.clientIdleTimeout = timeout }
  }

  private func readConsole(_ value: YAMLValue?, into configuration: inout CommanderConfiguration) {
    guard let console = value?.mapping(["listen", "hosts"]) else { return }
    if let listen = console["listen"], let address = listen.listenAddress() {
      configuration.consoleListen = address
      configuration.places["console.listen"] = listen.place
      if !address.isLoopback {
        listen.problem(
          "the console has no sign-in, so it listens on this machine only: use 127.0.0.1 and a proxy that authenticates")
      }
    }
    if let hosts = console["hosts"]?.strings() { configuration.consoleHosts = hosts }
  }

  /// Records a problem for each name that stands twice in a list.
  func checkUnique(_ names: [(name: String, value: YAMLValue)], _ what: String) {
    var seen: Set<String> = []
    for (name, value) in names where !seen.insert(name).inserted {
      value.problem("\(what) \"\(name)\" is defined twice; names are unique")
    }
  }
}
