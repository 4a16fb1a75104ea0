// The whole configuration of one commander, read from one YAML file and the environment, complete or refused.

import Budgets
import Detection
import Gateway
import GoogleCredentials
import LLMMetrics
import LLMTelemetry
import Monitors
import Pricing
import Redaction
import Remediation
import SemanticRisk
import StrictYAML

package struct CommanderConfiguration: Sendable {
  package var service = "llm-gateway"
  package var env = "production"
  /// The version of the applications behind the gateway, when they do not name their own.
  package var version: String?
  /// Folder of the embedded store; made when it is missing.
  package var store = "commander-data"
  /// How long spans and rollups are kept.
  package var retention: Duration = .seconds(14 * 86_400)
  /// What becomes of the text of requests and answers behind the redaction stage, by route.
  package var capture = CapturePolicy()
  /// Keys the hashes of captured texts; `nil` for a key that ends with the process.
  package var captureSecret: String?
  /// How long captured content is kept; no longer than spans.
  package var captureRetention: Duration = .seconds(3 * 86_400)
  package var cardinality = CardinalitySettings()
  package var shift = ShiftStreams.Settings()
  package var gatewayListen = ListenAddress(host: "127.0.0.1", port: 8080)
  package var limits = GatewayLimits()
  package var consoleListen = ListenAddress(host: "127.0.0.1", port: 8090)
  /// Host names beside the listen address under which the console may be reached.
  package var consoleHosts: [String] = []
  package var keys: [VirtualKey] = []
  package var providers: [Provider] = []
  /// Providers whose credential is in a file, by name: such a file may be renewed while the commander runs.
  package var credentialFiles: [String: SecretSource] = [:]
  /// Providers whose credential is Google's, by name: their tokens are renewed while the commander runs.
  package var googleCredentials: [String: GoogleSource] = [:]
  package var routes: [Route] = []
  package var budgets: [Budget] = []
  /// `nil` for none, which is the default.
  package var judge: JudgeSettings?
  package var prices = PriceBook.builtIn
  package var prompts: [ManagedPrompt] = []
  /// By prompt: the replay that a version has to pass before users get it.
  package var replayRequirements: [String: ReplayRequirement] = [:]
  /// Monitors, objectives and dashboards: the file's own over those of the packs it names.
  package var pack = MonitorPack(monitors: [])
  package var playbooks: [Playbook] = []
  package var detection = DetectionSettings()
  package var quietPeriod: Duration = .seconds(300)
  /// How long after its end the same failure reopens an incident; zero opens a new one that names the old.
  package var reopenWithin: Duration = .zero
  /// Write one JSON line for each exchange to standard output.
  package var logsSpans = false
  package var datadog = DatadogSettings()
  package var openTelemetry = OpenTelemetrySettings()
  package var notifications = NotificationSettings()
  /// Where settings stand whose mistakes show only when they are used: an address that is taken, a folder that cannot be made.
  package var places: [String: Problem] = [:]

  /// The file's sections as they are written, without comments: what tells whether one differs.
  package var sectionTexts: [String: String] = [:]
  /// Settings without effect, at their places; no reason not to start.
  package var warnings: [Problem] = []

  package init() {}

  /// Everything that is evaluated: the pack's monitors and the burn rates of its objectives.
  package var monitors: [MonitorDefinition] { pack.allMonitors.map(\.definition) }

  /// The problem of a setting at its place in the file, or at its default.
  func problem(_ setting: String, _ message: String) -> Problem {
    let place = places[setting]
    return Problem(
      file: place?.file ?? "defaults", line: place?.line ?? 0, column: place?.column ?? 0, message: "`\(setting)`: \(message)")
  }

  /// Names of the budgets that only the judge spends.
  var judgeBudgets: Set<String> {
    guard let key = judge?.key else { return [] }
    return Set(budgets.filter { $0.scope == .virtualKey(key) }.map(\.name))
  }

  /// Detection runs when a monitor listens to it.
  package var usesDetection: Bool {
    monitors.contains { if case .detection = $0.kind { true } else { false } }
  }

  /// So does the watch for population shifts.
  package var usesShift: Bool {
    monitors.contains { monitor in
      guard case .detection(let filter) = monitor.kind else { return false }
      return filter.signals.isEmpty || filter.signals.contains { DetectionFilter.shiftSignals.contains($0) }
    }
  }
}

package enum CommanderVersion {
  package static let current = "0.1.0"
}
