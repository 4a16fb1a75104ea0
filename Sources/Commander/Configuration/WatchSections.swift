// The sections that say what is watched, and who is told.

import Datadog
import Foundation
import LLMMetrics
import LLMTelemetry
import Monitors
import Notifications
import StrictYAML

extension ConfigurationReader {
  func readMonitors(_ value: YAMLValue?, playbooks: Set<String>) -> [MonitorDefinition] {
    var monitors: [MonitorDefinition] = []
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      guard let monitor = readMonitor(item, playbooks: playbooks) else { continue }
      names.append((monitor.name, item))
      monitors.append(monitor)
    }
    checkUnique(names, "monitor")
    return monitors
  }

  /// The verdict on each monitor of a file, whatever else is wrong with the file.
  func lintMonitors(_ root: YAMLMapping) -> [LintVerdict] {
    let playbooks = root["playbooks"]?.declared("name") ?? []
    return (root["monitors"]?.list() ?? []).enumerated().map { index, item in
      // Read by itself, so that its problems are its own.
      let problems = ProblemList()
      let monitor = readMonitor(item.recording(in: problems), playbooks: playbooks)
      var findings = problems.all.map {
        LintFinding("definition", .dead, at: "monitors[\(index)]", "line \($0.line): \($0.message)")
      }
      for diagnostic in monitor?.lint() ?? [] where diagnostic.weight == .warning {
        findings.append(LintFinding("definition", .warning, at: "monitors[\(index)].\(diagnostic.field)", diagnostic.message))
      }
      if let monitor, monitor.noData == .keep, monitor.threshold.comparison == .above {
        findings.append(
          LintFinding(
            "no_data", .warning, at: "monitors[\(index)].no_data", "keeps its state when the data stops; say no_data: ok or alert"
          ))
      }
      return LintVerdict(.monitor, name: monitor?.name ?? item.memberText("name") ?? "monitor \(index + 1)", findings: findings)
    }
  }

  private func readMonitor(_ item: YAMLValue, playbooks: Set<String>) -> MonitorDefinition? {
    let known = [
      "name", "title", "severity", "query", "window", "for", "above", "below", "recovery", "traffic_gate", "no_data", "playbooks",
      "group_by",
    ]
    guard let mapping = item.mapping(known) else { return nil }
    let name = mapping.required("name", "a word that alerts and pages show")?.string()
    let title = mapping.required("title", "what a person reads, for example \"Answers became slow\"")?.string()
    let severity = mapping.required("severity", "SEV-1 to SEV-4")?.choice(Severity.self)
    let window = mapping.required("window", "how much of the past one evaluation reads, for example 5m")?.duration()
    // A query that cannot be read must not hide what is wrong beside it: the rest is checked with a plain one in its place.
    var query = MonitorQuery(.value(.init(.sum, MetricCatalogue.requests)))
    if let value = mapping.required("query", "for example sum(llm.errors) / sum(llm.requests)"), let text = value.string() {
      do {
        query = try MonitorQuery(parsing: text)
      } catch {
        value.problem("query \(error)")
      }
    }
    let threshold = readThreshold(mapping)
    let names = mapping["playbooks"]?.list() ?? []
    for value in names {
      if let playbook = value.string(), !playbooks.contains(playbook) {
        value.problem(
          "there is no playbook \"\(playbook)\" under `playbooks`; known: \(playbooks.sorted().joined(separator: ", "))")
      }
    }
    guard let name, let title, let severity, let window, let threshold else { return nil }
    var monitor = MonitorDefinition(
      name: name, title: title, severity: severity, query: query, window: window, threshold: threshold)
    if let hold = mapping["for"]?.duration() { monitor.holdFor = hold }
    if let gate = mapping["traffic_gate"]?.integer(0...1_000_000_000) { monitor.trafficGate = Int64(gate) }
    if let policy = mapping["no_data"]?.choice(NoDataPolicy.self) { monitor.noData = policy }
    if let tags = mapping["group_by"]?.strings() { monitor.groupBy = tags }
    monitor.playbooks = names.compactMap { $0.string() }
    for diagnostic in monitor.lint() where diagnostic.weight == .error {
      let field = diagnostic.field == "critical" ? mapping["above"] ?? mapping["below"] : mapping[diagnostic.field]
      (field ?? item).problem(diagnostic.message)
    }
    return monitor
  }

  private func readThreshold(_ mapping: YAMLMapping) -> Threshold? {
    let recovery = mapping["recovery"]?.number()
    switch (mapping["above"], mapping["below"]) {
    case (let value?, nil): return value.number().map { Threshold(.above, critical: $0, recovery: recovery) }
    case (nil, let value?): return value.number().map { Threshold(.below, critical: $0, recovery: recovery) }
    default:
      mapping.value.problem("a monitor needs exactly one of `above` and `below`: the value beyond which it alerts")
      return nil
    }
  }

  func readWebhooks(_ value: YAMLValue?) -> [WebhookSettings] {
    guard let notifications = value?.mapping(["webhooks"]) else { return [] }
    var webhooks: [WebhookSettings] = []
    var names: [(String, YAMLValue)] = []
    for item in notifications["webhooks"]?.list() ?? [] {
      guard let webhook = item.mapping(["name", "url", "secret"]) else { continue }
      let name = webhook.required("name", "a word that the delivery log shows")?.string()
      let url = webhook.required("url", "an http:// or https:// address")
      let secret = webhook.required("secret", "{environment: NAME} with the whsec_… signing secret")
      let text = secret?.secret(environment: environment)?.value
      guard let name, let url, let address = url.string(), let secret, let text else { continue }
      names.append((name, item))
      if BaseURL(address) == nil {
        url.problem("`\(url.path)` must be http:// or https://, a host, and optionally a port and a path")
      }
      do throws(WebhookSecret.Malformed) {
        webhooks.append(WebhookSettings(name: name, url: address, secret: try WebhookSecret(text)))
      } catch {
        secret.problem("webhook \"\(name)\": \(error)")
      }
    }
    checkUnique(names, "webhook")
    return webhooks
  }
}
