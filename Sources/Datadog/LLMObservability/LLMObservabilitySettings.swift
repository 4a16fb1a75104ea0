// What LLM Observability's events say that no span knows, and how much of them is kept.

import LLMTelemetry

package struct LLMObservabilitySettings: Sendable {
  /// The application that spans are shown under; `nil` takes the service of each span.
  package var mlApp: String?
  /// For spans without a service, environment or version of their own.
  package var service: String?
  package var env: String?
  package var version: String?
  /// The version of this program, which stands where an SDK names its own.
  package var tracerVersion = "llm-incident-commander"
  /// From which score on an answer failed by a scorer. A scorer without a threshold has a score and no verdict.
  package var failsFrom: [RiskScorer: Double] = [:]
  /// How long a span is held back for a parent that has not been seen. A call within a workflow ends before the workflow does.
  package var parentPatience: Duration = .seconds(30)
  /// An event larger than this loses its input and output. The intake of 2026 takes five times as much, older ones this.
  package var eventLimit = 1_000_000
  /// Datadog refuses what is older.
  package var oldest: Duration = .seconds(24 * 3600)

  package init() {}
}

/// Names of applications in the form that Datadog takes: lowercase, at most 193 characters, and no underscore at the end or after
/// another one.
enum ApplicationName {
  /// What the SDKs call an application without a name.
  static let unnamed = "unnamed-ml-app"

  static func normalised(_ name: String) -> String {
    var characters: [Character] = []
    for character in name.lowercased() {
      let isKept = character.isLetter || character.isNumber || "-:./".contains(character)
      if isKept {
        characters.append(character)
      } else if characters.last != "_" {
        characters.append("_")
      }
      // More than the limit, since what is at the beginning may still be cut off.
      if characters.count == 400 { break }
    }
    let first = characters.firstIndex { $0.isLetter } ?? characters.endIndex
    var kept = characters[first...].prefix(193)
    while kept.last == "_" { kept.removeLast() }
    return kept.isEmpty ? unnamed : String(kept)
  }
}

/// The names that were normalised lately: a handful of services name nearly all spans.
struct ApplicationNames {
  private let fixed: String?
  private let fallback: String
  private var known: [String: String] = [:]

  init(_ settings: LLMObservabilitySettings) {
    fixed = settings.mlApp.map(ApplicationName.normalised)
    fallback = settings.service.map(ApplicationName.normalised) ?? ApplicationName.unnamed
  }

  mutating func name(service: String?) -> String {
    if let fixed { return fixed }
    guard let service else { return fallback }
    if let name = known[service] { return name }
    if known.count >= 1000 { known.removeAll(keepingCapacity: true) }
    let name = ApplicationName.normalised(service)
    known[service] = name
    return name
  }
}
