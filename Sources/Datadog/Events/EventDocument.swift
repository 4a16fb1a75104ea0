// An event as a DogStatsD line, and as the body of Datadog's events of version 2.

import LLMTelemetry

extension EventReport {
  /// The form an Agent takes.
  var dogStatsD: DogStatsDEvent {
    let alertType: DogStatsDEvent.AlertType =
      switch category {
      case .change: .info
      case .alert(let incident) where incident.phase == .resolved: .success
      case .alert(let incident): incident.severity.rawValue <= IncidentReport.Severity.high.rawValue ? .error : .warning
      }
    return DogStatsDEvent(
      title: title, text: message, time: at, aggregationKey: aggregationKey, priority: .normal, alertType: alertType, tags: tags)
  }

  /// The body of one request. The intake refuses members it does not know.
  ///
  /// - Parameter service: what a change has its effect on; a resource of any other type is refused.
  func document(service: String?) -> [UInt8] {
    let attributes: String
    let word: String
    switch category {
    case .change(let change): (word, attributes) = ("change", Self.attributes(of: change, service: service))
    case .alert(let incident): (word, attributes) = ("alert", Self.attributes(of: incident))
    }
    let text = """
      {"data":{"type":"event","attributes":{"title":\(IntakeJSON.string(title)),"message":\(IntakeJSON.string(message)),\
      "category":"\(word)","integration_id":"custom-events","aggregation_key":\(IntakeJSON.string(aggregationKey)),\
      "timestamp":"\(at.rfc3339)","tags":\(IntakeJSON.array(tags)),"attributes":\(attributes)}}}
      """
    return Array(text.utf8)
  }

  private static func attributes(of change: ChangeEvent, service: String?) -> String {
    // The two types there are: a feature flag, and everything else.
    let name = cut(change.subject, titleLimit)
    var text = "{\"changed_resource\":{\"name\":\(IntakeJSON.string(name)),\"type\":\"configuration\"}"
    let author = change.author.map { cut($0, titleLimit) } ?? "commander"
    // Nobody's name means that no person did it.
    let isPerson = change.author != nil && author != "commander"
    text += ",\"author\":{\"name\":\(IntakeJSON.string(author)),\"type\":\"\(isPerson ? "user" : "system")\"}"
    text += ",\"change_metadata\":{\"kind\":\"\(change.kind.rawValue)\"}"
    if let service { text += ",\"impacted_resources\":[{\"name\":\(IntakeJSON.string(service)),\"type\":\"service\"}]" }
    if let from = change.from { text += ",\"prev_value\":{\"value\":\(IntakeJSON.string(cut(from, messageLimit)))}" }
    if let to = change.to { text += ",\"new_value\":{\"value\":\(IntakeJSON.string(cut(to, messageLimit)))}" }
    return text + "}"
  }

  private static func attributes(of incident: IncidentReport) -> String {
    let status =
      switch (incident.phase, incident.severity) {
      case (.resolved, _): "ok"
      case (.opened, .critical), (.opened, .high): "error"
      case (.opened, _): "warn"
      }
    return """
      {"status":"\(status)","priority":"\(incident.severity.rawValue)",\
      "custom":{"incident":\(IntakeJSON.string(incident.identifier)),"phase":"\(incident.phase.rawValue)"}}
      """
  }
}
