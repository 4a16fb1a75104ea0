// What is told of a change or an incident, in the words a person reads; both roads to Datadog start from it.

import LLMTelemetry

/// An incident that was opened or resolved. Datadog knows nothing of our incident book: whoever has one writes this.
package struct IncidentReport: Hashable, Sendable {
  package enum Phase: String, CaseIterable, Sendable { case opened, resolved }
  package enum Severity: Int, CaseIterable, Sendable {
    case critical = 1, high, medium, low, informational
  }

  /// `INC-7`.
  package var identifier: String
  package var phase: Phase
  package var title: String
  package var severity: Severity
  package var at: Timestamp
  /// What a person should know: the impact, the suspected cause, the page to open.
  package var summary: String
  /// `name:value`.
  package var tags: [String]

  package init(
    identifier: String, phase: Phase, title: String, severity: Severity, at: Timestamp, summary: String, tags: [String] = []
  ) {
    self.identifier = identifier
    self.phase = phase
    self.title = title
    self.severity = severity
    self.at = at
    self.summary = summary
    self.tags = tags
  }
}

/// One event, for either road.
struct EventReport: Hashable, Sendable {
  /// Where version 2 of the events has fields of its own.
  enum Category: Hashable, Sendable {
    case change(ChangeEvent)
    case alert(IncidentReport)
  }

  /// Datadog's limits, in characters and in number.
  static let titleLimit = 500
  static let messageLimit = 4000
  static let tagLimit = 100
  static let keyLimit = 100

  let title: String
  let message: String
  let tags: [String]
  /// Events with one key are shown as one.
  let aggregationKey: String
  let at: Timestamp
  let category: Category

  /// - Parameter constantTags: for example `service:shop`; those the event has itself are left out.
  init(_ change: ChangeEvent, constantTags: [String]) {
    let what = Self.words(change)
    title = Self.cut("\(what.noun) \(what.subject)\(what.step)", Self.titleLimit)
    var message = "\(what.noun) `\(what.subject)` was changed"
    if let from = change.from { message += " from `\(from)`" }
    if let to = change.to { message += " to `\(to)`" }
    if let author = change.author { message += " by \(author)" }
    self.message = Self.cut(message + ".", Self.messageLimit)
    var own = ["change_kind:\(change.kind.rawValue)", "subject:\(change.subject)"]
    if let prompt = change.promptSubject?.prompt { own.append("prompt:\(prompt)") }
    if let version = change.promptVersion { own.append("prompt_version:\(version)") }
    if let author = change.author { own.append("author:\(author)") }
    tags = Self.tags(own, constantTags)
    aggregationKey = Self.cut("\(change.kind.rawValue):\(change.subject)", Self.keyLimit)
    at = change.at
    category = .change(change)
  }

  init(_ incident: IncidentReport, constantTags: [String]) {
    title = Self.cut("\(incident.identifier) \(incident.phase.rawValue): \(incident.title)", Self.titleLimit)
    message = Self.cut(incident.summary.isEmpty ? incident.title : incident.summary, Self.messageLimit)
    tags = Self.tags(
      ["incident:\(incident.identifier)", "severity:\(incident.severity)", "phase:\(incident.phase.rawValue)"] + incident.tags,
      constantTags)
    aggregationKey = Self.cut(incident.identifier, Self.keyLimit)
    at = incident.at
    category = .alert(incident)
  }

  private static func words(_ change: ChangeEvent) -> (noun: String, subject: String, step: String) {
    let noun =
      switch change.kind {
      case .promptVersion: "Prompt"
      case .model: "Model"
      case .route: "Route"
      case .config: "Configuration"
      case .deploy: "Deployment"
      case .price: "Price"
      case .index: "Index"
      case .providerStatus: "Provider"
      case .override: "Override"
      }
    let step =
      switch (change.from, change.to) {
      case (let from?, let to?): ": \(from) → \(to)"
      case (nil, let to?): ": \(to)"
      case (let from?, nil): ": \(from) ended"
      case (nil, nil): " changed"
      }
    return (noun, change.subject, step)
  }

  private static func tags(_ own: [String], _ constantTags: [String]) -> [String] {
    let names = Set(own.map { $0.prefix { $0 != ":" } })
    let all = own + constantTags.filter { !names.contains($0.prefix { $0 != ":" }) }
    var seen: Set<String> = []
    return Array(all.map { IntakeTag.normalized($0) }.filter { !$0.isEmpty && seen.insert($0).inserted }.prefix(tagLimit))
  }

  /// Characters as Unicode counts them, so that the limit holds however the receiver counts them but in bytes.
  static func cut(_ text: String, _ limit: Int) -> String {
    if text.unicodeScalars.count <= limit { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit - 1))) + "…"
  }
}
